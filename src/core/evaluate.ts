/** The decision itself: every rule of the policy over one input, fixes applied and checked again. */
import type { Decision, Finding, Outcome } from './decision.ts'
import type { Probe } from './facts.ts'
import type { Json } from './json.ts'
import type { OperationName } from './oci.ts'
import { applyPatch, type PatchOperation } from './patch.ts'
import { type Exemption, exemptionFor, type Policy, type RuleSetting } from './policy.ts'
import { categories, type Observation, type Rule, type RuleInput, type RuleWords, wordsOf } from './rule.ts'

/** Everything a decision depends on; nothing else does. */
export interface Case {
  readonly active: readonly ActiveRule[]
  readonly policy: Policy
  readonly input: RuleInput
  /** The document the patch is for: the config, the exec process or the update's resources. */
  readonly document: Json
  /** Reads the patched document back as input for the second look; undefined when its shape is wrong. */
  readonly reread: (document: Json) => RuleInput | undefined
  /** Today, `YYYY-MM-DD`, UTC: exemptions expire by it. */
  readonly today: string
}

/** A rule that is switched on, with its settings. */
export interface ActiveRule {
  readonly rule: Rule
  readonly setting: RuleSetting
}

/** The rules in the order in which they look and repair: by category. */
export const inFixOrder = (rules: readonly Rule[]): readonly Rule[] =>
  rules.toSorted((a, b) => categories.indexOf(a.category) - categories.indexOf(b.category))

/** Those of the rules (in fix order) that apply to the operation and are switched on. */
export const activeRules = (
  rules: readonly Rule[],
  policy: Policy,
  operation: OperationName,
): readonly ActiveRule[] => {
  const active: ActiveRule[] = []
  for (const rule of rules) {
    const setting = policy.rules[rule.id]
    if (setting === undefined || setting.action === 'off' || !rule.appliesTo.includes(operation)) continue
    active.push({ rule, setting })
  }
  return active
}

/** Every host path the active rules want to know about, once each. */
export const probesOf = (active: readonly ActiveRule[], input: RuleInput): readonly Probe[] => {
  const wanted = new Map<string, Probe>()
  for (const { rule, setting } of active) {
    for (const probe of rule.probes(input, setting.parameters)) {
      const key = `${probe.kind ?? ''} ${probe.path}`
      if (probe.mounts === true || !wanted.has(key)) wanted.set(key, probe)
    }
  }
  return [...wanted.values()]
}

/**
 * Judges one case. Collects every finding of every rule; never stops at the first.
 * Rules run in the order given, each on the document as the fixes before it left it; at the end
 * every rule that fixed something looks again, and what still stands is refused.
 * In mode `warn` nothing is patched or refused: what would have been repaired is `repairable`, what would have been
 * refused keeps that outcome under the verdict `would_deny`.
 */
export const evaluate = (subject: Case): Decision => {
  const done: Judged[] = []
  let state: State = { input: subject.input, document: subject.document }
  for (const each of subject.active) {
    const judged = judge(each, state.input, subject)
    if (judged === undefined) continue
    const next = judged.fix.length === 0 ? state : advance(state, judged.fix, subject)
    done.push(next === undefined ? { ...judged, findings: judged.findings.map(refuse), fix: [] } : judged)
    state = next ?? state
  }
  const stubborn = done.filter(({ active: { rule, setting }, fix }) => {
    return fix.length > 0 && rule.check(state.input, setting.parameters).length > 0
  })
  const findings = done.flatMap((judged) =>
    stubborn.includes(judged) ? judged.findings.map(refuse) : judged.findings,
  )
  return conclude(
    findings.filter(isToldFirst),
    done.flatMap(({ fix }) => fix),
    subject.policy,
  )
}

/** Rules cannot see each other: where two hold the same line, the sentence is told once, by the first. */
const isToldFirst = (
  { pointer, message, outcome }: Finding,
  index: number,
  all: readonly Finding[],
): boolean =>
  all.findIndex(
    (other) => other.pointer === pointer && other.message === message && other.outcome === outcome,
  ) === index

