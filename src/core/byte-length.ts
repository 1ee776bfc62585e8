/** Sizes of texts as the kernel and files count them: bytes of UTF-8. */

/** Bytes of the text in UTF-8; half a surrogate pair counts as two. */
export const byteLength = (text: string): number => {
  let bytes = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    // Both halves of a pair together are four bytes.
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1
  }
  return bytes
}

/** True when the texts together have more bytes; counted one by one only where their length leaves it open. */
export const isLonger = (texts: readonly string[], limit: number): boolean => {
  let units = 0
  for (const text of texts) units += text.length
  if (units > limit) return true
  if (units * 3 <= limit) return false
  let bytes = 0
  for (const text of texts) bytes += byteLength(text)
  return bytes > limit
}
