/** Changes to a text by place, and places as people count them. */

/** Where and why a text cannot be used. Line and column count from 1, in characters. */
export interface Fault {
  readonly message: string
  readonly line: number
  readonly column: number
}

/** Half-open range of UTF-16 offsets. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** One setting as a file says it. */
export interface Found {
  readonly value: unknown
  /** As written; undefined for a table that is spread over headers. */
  readonly raw: string | undefined
  /** From 1. */
  readonly line: number
}

/** A kind of configuration text: how settings are found in it and changed, all else staying byte for byte. */
export interface Format {
  /** The first reason why the text cannot be used; undefined where it can. */
  readonly fault: (text: string) => Fault | undefined
  /** The setting at a key path; undefined where there is none. */
  readonly find: (text: string, path: readonly string[]) => Found | undefined
  /** The elements of the array at a key path; undefined where there is no array. */
  readonly elements: (text: string, path: readonly string[]) => ArrayPlace | undefined
  /** The text with the setting written there; unchanged where the text has no place for it. */
  readonly set: (text: string, path: readonly string[], raw: string) => string
  /** The text without the setting. */
  readonly remove: (text: string, path: readonly string[]) => string
  /** The text without the table at the path, if it is there and empty. */
  readonly removeEmpty: (text: string, path: readonly string[]) => string
}

/** Where an array and its elements stand. */
export interface ArrayPlace extends Span {
  readonly elements: readonly Span[]
}

/** The text with the span replaced. */
export const splice = (text: string, { start, end }: Span, replacement: string): string =>
  text.slice(0, start) + replacement + text.slice(end)

/** Line and column of an offset. */
export const placeOf = (text: string, offset: number): { readonly line: number; readonly column: number } => {
  const before = text.slice(0, offset)
  const start = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: [...before.slice(start)].length + 1 }
}

/** What ends the lines of a text: `\r\n` only where every line ends so. */
export const lineEndOf = (text: string): string =>
  text.includes('\n') && !/(^|[^\r])\n/.test(text) ? '\r\n' : '\n'

/** The white space a line begins with. */
export const indentOf = (line: string): string => /^[ \t]*/.exec(line)?.[0] ?? ''

/** The white space before the first character of the line an offset is on. */
export const indentAt = (text: string, offset: number): string =>
  indentOf(text.slice(text.lastIndexOf('\n', offset - 1) + 1))

/** True for a table of settings as data. */
export const isTable = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The member of nested tables at a key path; undefined where there is none. */
export const memberAt = (value: unknown, path: readonly string[]): unknown => {
  let at = value
  for (const key of path) {
    if (!isTable(at) || !Object.hasOwn(at, key)) return undefined
    at = at[key]
  }
  return at
}

/** The array with one more element at its end, in the manner of its last one. */
export const appendElement = (text: string, { start, elements }: ArrayPlace, raw: string): string => {
  const last = elements.at(-1)
  if (last === undefined) return splice(text, { start: start + 1, end: start + 1 }, raw)
  const alone = /\n[ \t]*$/.test(text.slice(0, last.start))
  const gap = alone ? lineEndOf(text) + indentAt(text, last.start) : ' '
  const comma = /^[ \t]*,/.exec(text.slice(last.end))?.[0]
  const at = last.end + (comma?.length ?? 0)
  return splice(text, { start: at, end: at }, comma === undefined ? `,${gap}${raw}` : `${gap}${raw},`)
}

/** The array without its element of that index. */
export const removeElement = (text: string, { elements }: ArrayPlace, index: number): string => {
  const [previous, element, next] = [elements[index - 1], elements[index], elements[index + 1]]
  if (element === undefined) return text
  if (next !== undefined) return splice(text, { start: element.start, end: next.start }, '')
  const comma = /^[ \t]*,/.exec(text.slice(element.end))?.[0].length ?? 0
  if (previous === undefined) return splice(text, { start: element.start, end: element.end + comma }, '')
  const kept =
    comma === 0 ? previous.end : previous.end + (/^[ \t]*,/.exec(text.slice(previous.end))?.[0].length ?? 0)
  return splice(text, { start: kept, end: element.end + comma }, '')
}
