/** Profile, site and overrides compiled into one policy, and the policy of one container. */
import { describe, expect, test } from '@jest/globals'
import { type Identity, unknownIdentity } from '../core/identity.ts'
import { type Policy, policyFor } from '../core/policy.ts'
import { rules } from '../rules/index.ts'
import { compilePolicy, mergeFiles } from './compile.ts'
import type { PolicyFile, RuleTable } from './policy-file.ts'

const profiles = {
  strict: {
    title: 'strict',
    rules: {
      'memory-limit': { action: 'fix', default: '1GiB' },
      seccomp: { action: 'deny' },
      privileged: { action: 'deny' },
    },
  },
}
const sandbox = {
  title: 'pause',
  rules: { 'memory-limit': { action: 'off' }, seccomp: { action: 'warn' }, 'pids-limit': { action: 'off' } },
}

const compile = (file: PolicyFile): Policy =>
  compilePolicy({ profile: 'strict', ...file }, { rules, profiles, sandbox, digest: 'x' })

const pod = (changes: Partial<Identity> = {}): Identity => ({
  ...unknownIdentity,
  engine: 'containerd',
  proven: true,
  namespace: 'batch',
  image: 'registry.example/app:1',
  name: 'app',
  ...changes,
})

const setting = (policy: Policy, identity: Identity, rule = 'memory-limit') => {
  const found = policyFor(policy, identity).rules[rule]
  return found && { action: found.action, default: found.parameters['default'] }
}

const inBatch = { namespace: 'batch' }

describe('overrides', () => {
  test('none covers: the same object', () => {
    const policy = compile({ overrides: [{ where: inBatch, rules: { seccomp: { action: 'off' } } }] })
    expect(policyFor(policy, pod({ namespace: 'web' }))).toBe(policy)
    expect(policyFor(policy, unknownIdentity)).toBe(policy)
  })

  test('only a proven engine is ever meant', () => {
    const policy = compile({ overrides: [{ where: inBatch, rules: { seccomp: { action: 'off' } } }] })
    expect(policyFor(policy, pod({ proven: false }))).toBe(policy)
    expect(setting(policy, pod(), 'seccomp')?.action).toBe('off')
  })

  test('action and parameters change alone or together, later ones win', () => {
    const policy = compile({
      overrides: [
        { where: inBatch, rules: { 'memory-limit': { default: '2GiB' } } },
        { where: { name: 'app' }, rules: { 'memory-limit': { action: 'deny' } } },
        { where: { image: 'registry.example/*' }, rules: { 'memory-limit': { default: '4GiB' } } },
        { where: { engine: 'docker' }, rules: { 'memory-limit': { default: '8GiB' } } },
      ],
    })
    expect(setting(policy, pod())).toEqual({ action: 'deny', default: '4GiB' })
    expect(setting(policy, pod({ image: 'other', name: 'x' }))).toEqual({ action: 'fix', default: '2GiB' })
    expect(setting(policy, pod({ namespace: 'x', name: 'x' }))).toEqual({ action: 'fix', default: '4GiB' })
    expect(policyFor(policy, pod()).rules['privileged']?.action).toBe('deny')
  })

  test('a rule that is off for everyone else is switched on, with every parameter', () => {
    const by = (change: RuleTable): Policy =>
      compile({ overrides: [{ where: inBatch, rules: { 'pids-limit': change } }] })
    const on = by({ action: 'warn' })
    expect(on.rules['pids-limit']?.action).toBe('off')
    const defaults = rules.find(({ id }) => id === 'pids-limit')?.parameters ?? {}
    const { action, parameters } = policyFor(on, pod()).rules['pids-limit'] ?? {}
    expect(action).toBe('warn')
    expect(Object.keys(parameters ?? {})).toEqual(Object.keys(defaults))
    // Parameters written down mean it is to be on, unless somebody has said it is not.
    expect(setting(by({ default: 100 }), pod(), 'pids-limit')?.action).toBe('deny')
    const off = compile({
      rules: { 'pids-limit': { action: 'off' } },
      overrides: [{ where: inBatch, rules: { 'pids-limit': { default: 100 } } }],
    })
    expect(setting(off, pod(), 'pids-limit')?.action).toBe('off')
  })

  test('those of several files add up in order', () => {
    const merged = mergeFiles([
      { profile: 'strict', overrides: [{ where: inBatch, rules: { 'memory-limit': { default: '2GiB' } } }] },
      { overrides: [{ where: inBatch, rules: { 'memory-limit': { default: '3GiB' } } }] },
    ])
    expect(setting(compile(merged), pod())?.default).toBe('3GiB')
  })
})

describe('pause containers', () => {
  const pause = pod({ sandbox: true })

  test('get what is milder, whatever the profile sets', () => {
    const policy = compile({ rules: { seccomp: { action: 'fix' } } })
    expect(setting(policy, pause)?.action).toBe('off')
    expect(setting(policy, pause, 'seccomp')?.action).toBe('warn')
    expect(setting(policy, pause, 'privileged')?.action).toBe('deny')
    expect(policyFor(policy, pod())).toBe(policy)
  })

  test('are never judged more strictly than others', () => {
    const policy = compile({ rules: { seccomp: { action: 'off' }, 'memory-limit': { action: 'off' } } })
    expect(policyFor(policy, pause)).toBe(policy)
  })

  test('are meant by an override only where it says so', () => {
    const where = { namespace: 'batch' }
    const change = { 'memory-limit': { action: 'deny' }, 'pids-limit': { action: 'deny' } } as const
    const loose = compile({ overrides: [{ where, rules: change }] })
    expect(setting(loose, pause)?.action).toBe('off')
    expect(setting(loose, pause, 'pids-limit')?.action).toBe('off')
    expect(setting(loose, pod(), 'pids-limit')?.action).toBe('deny')
    const meant = compile({ overrides: [{ where: { ...where, sandbox: true }, rules: change }] })
    expect(setting(meant, pause)?.action).toBe('deny')
    expect(setting(meant, pod())?.action).toBe('fix')
  })
})
