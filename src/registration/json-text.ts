/** JSON settings found and changed in their text; strict as Go reads it, indentation and order kept. */
import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser'
import {
  type ArrayPlace,
  type Fault,
  type Format,
  type Found,
  indentAt,
  indentOf,
  lineEndOf,
  memberAt,
  placeOf,
  type Span,
  splice,
} from './text-edit.ts'

const options = { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false }

/** Go's decoder skips a byte order mark where dockerd asks it to, and so does this one. */
const body = (text: string): string => (text.startsWith('\ufeff') ? ` ${text.slice(1)}` : text)

const rootOf = (text: string): Node | undefined => parseTree(body(text), [], options)

const spanOf = ({ offset, length }: Node): Span => ({ start: offset, end: offset + length })

const fault = (text: string): Fault | undefined => {
  const errors: ParseError[] = []
  const root = parseTree(body(text), errors, options)
  const first = errors[0]
  if (first !== undefined) {
    const words = printParseErrorCode(first.error)
      .replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
      .trim()
    return { message: `this is no JSON: ${words}`, ...placeOf(text, first.offset) }
  }
  if (root?.type !== 'object')
    return { message: 'this is no JSON object', ...placeOf(text, root?.offset ?? 0) }
  return repeatedName(text, root, true)
}

/** A name twice in one object; at the top also in other letter case, for Go takes those for the same. */
const repeatedName = (text: string, node: Node, top: boolean): Fault | undefined => {
  const seen = new Set<string>()
  for (const property of node.type === 'object' ? (node.children ?? []) : []) {
    const key = property.children?.[0]
    const name = String(key?.value)
    const folded = top ? name.toLowerCase() : name
    if (seen.has(folded)) {
      return { message: `the name ${JSON.stringify(name)} is here twice`, ...placeOf(text, property.offset) }
    }
    seen.add(folded)
  }
  for (const child of node.children ?? []) {
    const found = repeatedName(
      text,
      child.type === 'property' ? (child.children?.[1] ?? child) : child,
      false,
    )
    if (found !== undefined) return found
  }
  return undefined
}

const nodeAt = (text: string, path: readonly string[]): Node | undefined => {
  const root = rootOf(text)
  return root && findNodeAtLocation(root, [...path])
}

const find = (text: string, path: readonly string[]): Found | undefined => {
  const node = nodeAt(text, path)
  if (node === undefined) return undefined
  const parsed: unknown = JSON.parse(body(text))
  const { start, end } = spanOf(node)
  return { value: memberAt(parsed, path), raw: text.slice(start, end), line: placeOf(text, start).line }
}

const elements = (text: string, path: readonly string[]): ArrayPlace | undefined => {
  const node = nodeAt(text, path)
  return node?.type === 'array' ? { ...spanOf(node), elements: (node.children ?? []).map(spanOf) } : undefined
}

/** One step of indentation: of the first indented line, or two spaces. */
const stepOf = (text: string): string =>
  text
    .split('\n')
    .map(indentOf)
    .find((indent) => indent !== '') ?? '  '

/** `"a": {"b": raw}` for the path a, b; over several lines where `indent` says how the first is indented. */
const member = (path: readonly string[], raw: string, lines: Lines | undefined): string => {
  const [name = '', ...rest] = path
  if (rest.length === 0) return `${JSON.stringify(name)}: ${raw}`
  if (lines === undefined) return `${JSON.stringify(name)}: {${member(rest, raw, undefined)}}`
  const inner = { ...lines, indent: lines.indent + lines.step }
  const opened = `{${lines.end}${inner.indent}${member(rest, raw, inner)}${lines.end}${lines.indent}}`
  return `${JSON.stringify(name)}: ${opened}`
}

interface Lines {
  readonly indent: string
  readonly step: string
  readonly end: string
}

const set = (text: string, path: readonly string[], raw: string): string => {
  const existing = nodeAt(text, path)
  if (existing !== undefined) return splice(text, spanOf(existing), raw)
  let depth = path.length - 1
  while (depth > 0 && nodeAt(text, path.slice(0, depth)) === undefined) depth -= 1
  const parent = nodeAt(text, path.slice(0, depth))
  if (parent?.type !== 'object') return text
  const rest = path.slice(depth)
  const last = parent.children?.at(-1)
  const step = stepOf(text)
  const end = lineEndOf(text)
  if (last === undefined) {
    const outer = indentAt(text, parent.offset)
    const lines = { indent: outer + step, step, end }
    return splice(text, spanOf(parent), `{${end}${lines.indent}${member(rest, raw, lines)}${end}${outer}}`)
  }
  const at = { start: last.offset + last.length, end: last.offset + last.length }
  if (!/\n[ \t]*$/.test(text.slice(0, last.offset)))
    return splice(text, at, `, ${member(rest, raw, undefined)}`)
  const lines = { indent: indentAt(text, last.offset), step, end }
  return splice(text, at, `,${end}${lines.indent}${member(rest, raw, lines)}`)
}

const remove = (text: string, path: readonly string[]): string => {
  const property = nodeAt(text, path)?.parent
  const siblings = property?.parent?.children ?? []
  if (property?.parent === undefined) return text
  const index = siblings.indexOf(property)
  const [previous, next] = [siblings[index - 1], siblings[index + 1]]
  if (next !== undefined) return splice(text, { start: property.offset, end: next.offset }, '')
  if (previous === undefined) return splice(text, spanOf(property.parent), '{}')
  return splice(text, { start: spanOf(previous).end, end: spanOf(property).end }, '')
}

const removeEmpty = (text: string, path: readonly string[]): string => {
  const node = nodeAt(text, path)
  return node?.type === 'object' && node.children?.length === 0 ? remove(text, path) : text
}

/** Strict JSON, an object at the top, no name twice. */
export const jsonText: Format = { fault, find, elements, set, remove, removeEmpty }
