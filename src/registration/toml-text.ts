/** TOML 1.0 read with the place of everything in it: table headers, key lines, inline tables. */
import { type AST, getStaticTOMLValue, ParseError, parseTOML } from 'toml-eslint-parser'
import { err, ok, type Result } from '../core/result.ts'
import type { Fault, Span } from './text-edit.ts'

/** One `key = value`, on lines of its own or in an inline table. */
export interface TomlEntry {
  /** From the root; a number is the index in an array of tables. */
  readonly path: readonly (string | number)[]
  readonly node: AST.TOMLKeyValue
  /** The entry whose inline table it stands in; undefined for a line of its own. */
  readonly within: TomlEntry | undefined
}

/** A header and the lines under it; the first section of a text is the one before any header. */
export interface TomlSection {
  readonly path: readonly (string | number)[]
  readonly header: AST.TOMLTable | undefined
  /** The entries on lines of their own. */
  readonly entries: readonly TomlEntry[]
}

export interface TomlDocument {
  readonly sections: readonly TomlSection[]
  /** All entries, those in inline tables after the one they stand in. */
  readonly entries: readonly TomlEntry[]
  /** The whole as nested tables. */
  readonly value: unknown
}

/** The texts read last: one registration asks for the same few again and again. */
const known = new Map<string, Result<TomlDocument, Fault>>()
const mostKnown = 16

/** Reads a text; the error is the first thing in it that is no TOML 1.0, or a key or table defined twice. */
export const parseToml = (text: string): Result<TomlDocument, Fault> => {
  const before = known.get(text)
  if (before !== undefined) return before
  const document = read(text)
  if (known.size >= mostKnown) known.clear()
  known.set(text, document)
  return document
}

const read = (text: string): Result<TomlDocument, Fault> => {
  try {
    return ok(documentOf(parseTOML(text, { tomlVersion: '1.0' })))
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    const message = `this is no TOML: ${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`
    return err({ message, line: error.lineNumber, column: error.column + 1 })
  }
}

/** Where a node stands. */
export const spanOfNode = ({ range: [start, end] }: { readonly range: AST.Range }): Span => ({ start, end })

const nameOf = (key: AST.TOMLBare | AST.TOMLQuoted): string =>
  key.type === 'TOMLBare' ? key.name : key.value

/** True where the path begins with all of the prefix. */
export const startsWith = (
  path: readonly (string | number)[],
  prefix: readonly (string | number)[],
): boolean => prefix.every((key, index) => path[index] === key)

/** True for the same path. */
export const samePath = (one: readonly (string | number)[], other: readonly (string | number)[]): boolean =>
  one.length === other.length && startsWith(one, other)

const documentOf = (program: AST.TOMLProgram): TomlDocument => {
  const top = program.body[0]
  const lines = top.body.filter((node) => node.type === 'TOMLKeyValue')
  const tables = top.body.filter((node) => node.type === 'TOMLTable')
  const sections = [sectionOf(undefined, lines), ...tables.map((header) => sectionOf(header, header.body))]
  const entries = sections.flatMap((section) => section.entries.flatMap(withInline))
  return { sections, entries, value: getStaticTOMLValue(program) }
}

const sectionOf = (header: AST.TOMLTable | undefined, nodes: readonly AST.TOMLKeyValue[]): TomlSection => {
  const path = header?.resolvedKey ?? []
  return { path, header, entries: nodes.map((node) => entryOf(path, node, undefined)) }
}

const entryOf = (
  path: readonly (string | number)[],
  node: AST.TOMLKeyValue,
  within: TomlEntry | undefined,
): TomlEntry => ({ path: [...path, ...node.key.keys.map(nameOf)], node, within })

const withInline = (entry: TomlEntry): readonly TomlEntry[] => {
  const { value } = entry.node
  if (value.type !== 'TOMLInlineTable') return [entry]
  return [entry, ...value.body.flatMap((node) => withInline(entryOf(entry.path, node, entry)))]
}
