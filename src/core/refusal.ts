/** The sentence a refused person reads: one line, under 1 KB, in the words of the engine used. */
import type { Finding } from './decision.ts'
import type { OperationName } from './oci.ts'
import type { Reference } from './rule.ts'

const maxLength = 1000

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

const verbs: { readonly [operation in OperationName]: string } = {
  create: 'refused to create this container',
  run: 'refused to run this container',
  restore: 'refused to restore this container',
  exec: 'refused this command in the container',
  update: 'refused this update of the container',
}

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

/** The benchmark number people look a rule up by: that of the named profile if it has one, else the first CIS one. */
export const citation = (references: readonly Reference[], profile: string): string => {
  const items = references.flatMap((reference) => ('item' in reference ? [reference] : []))
  const chosen =
    items.find(({ benchmark }) => benchmark === profile) ??
    items.find(({ benchmark }) => benchmark.startsWith('cis-'))
  return chosen === undefined ? '' : `CIS ${chosen.item} `
}

/** The refusal of a judged call: every rule that refuses, what was found, what to change, the decision's id. */
export const refusalText = (
  findings: readonly Finding[],
  about: { readonly operation: OperationName; readonly profile: string; readonly decisionId: string },
): string => {
  const refused = findings.filter(({ outcome }) => outcome === 'refused')
  const head = `lintel ${verbs[about.operation]}.`
  const tail = ` [decision ${about.decisionId}]`
  const sentences = refused.map((finding) => {
    const cited = citation(finding.references, about.profile)
    return {
      long: ` ${finding.rule} (${cited}"${finding.title}"): ${finding.message}; to fix, ${finding.remedy}.`,
      short: finding.rule,
    }
  })
  let text = head
  for (const [index, { long, short }] of sentences.entries()) {
    const rest = sentences.slice(index).map((sentence) => sentence.short)
    const more = ` ${rest.length} more: ${rest.join(', ')}.`
    const room = maxLength - byteLength(text) - byteLength(tail)
    const last = index === sentences.length - 1
    if (byteLength(long) + (last ? 0 : byteLength(more)) > room) {
      text += index === 0 ? ` ${short}: ${cut(long, room - 40)}…` : cut(more, room)
      break
    }
    text += long
  }
  return safeLine(text + tail)
}

/** The refusal of a call that could not be judged at all: what, where, what to do. */
export const failureText = (operation: string, reason: string): string =>
  safeLine(cut(`lintel refused this ${operation} call: ${reason}`, maxLength))

const cut = (text: string, bytes: number): string => {
  let kept = text
  while (byteLength(kept) > bytes)
    kept = kept.slice(0, Math.max(0, kept.length - Math.ceil((byteLength(kept) - bytes) / 4) || 0))
  return kept
}

/** Length in UTF-8. */
const byteLength = (text: string): number => {
  let bytes = 0
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes
}
