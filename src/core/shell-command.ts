/** The simple commands of a shell's command text (POSIX sh, 2.3 and 2.9), as far as their words can be read. */

/** `''`: the first; otherwise the operator before it. A new line is `;`. */
export type Joint = '' | ';' | '&' | '&&' | '||' | '|'

export interface SimpleCommand {
  readonly joint: Joint
  /** Without quotes; not expanded. Redirections are left out. Empty after a last `&`. */
  readonly words: readonly string[]
}

// Comment; operator or bracket (a word of its own); redirection; word with its quotes.
const token =
  /(?<=^|[\s;&|()])#[^\n]*|(\n|;;?|&&|&(?!>)|\|\||\|&?)|([()`])|(\d*&?[<>]+[&|]?)|((?:[^\s;&|()<>`"'\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+)/gs

/**
 * The simple commands in their order. Brackets and keywords stay words, so that what a compound command runs is
 * found as well; unfinished quotes are read as far as they go.
 */
export const shellCommands = (text: string): readonly SimpleCommand[] => {
  const commands: SimpleCommand[] = []
  let words: string[] = []
  let joint: Joint = ''
  let redirects = false
  for (const [, operator, bracket, redirection, word] of text.matchAll(token)) {
    if (operator !== undefined) {
      if (words.length > 0) commands.push({ joint, words })
      if (words.length > 0 || operator !== '\n') joint = jointOf(operator)
      words = []
    }
    if (bracket !== undefined) words.push(bracket)
    if (word !== undefined && !redirects) words.push(unquoted(word))
    if (operator !== undefined || word !== undefined) redirects = false
    if (redirection !== undefined) redirects = true
  }
  if (words.length > 0 || joint === '&') commands.push({ joint, words })
  return commands
}

const jointOf = (operator: string): Joint => {
  if (operator === '&&' || operator === '||' || operator === '&') return operator
  return operator.startsWith('|') ? '|' : ';'
}

const unquoted = (word: string): string => {
  if (!/["'\\]/.test(word)) return word
  return word
    .split(/(\\.|'[^']*'|"(?:[^"\\]|\\.)*")/s)
    .map((part) => {
      if (part.startsWith('\\')) return part.slice(1)
      if (part.startsWith("'")) return part.slice(1, -1)
      return part.startsWith('"') ? part.slice(1, -1).replace(/\\(["\\$`])/g, '$1') : part
    })
    .join('')
}
