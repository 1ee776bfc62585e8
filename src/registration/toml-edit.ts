/** TOML settings found and changed in their text; comments, order, indentation and line ends stay as they are. */
import type { AST } from 'toml-eslint-parser'
import {
  type ArrayPlace,
  type Fault,
  type Format,
  type Found,
  indentOf,
  lineEndOf,
  memberAt,
  splice,
} from './text-edit.ts'
import {
  parseToml,
  samePath,
  spanOfNode,
  startsWith,
  type TomlDocument,
  type TomlEntry,
  type TomlSection,
} from './toml-text.ts'

type Path = readonly string[]

const nothing: TomlDocument = { sections: [], entries: [], value: {} }

/** A text that is no TOML has nothing in it; `fault` says so beforehand. */
const read = (text: string): TomlDocument => {
  const document = parseToml(text)
  return document.ok ? document.value : nothing
}

const fault = (text: string): Fault | undefined => {
  const document = parseToml(text)
  return document.ok ? undefined : document.error
}

const entryAt = ({ entries }: TomlDocument, path: Path): TomlEntry | undefined =>
  entries.find((entry) => samePath(entry.path, path))

const find = (text: string, path: Path): Found | undefined => {
  const document = read(text)
  const value = memberAt(document.value, path)
  if (value === undefined) return undefined
  const entry = entryAt(document, path)
  if (entry !== undefined) {
    const { start, end } = spanOfNode(entry.node.value)
    return { value, raw: text.slice(start, end), line: entry.node.loc.start.line }
  }
  const section = document.sections.find((each) => startsWith(each.path, path))
  const inside = document.entries.find((each) => startsWith(each.path, path))
  const node = section?.header ?? inside?.node
  return { value, raw: undefined, line: node?.loc.start.line ?? 1 }
}

const elements = (text: string, path: Path): ArrayPlace | undefined => {
  const value = entryAt(read(text), path)?.node.value
  return value?.type === 'TOMLArray'
    ? { ...spanOfNode(value), elements: value.elements.map(spanOfNode) }
    : undefined
}

const linesOf = (text: string): string[] => text.split(lineEndOf(text))

/** The text with lines put in before the line of that index, or with lines taken out. */
const withLines = (text: string, at: { readonly line: number; readonly take: number }, put: Path): string =>
  linesOf(text)
    .toSpliced(at.line, at.take, ...put)
    .join(lineEndOf(text))

const bare = /^[A-Za-z0-9_-]+$/