interface Judged {
  readonly active: ActiveRule
  readonly findings: readonly Finding[]
  readonly fix: readonly PatchOperation[]
}

interface State {
  readonly input: RuleInput
  readonly document: Json
}

const advance = (state: State, fix: readonly PatchOperation[], subject: Case): State | undefined => {
  const patched = applyPatch(state.document, fix)
  const input = patched.ok ? subject.reread(patched.value) : undefined
  return patched.ok && input !== undefined ? { input, document: patched.value } : undefined
}

/** Undefined where the rule finds nothing. */
const judge = (active: ActiveRule, input: RuleInput, { policy, today }: Case): Judged | undefined => {
  const { rule, setting } = active
  const observations = rule.check(input, setting.parameters)
  if (observations.length === 0) return undefined
  const covering = exemptionFor(policy, rule.id, { identity: input.identity, today })
  const exemption = covering?.expired === false ? covering.exemption : undefined
  const known = observations.filter((observation) => observation.unknown !== true)
  // What the engine only repeats was decided at create: it is repaired again even where the rule now refuses.
  const repeats = known.every(({ standing }) => standing === true)
  const repairs = setting.action === 'fix' || (setting.action === 'deny' && repeats)
  const mayFix = repairs && rule.fixes && exemption === undefined && known.length > 0
  const fix = mayFix ? rule.fix(known, input, setting.parameters) : []
  const outcome: Outcome =
    exemption !== undefined
      ? 'exempted'
      : setting.action === 'warn'
        ? 'warned'
        : fix.length > 0
          ? 'fixed'
          : 'refused'
  const words = wordsOf(rule)
  const note = covering?.expired === true ? expiry(covering.exemption) : ''
  const findings = observations.map((observation) => ({
    ...describe({ rule, words, note }, observation, input),
    outcome: observation.unknown === true && outcome !== 'exempted' ? ('unknown' as const) : outcome,
    ...(exemption === undefined ? {} : { exemption }),
  }))
  return { active, findings, fix }
}

const expiry = ({ expires, owner }: Exemption): string =>
  ` (its exemption ended on ${expires}; ${owner} answers for it)`

const describe = (
  { rule, words, note }: { readonly rule: Rule; readonly words: RuleWords; readonly note: string },
  observation: Observation,
  { identity }: RuleInput,
): Omit<Finding, 'outcome'> => {
  const message = words.messages[observation.message]
  const fill = (text: string): string =>
    text.includes('{')
      ? text
          .replaceAll('{actual}', () => observation.actual)
          .replaceAll('{expected}', () => observation.expected)
      : text
  return {
    rule: rule.id,
    title: words.title,
    severity: rule.severity,
    references: words.references,
    pointer: observation.pointer,
    actual: observation.actual,
    expected: observation.expected,
    message: fill(message?.what ?? words.title) + note,
    remedy: fill(message?.remedy[identity.speaker] ?? message?.remedy.default ?? ''),
    ...(observation.standing === true ? { standing: true as const } : {}),
  }
}

const refuse = (finding: Finding): Finding =>
  finding.outcome === 'fixed' ? { ...finding, outcome: 'refused' } : finding

const conclude = (
  findings: readonly Finding[],
  patch: readonly PatchOperation[],
  { mode }: Policy,
): Decision => {
  const denied = findings.some(({ outcome }) => outcome === 'refused')
  if (!denied && mode === 'enforce' && patch.length > 0) return { verdict: 'fix', findings, patch }
  // Nothing is repaired, and no record may say so.
  const left = findings.map(
    (finding): Finding => (finding.outcome === 'fixed' ? { ...finding, outcome: 'repairable' } : finding),
  )
  return { verdict: denied ? (mode === 'warn' ? 'would_deny' : 'deny') : 'allow', findings: left, patch: [] }
}
