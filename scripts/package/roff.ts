/** Text as man pages want it: the man macros of man(7), every dot and backslash of the text kept harmless. */

const escaped = (words: string): string =>
  words
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/['’]/g, '\\(aq')
    .replaceAll(/["“”]/g, '\\(dq')
    .replaceAll(
      /[^\n -~]/gu,
      (letter) => `\\[u${letter.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`,
    )

/** Words of one line, such as a term: nothing in them is an escape. Long ones may be broken after `/`, `,` and `|`. */
const words = (line: string): string => escaped(line).replaceAll(/([/,|])(?=\S)/g, '$1\\:')

/** Running text: lines of at most 78 bytes where its words allow it, none of which is taken for a request. */
const text = (running: string): string => {
  const lines: string[] = []
  let line = ''
  for (const word of words(running).split(/\s+/)) {
    if (line !== '' && line.length + word.length > 76) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].map((each) => (each.startsWith('.') ? `\\&${each}` : each)).join('\n')
}

/** The head of a page; `date` is YYYY-MM-DD. Text is set ragged: terms here are too long to be spaced out. */
export const head = (page: { name: string; section: number; date: string; version: string }): string =>
  `.TH ${words(page.name.toUpperCase())} ${page.section} ${page.date} "lintel ${page.version}"\n.nh\n.ad l\n`

const body = (parts: readonly string[]): string => parts.join('').replace(/^\.PP\n/, '')

export const section = (title: string, ...parts: readonly string[]): string => `.SH ${title}\n${body(parts)}`

export const subsection = (title: string, ...parts: readonly string[]): string =>
  `.SS ${words(title)}\n${body(parts)}`

export const paragraph = (running: string): string => `.PP\n${text(running)}\n`

/** A word with what it means, indented below it. */
export const item = (term: string, meaning: string): string => `.TP\n.B ${words(term)}\n${text(meaning)}\n`

/** Lines kept as they are. */
export const example = (lines: string): string => `.PP\n.nf\n${escaped(lines.trimEnd())}\n.fi\n`
