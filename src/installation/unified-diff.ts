/** Changes of files as `patch` reads them: the unified format of diff(1), three lines of context. Pure. */
import type { FileChange } from '../registration/registration.ts'

/** ` ` kept, `-` only before, `+` only after; with the line break where the file has one. */
interface Line {
  readonly mark: ' ' | '-' | '+'
  readonly text: string
}

const context = 3

/** The change of one file, ending in a line break; a file that is not there is /dev/null. Empty: nothing changes. */
export const unifiedDiff = ({ path, before, after }: FileChange): string => {
  const lines = compare(linesOf(before), linesOf(after))
  if (lines.every(({ mark }) => mark === ' ')) return ''
  const names = [
    `--- ${before === undefined ? '/dev/null' : path}`,
    `+++ ${after === undefined ? '/dev/null' : path}`,
  ]
  return [...names.map((name) => `${name}\n`), ...hunks(lines)].join('')
}

const linesOf = (text: string | undefined): readonly string[] =>
  text === undefined || text === '' ? [] : text.split(/(?<=\n)/)

const compare = (before: readonly string[], after: readonly string[]): readonly Line[] => {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1
  let end = 0
  const room = Math.min(before.length, after.length) - start
  while (end < room && before.at(-1 - end) === after.at(-1 - end)) end += 1
  const kept = (lines: readonly string[]): readonly Line[] => lines.map((text) => ({ mark: ' ', text }))
  return [
    ...kept(before.slice(0, start)),
    ...changed(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...kept(before.slice(before.length - end)),
  ]
}

/** What a table of so many cells would take to fill is longer than anybody waits: then all goes and all comes. */
const mostCells = 4_000_000

/** Lines by a longest common subsequence. */
const changed = (before: readonly string[], after: readonly string[]): readonly Line[] => {
  const width = after.length + 1
  const isLarge = before.length * after.length > mostCells
  const lengths = new Uint32Array(isLarge ? 0 : (before.length + 1) * width)
  const length = (row: number, column: number): number => lengths[row * width + column] ?? 0
  for (let row = before.length - 1; row >= 0 && !isLarge; row -= 1)
    for (let column = after.length - 1; column >= 0; column -= 1)
      lengths[row * width + column] =
        before[row] === after[column]
          ? length(row + 1, column + 1) + 1
          : Math.max(length(row + 1, column), length(row, column + 1))
  const lines: Line[] = []
  let [row, column] = [0, 0]
  while (row < before.length || column < after.length) {
    const [old = '', young = ''] = [before[row], after[column]]
    const isEnd = row === before.length || column === after.length
    if (!isEnd && !isLarge && old === young) {
      lines.push({ mark: ' ', text: old })
      row += 1
      column += 1
    } else if (
      row < before.length &&
      (column === after.length || length(row + 1, column) >= length(row, column + 1))
    ) {
      lines.push({ mark: '-', text: old })
      row += 1
    } else {
      lines.push({ mark: '+', text: young })
      column += 1
    }
  }
  return lines
}

const hunks = (lines: readonly Line[]): readonly string[] => {
  const isNear = (index: number): boolean =>
    lines.slice(Math.max(0, index - context), index + context + 1).some(({ mark }) => mark !== ' ')
  const printed: string[] = []
  let [old, young] = [0, 0]
  for (let index = 0; index < lines.length; ) {
    let end = index
    while (end < lines.length && isNear(end)) end += 1
    const hunk = lines.slice(index, Math.max(end, index + 1))
    const counts = [
      hunk.filter(({ mark }) => mark !== '+').length,
      hunk.filter(({ mark }) => mark !== '-').length,
    ] as const
    if (end > index)
      printed.push(`@@ -${range(old, counts[0])} +${range(young, counts[1])} @@\n`, ...hunk.map(print))
    old += counts[0]
    young += counts[1]
    index += hunk.length
  }
  return printed
}

/** An empty range is numbered by the line before it. */
const range = (start: number, count: number): string =>
  count === 0 ? `${start},0` : count === 1 ? `${start + 1}` : `${start + 1},${count}`

const print = ({ mark, text }: Line): string =>
  text.endsWith('\n') ? mark + text : `${mark}${text}\n\\ No newline at end of file\n`
