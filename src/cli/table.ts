/** Rows of text in aligned columns. */
import type { Output } from './output.ts'

/** Prints a head and rows; all columns but the last are padded to their widest cell, a terminal's width is kept. */
export const printTable = (
  output: Output,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): void => {
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd()
  const fit = (text: string): string => (output.columns === undefined ? text : text.slice(0, output.columns))
  output.print(output.bold(fit(line(head))))
  for (const row of rows) output.print(fit(line(row)))
}