const keyText = (keys: Path, literal: boolean): string =>
  keys
    .map((key) => {
      if (bare.test(key)) return key
      return literal && !/['\p{Cc}]/u.test(key) ? `'${key}'` : JSON.stringify(key)
    })
    .join('.')

const set = (text: string, path: Path, raw: string): string => {
  const document = read(text)
  const existing = entryAt(document, path)
  if (existing !== undefined) return splice(text, spanOfNode(existing.node.value), raw)
  const table = path.slice(0, -1)
  const inline = document.entries.findLast(
    ({ path: at, node }) => startsWith(path, at) && node.value.type === 'TOMLInlineTable',
  )
  if (inline !== undefined)
    return setInline(text, inline, `${keyText(path.slice(inline.path.length), false)} = ${raw}`)
  const section = document.sections.find((each) => samePath(each.path, table))
  const dotted = document.sections
    .flatMap((each) => each.entries.map((entry) => ({ section: each, entry })))
    .findLast(({ section: { path: at }, entry }) => at.length < table.length && startsWith(entry.path, table))
  if (dotted !== undefined && (section === undefined || section.path.length === 0)) {
    const key = keyText(path.slice(dotted.section.path.length), false)
    return setLine(text, { document, section: dotted.section, after: dotted.entry }, `${key} = ${raw}`)
  }
  if (section === undefined) return addSection(text, document, { path, raw })
  return setLine(
    text,
    { document, section, after: section.entries.at(-1) },
    `${keyText(path.slice(-1), false)} = ${raw}`,
  )
}

const setInline = (text: string, { node }: TomlEntry, setting: string): string => {
  const table = node.value
  const last = table.type === 'TOMLInlineTable' ? table.body.at(-1) : undefined
  if (last === undefined) return splice(text, spanOfNode(table), `{ ${setting} }`)
  const { end } = spanOfNode(last)
  return splice(text, { start: end, end }, `, ${setting}`)
}

interface LinePlace {
  readonly document: TomlDocument
  readonly section: TomlSection
  readonly after: TomlEntry | undefined
}

/** The setting on a line of its own after that entry, or as the section's first. */
const setLine = (text: string, { document, section, after }: LinePlace, setting: string): string => {
  const lines = linesOf(text)
  const line = (number: number): string => indentOf(lines[number - 1] ?? '')
  if (after !== undefined) {
    const { start, end } = after.node.loc
    return withLines(text, { line: end.line, take: 0 }, [line(start.line) + setting])
  }
  const { header } = section
  if (header !== undefined) {
    const indent = line(header.loc.start.line) + keyStep(lines, document)
    return withLines(text, { line: header.loc.start.line, take: 0 }, [indent + setting])
  }
  return withLines(text, { line: firstLineForKeys(lines, document), take: 0 }, [setting])
}

/** Where a key before any header goes: above the first header and the comment that belongs to it. */
const firstLineForKeys = (lines: Path, { sections }: TomlDocument): number => {
  const first = sections[1]?.header?.loc.start.line
  if (first === undefined) return lines.at(-1) === '' ? lines.length - 1 : lines.length
  let line = first - 1
  while (line > 0 && lines[line - 1]?.trimStart().startsWith('#')) line -= 1
  return line
}

/** How much deeper the keys stand than their header, as the first section with both shows. */
const keyStep = (lines: Path, { sections }: TomlDocument): string => {
  const shown = sections.find(({ header, entries }) => header !== undefined && entries.length > 0)
  const [header, entry] = [shown?.header?.loc.start.line, shown?.entries[0]?.node.loc.start.line]
  if (header === undefined || entry === undefined) return ''
  return indentOf(lines[entry - 1] ?? '').slice(indentOf(lines[header - 1] ?? '').length)
}

/** How much deeper a header stands than that of the table around it, as the first such pair shows. */
const headerStep = (lines: Path, { sections }: TomlDocument): string => {
  for (const { path, header } of sections) {
    const around = sections.find((each) => each.header && samePath(each.path, path.slice(0, -1)))?.header
    if (header === undefined || around === undefined) continue
    return indentOf(lines[header.loc.start.line - 1] ?? '').slice(
      indentOf(lines[around.loc.start.line - 1] ?? '').length,
    )
  }
  return ''
}

/** A new header with the setting under it, after the tables it belongs to, in their manner. */
const addSection = (
  text: string,
  document: TomlDocument,
  { path, raw }: { readonly path: Path; readonly raw: string },
): string => {
  const lines = linesOf(text)
  const table = path.slice(0, -1)
  const headers = document.sections.filter(({ header }) => header !== undefined)
  let depth = table.length
  while (depth > 0 && !headers.some((each) => startsWith(each.path, table.slice(0, depth)))) depth -= 1
  const kin = depth === 0 ? [] : headers.filter((each) => startsWith(each.path, table.slice(0, depth)))
  const around = kin.find((each) => each.path.length === depth)
  const nearest = around?.header ?? kin[0]?.header
  const outer = nearest === undefined ? '' : indentOf(lines[nearest.loc.start.line - 1] ?? '')
  const indent = around === undefined ? outer : outer + headerStep(lines, document)
  const written = nearest === undefined ? '' : keysAsWritten(text, nearest.key.keys.slice(0, depth))
  const rest = keyText(table.slice(depth), written.includes("'"))
  const header = `${indent}[${[written, rest].filter((part) => part !== '').join('.')}]`
  const setting = `${indent}${keyStep(lines, document)}${keyText(path.slice(-1), false)} = ${raw}`
  const after = kin.at(-1)
  if (after?.header === undefined) return atEnd(text, [header, setting])
  const last = after.entries.at(-1)?.node.loc.end.line ?? after.header.loc.start.line
  const blank = lines[after.header.loc.start.line - 2]?.trim() === ''
  return withLines(text, { line: last, take: 0 }, [...(blank ? [''] : []), header, setting])
}

const keysAsWritten = (text: string, keys: readonly (AST.TOMLBare | AST.TOMLQuoted)[]): string => {
  const [first, last] = [keys[0], keys.at(-1)]
  return first && last ? text.slice(spanOfNode(first).start, spanOfNode(last).end) : ''
}

const atEnd = (text: string, added: Path): string => {
  if (text === '') return `${added.join('\n')}\n`
  const lines = linesOf(text)
  return withLines(text, { line: lines.at(-1) === '' ? lines.length - 1 : lines.length, take: 0 }, [
    '',
    ...added,
  ])
}

const remove = (text: string, path: Path): string => {
  const entry = entryAt(read(text), path)
  if (entry === undefined) return text
  if (entry.within === undefined) {
    const { start, end } = entry.node.loc
    return withLines(text, { line: start.line - 1, take: end.line - start.line + 1 }, [])
  }
  const table = entry.within.node.value
  const siblings = table.type === 'TOMLInlineTable' ? table.body : []
  const index = siblings.indexOf(entry.node)
  const [previous, next] = [siblings[index - 1], siblings[index + 1]]
  const { start, end } = spanOfNode(entry.node)
  if (next !== undefined) return splice(text, { start, end: spanOfNode(next).start }, '')
  if (previous !== undefined) return splice(text, { start: spanOfNode(previous).end, end }, '')
  return splice(text, spanOfNode(table), '{}')
}

/** Takes the header of a table without keys, and the blank line that was put before it. */
const removeEmpty = (text: string, path: Path): string => {
  const document = read(text)
  const section = document.sections.find((each) => each.header && samePath(each.path, path))
  if (section?.header === undefined) {
    const entry = entryAt(document, path)
    return entry?.node.value.type === 'TOMLInlineTable' && entry.node.value.body.length === 0
      ? remove(text, path)
      : text
  }
  if (section.entries.length > 0) return text
  const line = section.header.loc.start.line - 1
  const blank = linesOf(text)[line - 1]?.trim() === ''
  return withLines(text, blank ? { line: line - 1, take: 2 } : { line, take: 1 }, [])
}

/** TOML 1.0, no key or table defined twice. */
export const tomlText: Format = { fault, find, elements, set, remove, removeEmpty }
