/** The sentence a refused person reads: one line, under 1 KB, in the words of the engine used. */
import type { Finding } from './decision.ts'
import { byteLength, cut, maxLength, safeLine } from './failure-text.ts'
import type { OperationName } from './oci.ts'
import type { Reference } from './rule.ts'

const verbs: { readonly [operation in OperationName]: string } = {
  create: 'refused to create this container',
  run: 'refused to run this container',
  restore: 'refused to restore this container',
  exec: 'refused this command in the container',
  update: 'refused this update of the container',
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
  const sentences = byRule(refused).map((group) => ({
    long: sentence(group, about.profile),
    short: group[0].rule,
  }))
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

type Group = readonly [Finding, ...Finding[]]

const byRule = (findings: readonly Finding[]): readonly Group[] => {
  const groups = new Map<string, Group>()
  for (const finding of findings) {
    const known = groups.get(finding.rule)
    groups.set(finding.rule, known === undefined ? [finding] : [...known, finding])
  }
  return [...groups.values()]
}

/** What one rule found, each thing once, and what to change, each thing once. */
const sentence = (group: Group, profile: string): string => {
  const [{ rule, references, title }] = group
  const found = new Set(group.map(({ message }) => message))
  const remedies = new Set(group.map(({ remedy }) => remedy))
  const shown = [...found].slice(0, 3)
  const more = found.size > shown.length ? ` (and ${found.size - shown.length} more)` : ''
  const cited = citation(references, profile)
  return ` ${rule} (${cited}"${title}"): ${shown.join('; ')}${more}; to fix, ${[...remedies].slice(0, 3).join(', and ')}.`
}
