/** Texts from outside on their way to a terminal. */

const unprintable = /[\p{C}\u2028\u2029]/gu

/**
 * The text on one line without anything a terminal would obey or hide: controls, direction marks and halves of surrogate
 * pairs stand as `\u{1b}`.
 */
export const printable = (text: string): string =>
  // Nearly all texts are plain, and looking through the classes of Unicode costs more than all else of a line.
  /^[ -~]*$/.test(text)
    ? text
    : text.replace(unprintable, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)

// Line ends of JSON stand between its values only.
const unprintableInJson = /[^\P{C}\n]|[\u2028\u2029]/gu

/** JSON text that means the same, with such characters as JSON's own escapes. */
export const printableJson = (json: string): string =>
  json.replace(unprintableInJson, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
