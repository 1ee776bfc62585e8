/**
 * Columns a text takes, one a character, escape sequences none: help texts are plain English. Stands in for the
 * package of this name, which needs Intl.Segmenter and regular expression sets that the engine lacks.
 */
export default (text: string): number => {
  let width = 0
  let escaped = false
  for (const character of text) {
    if (character === '\u001b') escaped = true
    else if (!escaped) width += 1
    else if (/[a-zA-Z]/.test(character)) escaped = false
  }
  return width
}
