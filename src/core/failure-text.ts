/** One safe line for whoever called: printable, short, free of the phrases engines react to. */

/** Longest text an engine is given, in bytes. */
export const maxLength = 1000

/**
 * Phrases that engines look for in a runtime's message and answer with another exit code or text (facts of
 * moby daemon/errors.go, docker/cli run.go, podman oci_util.go). Values found in a container could carry them.
 */
const triggerPhrases =
  /no such file or directory|executable file not found|system cannot find the file specified|permission denied|operation not permitted|not a directory|is a directory|open executable|failed to run runc create\/exec call/giu

/**
 * One printable line, of no more bytes: control characters become spaces, engines' trigger phrases are broken by
 * underscores, `/proc/…/attr` (Podman reads a security error from it) likewise.
 */
export const safeLine = (text: string): string => {
  let line = ''
  for (const character of text) line += isControl(character) ? ' ' : character
  // Docker lowers the text before it looks, and Go's lower case of İ is a plain i.
  line = line.replaceAll('/attr', '_attr').replaceAll('\u0130', 'I')
  // Phrases overlap: where one is broken, another may still stand.
  for (let before = ''; before !== line; ) {
    before = line
    line = line.replace(triggerPhrases, (phrase) => phrase.replaceAll(' ', '_'))
  }
  return line
}

const isControl = (character: string): boolean => {
  const code = character.codePointAt(0) ?? 0
  const isBreak = code === 0x2028 || code === 0x2029
  // Half of a surrogate pair, which a cut may leave, is no text at all.
  const isHalf = code >= 0xd800 && code <= 0xdfff
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || isBreak || isHalf
}

/** The refusal of a call that could not be judged at all: what, where, what to do. */
export const failureText = (operation: string, reason: string): string =>
  safeLine(cut(`lintel refused this ${operation} call: ${reason}`, maxLength))

/** The text cut to at most so many bytes of UTF-8. */
export const cut = (text: string, bytes: number): string => {
  let kept = text
  while (byteLength(kept) > bytes)
    kept = kept.slice(0, Math.max(0, kept.length - Math.ceil((byteLength(kept) - bytes) / 4) || 0))
  return kept
}

/** Length in bytes of UTF-8. */
export const byteLength = (text: string): number => {
  let bytes = 0
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes
}
