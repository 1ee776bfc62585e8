/** How the command line speaks: colour only on a terminal, text wrapped to its width, errors on stderr. */
import type { Host } from '../host/host.ts'

export const exitStatus = { clean: 0, findings: 1, usage: 2, internal: 3 } as const

export interface Output {
  readonly columns: number | undefined
  print(text: string): void
  complain(text: string): void
  bold(text: string): string
  red(text: string): string
  yellow(text: string): string
  dim(text: string): string
}

/** Output for this process; NO_COLOR (no-color.org) switches colour off on a terminal too. */
export const outputOf = (host: Host): Output => {
  const terminal = host.isTerminal(1)
  const colour = terminal && (host.environment('NO_COLOR') ?? '') === ''
  const paint = (code: number) => (text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text)
  return {
    columns: terminal ? host.terminalColumns() : undefined,
    print: (text) => host.write(1, `${text}\n`),
    complain: (text) => host.write(2, `lintel: ${text}\n`),
    bold: paint(1),
    red: paint(31),
    yellow: paint(33),
    dim: paint(2),
  }
}

/** Breaks a text at spaces to fit the terminal, each line indented; on a pipe it stays one line. */
export const wrap = (text: string, columns: number | undefined, indent: string): string => {
  if (columns === undefined) return indent + text
  const room = Math.max(20, columns - indent.length)
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].map((each) => indent + each).join('\n')
}
