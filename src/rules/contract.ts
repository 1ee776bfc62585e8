/** The contract of every rule, as a function: good examples are silent, bad ones find, a fix clears, twice is once. */
import { activeRules, type Case, evaluate } from '../core/evaluate.ts'
import { exampleInput } from '../core/example.ts'
import { type HostFacts, noHostFacts, type Probe } from '../core/facts.ts'
import { rereadAs } from '../core/input.ts'
import type { Json } from '../core/json.ts'
import { defaultParameters } from '../core/parameters.ts'
import { applyPatch } from '../core/patch.ts'
import type { Policy } from '../core/policy.ts'
import type { BadExample, Example, Rule } from '../core/rule.ts'

/** What is wrong with a rule as a whole; empty: nothing. */
export const breachesOfRule = ({ id, title, references, examples, messages }: Rule): readonly string[] => {
  const shown = new Set(examples.bad.map(({ message }) => message))
  const unshown = Object.keys(messages).filter((key) => !shown.has(key))
  const unsaid = [...shown].filter((key) => messages[key] === undefined)
  return [
    ...(/^[a-z]+(-[a-z0-9]+)*$/.test(id) ? [] : [`the id ${id} is no slug`]),
    ...(title.startsWith('Ensure ') ? [] : ['the title does not begin with Ensure']),
    ...(references.length > 0 ? [] : ['there is no reference']),
    ...(examples.good.length > 0 ? [] : ['there is no good example']),
    ...unshown.map((key) => `no bad example shows the message ${key}`),
    ...unsaid.map((key) => `there is no message ${key}`),
  ]
}

/** What is wrong with a good example: any finding. */
export const breachesOfGood = (rule: Rule, example: Example): readonly string[] => {
  const subject = caseOf(rule, example)
  const { verdict, findings, patch } = evaluate(subject)
  if (isBlind(rule, subject)) return [unasked]
  return verdict === 'allow' && findings.length === 0 && patch.length === 0
    ? []
    : [`verdict ${verdict}: ${findings.map(({ message }) => message).join('; ')}`]
}

/** What is wrong with a bad example: not found, not refused, or not cleared by its fix once and for all. */
export const breachesOfBad = (rule: Rule, example: BadExample<string>): readonly string[] => {
  const subject = caseOf(rule, example)
  const observed = rule.check(subject.input, subject.policy.rules[rule.id]?.parameters ?? {})
  const found = observed.map(({ message }) => message)
  const silent = observed.filter(({ actual, expected }) => !isTold(actual) || !isTold(expected))
  if (silent.length > 0)
    return silent.map(({ message }) => `${message} does not say what was found, or expected`)
  if (isBlind(rule, subject)) return [unasked]
  if (!found.includes(example.message)) return [`${example.message} is not found, only [${found.join(', ')}]`]
  if (observed.every(({ unknown }) => unknown === true)) return []
  const { verdict, patch } = evaluate(subject)
  const expected = (example.fixable ?? rule.fixes) ? 'fix' : 'deny'
  if (verdict !== expected) return [`verdict ${verdict} instead of ${expected}`]
  if (expected === 'deny') return []
  const patched = applyPatch(subject.document, patch)
  if (!patched.ok) return [`the patch does not apply: ${patched.error}`]
  const again = evaluate(caseOf(rule, example, patched.value))
  const left = again.findings.filter(({ outcome }) => outcome !== 'unknown')
  return [
    ...left.map(({ message }) => `left after the fix: ${message}`),
    ...(again.patch.length === 0 ? [] : ['fixing twice changes something again']),
    // Pure data in, pure data out: the document judged is never changed in place.
    ...(sameJson(caseOf(rule, example).document, subject.document) ? [] : ['the document was changed']),
  ]
}

// Not every text of a mutant is one.
const isTold = (text: unknown): boolean => typeof text === 'string' && text !== ''

const unasked = 'it judges by facts of the host that its probes do not ask for'

/** Whether less is found, or something else, where only those facts are there that the rule asks for. */
const isBlind = (rule: Rule, { input, policy }: Case): boolean => {
  if (!input.facts.onHost) return false
  const parameters = policy.rules[rule.id]?.parameters ?? {}
  const facts = {
    ...noHostFacts,
    onHost: true,
    listeners: rule.listens === true ? input.facts.listeners : [],
  }
  const asked = rule.probes({ ...input, facts }, parameters)
  const seen = rule.check({ ...input, facts: gathered(input.facts, asked) }, parameters)
  return JSON.stringify(seen) !== JSON.stringify(rule.check(input, parameters))
}

/** Of these facts, those that are gathered for the probes (src/runtime/facts.ts). */
const gathered = (facts: HostFacts, probes: readonly Probe[]): HostFacts => {
  const of = <Fact>(all: { readonly [path: string]: Fact }, ...kinds: readonly Probe['kind'][]) =>
    Object.fromEntries(
      Object.entries(all).filter(([path]) =>
        probes.some((probe) => kinds.includes(probe.kind) && probe.path === path),
      ),
    )
  const freeLevels = of(facts.freeLevels, 'free-level')
  const given = Object.entries(facts.levels).filter(([level]) => Object.values(freeLevels).includes(level))
  return {
    ...facts,
    paths: of(facts.paths, undefined),
    texts: of(facts.texts, 'text'),
    inside: of(facts.inside, 'inside'),
    ownership: of(facts.ownership, 'ownership'),
    labels: of(facts.labels, 'label'),
    contexts: of(facts.contexts, 'context'),
    levels: { ...of(facts.levels, 'level'), ...Object.fromEntries(given) },
    freeLevels,
    dockerds: of(facts.dockerds, 'dockerd'),
  }
}

const sameJson = (left: Json, right: Json): boolean => JSON.stringify(left) === JSON.stringify(right)

const caseOf = (rule: Rule, example: Example, document?: Json): Case => {
  const made = exampleInput(example)
  if (made === undefined) throw new Error(`example "${example.name}" of ${rule.id} is not well formed`)
  const parameters = { ...defaultParameters(rule.parameters), ...example.parameters }
  const policy: Policy = {
    profile: 'example',
    mode: 'enforce',
    runtimePaths: [],
    rules: { [rule.id]: { action: rule.fixes ? 'fix' : 'deny', parameters } },
    overrides: [],
    exemptions: [],
    log: { file: '', required: true, syslog: false },
    digest: 'example',
  }
  const reread = rereadAs(made.input)
  const again = document === undefined ? undefined : reread(document)
  return {
    active: activeRules([rule], policy, made.input.operation),
    policy,
    input: again ?? made.input,
    document: document ?? made.document,
    reread,
    today: '2026-01-01',
  }
}
