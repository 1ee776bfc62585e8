/** What is told of a policy that serves. */
import { expect, test } from '@jest/globals'
import { unusedRules } from './exemption-use.ts'
import type { Exemption, Policy } from './policy.ts'
import { policyAdvice } from './policy-advice.ts'

const exemption: Exemption = {
  rules: ['seccomp'],
  where: { engine: 'docker' },
  reason: 'why',
  owner: 'team',
  expires: '2027-06-01',
}
const policy: Policy = {
  profile: 'p',
  mode: 'enforce',
  runtimePaths: [],
  rules: { seccomp: { action: 'deny', parameters: {} } },
  overrides: [],
  exemptions: [exemption],
  log: { file: '/log', required: true, syslog: false },
  digest: 'd',
}

const days = { today: '2027-01-01', soon: '2027-01-31' }
const kinds = (changes: Partial<Policy>): readonly string[] =>
  policyAdvice({ ...policy, ...changes }, days).map(({ kind }) => kind)

test.each([
  ['2026-12-31', ['expired']],
  ['2027-01-01', ['expiring']],
  ['2027-01-31', ['expiring']],
  ['2027-02-01', []],
])('an exemption that ends on %s', (expires, expected) => {
  expect(kinds({ exemptions: [{ ...exemption, expires }] })).toEqual(expected)
})

test('a rule is off unless profile, site or some override has it on', () => {
  const off = { seccomp: { action: 'off', parameters: {} } } as const
  expect(kinds({ rules: {} })).toEqual(['off'])
  expect(kinds({ rules: off })).toEqual(['off'])
  const on = { where: { namespace: 'x' }, rules: { seccomp: { action: 'warn', parameters: {} } } } as const
  expect(kinds({ rules: off, overrides: [on] })).toEqual([])
})

test('the built-in override of pause containers is not the site’s to hear of', () => {
  const change = { seccomp: { action: 'deny', parameters: {} } } as const
  const override = { where: { engine: 'docker', sandbox: true }, rules: change } as const
  expect(kinds({ overrides: [{ ...override, builtIn: true }] })).toEqual([])
  expect(kinds({ overrides: [override] })).toEqual(['ineffective', 'unmatched'])
})

test('use is told by rule, exemption and container', () => {
  const { reason, owner, expires } = exemption
  const identity = {
    proven: true,
    engine: 'docker',
    image: 'web',
    name: undefined,
    namespace: undefined,
  } as const
  const uses = [{ identity, findings: [{ rule: 'seccomp', reason, owner, expires }] }]
  expect(unusedRules(exemption, uses)).toEqual([])
  expect(unusedRules({ ...exemption, rules: ['seccomp', 'privileged'] }, uses)).toEqual(['privileged'])
  expect(unusedRules({ ...exemption, reason: 'another' }, uses)).toEqual(['seccomp'])
  expect(unusedRules({ ...exemption, where: { image: 'db' } }, uses)).toEqual(['seccomp'])
  const unproven = uses.map((use) => ({ ...use, identity: { ...identity, proven: false } }))
  expect(unusedRules(exemption, unproven)).toEqual(['seccomp'])
})
