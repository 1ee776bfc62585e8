/** Values as TOML, and words as its comments. */
import type { ParameterValue } from '../core/parameters.ts'
import { printable } from './printable.ts'

/** A basic string: nothing in it ends it, and nothing is obeyed by a terminal that shows it. */
export const tomlString = (text: string): string =>
  `"${text.replace(/["\\]|[\p{C}\u2028\u2029]/gu, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`
    const code = (character.codePointAt(0) ?? 0).toString(16)
    return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`
  })}"`

/** A parameter's value. */
export const tomlValue = (value: ParameterValue): string => {
  if (typeof value === 'string') return tomlString(value)
  return typeof value === 'object' ? `[${value.map(tomlString).join(', ')}]` : String(value)
}

/** One line of comment. */
export const comment = (text: string): string => `# ${printable(text)}`.trimEnd()
