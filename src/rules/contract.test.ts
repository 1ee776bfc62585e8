/** The contract of every rule: its examples are its tests (good silent, bad finds, fix clears, twice is once). */
import { describe, expect, test } from '@jest/globals'
import { type Case, evaluate } from '../core/evaluate.ts'
import { exampleInput } from '../core/example.ts'
import { rereadAs } from '../core/input.ts'
import type { Json } from '../core/json.ts'
import { defaultParameters } from '../core/parameters.ts'
import { applyPatch } from '../core/patch.ts'
import type { Policy } from '../core/policy.ts'
import type { Example, Rule } from '../core/rule.ts'
import { rules } from './index.ts'

const caseOf = (rule: Rule, example: Example, document?: Json): Case & { document: Json } => {
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
  const again = document === undefined ? undefined : rereadAs(made.input)(document)
  return {
    rules: [rule],
    policy,
    input: again ?? made.input,
    document: document ?? made.document,
    reread: rereadAs(made.input),
    today: '2026-01-01',
  }
}

describe.each(rules.map((rule) => [rule.id, rule] as const))('%s', (id, rule) => {
  test('has an identity that can be looked up', () => {
    expect(id).toMatch(/^[a-z]+(-[a-z0-9]+)*$/)
    expect(rule.title).toMatch(/^Ensure /)
    expect(rule.references.length).toBeGreaterThan(0)
    expect(rule.examples.good.length).toBeGreaterThan(0)
    const shown = new Set(rule.examples.bad.map(({ message }) => message))
    expect([...shown].toSorted()).toEqual(Object.keys(rule.messages).toSorted())
  })

  test.each(rule.examples.good.map((example) => [example.name, example] as const))(
    'good: %s',
    (_, example) => {
      expect(evaluate(caseOf(rule, example))).toEqual({ verdict: 'allow', findings: [], patch: [] })
    },
  )

  test.each(rule.examples.bad.map((example) => [example.name, example] as const))('bad: %s', (_, example) => {
    const subject = caseOf(rule, example)
    const observed = rule.check(subject.input, subject.policy.rules[id]?.parameters ?? {})
    expect(observed.map(({ message }) => message)).toContain(example.message)
    const decision = evaluate(subject)
    const fixable = example.fixable ?? rule.fixes
    if (observed.every(({ unknown }) => unknown === true)) return
    expect(decision.verdict).toBe(fixable ? 'fix' : 'deny')
    if (!fixable) return
    const patched = applyPatch(subject.document, decision.patch)
    if (!patched.ok) throw new Error(patched.error)
    const again = caseOf(rule, example, patched.value)
    expect(evaluate(again)).toEqual({ verdict: 'allow', findings: [], patch: [] })
    // Pure data in, pure data out: the document judged is never changed in place.
    expect(caseOf(rule, example).document).toEqual(subject.document)
  })
})
