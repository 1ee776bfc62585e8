/** One safe line for whoever called: printable, short, free of the phrases engines react to. */

/** Longest text an engine is given, in bytes. */
export const maxLength = 1000

/**
 * Phrases that engines look for in a runtime's message and answer with another exit code or text (facts of
 * moby daemon/errors.go, docker/cli run.go, podman oci_util.go). Values found in a container could carry them.
 */
const triggerPhrases = [
  'no such file or directory',
  'executable file not found',
  'system cannot find the file specified',
  'permission denied',
  'operation not permitted',
  'not a directory',
  'is a directory',
  'open executable',
  'failed to run runc create/exec call',
]

/**
 * One printable line: control characters become spaces, engines' trigger phrases are broken by underscores,
 * `/proc/…/attr` (Podman reads a security error from it) likewise.
 */
export const safeLine = (text: string): string => {
  let line = ''
  for (const character of text) line += isControl(character) ? ' ' : character
  line = line.replaceAll('/attr', '/_attr')
  for (const phrase of triggerPhrases) {
    let at = line.toLowerCase().indexOf(phrase)
    while (at >= 0) {
      const end = at + phrase.length
      line = line.slice(0, at) + phrase.replaceAll(' ', '_').replaceAll('/', '_') + line.slice(end)
      at = line.toLowerCase().indexOf(phrase)
    }
  }
  return line
}

const isControl = (character: string): boolean => {
  const code = character.codePointAt(0) ?? 0
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code === 0x2028 || code === 0x2029
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
