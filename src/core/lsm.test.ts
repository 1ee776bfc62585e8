/** Profile names against the list of loaded profiles. */
import { describe, expect, test } from '@jest/globals'
import { noHostFacts } from './facts.ts'
import { apparmorState, enforcedProfile, judgeProfile, selinuxState } from './lsm.ts'

const facts = {
  ...noHostFacts,
  onHost: true,
  texts: {
    '/sys/module/apparmor/parameters/enabled': 'Y\n',
    '/sys/kernel/security/apparmor/profiles':
      'docker-default (enforce)\nmine (complain)\n/usr/bin/man (enforce)\nloose (unconfined)\ncontainers-default-0.50.1 (enforce)\n',
  },
}

describe('profiles', () => {
  test.each([
    ['docker-default', 'enforced'],
    ['/usr/bin/man', 'enforced'],
    ['docker-default//&/usr/bin/man', 'enforced'],
    ['', 'none'],
    ['unconfined', 'unconfined'],
    [' unconfined', 'unconfined'],
    ['docker-default//&unconfined', 'unconfined'],
    ['docker-default//&', 'none'],
    [':ns:docker-default', 'namespace'],
    ['mine', 'mode'],
    ['loose', 'mode'],
    ['ocker-default', 'absent'],
    ['docker', 'absent'],
    ['man', 'absent'],
  ])('%j is %s', (name, kind) => expect(judgeProfile(name, facts).kind).toBe(kind))
  test('nobody can say where the list is not there', () => {
    expect(judgeProfile('docker-default', noHostFacts).kind).toBe('unlisted')
  })
  test('an engine default is found by its beginning, in enforce mode only', () => {
    expect(enforcedProfile('containers-default-', facts)).toBe('containers-default-0.50.1')
    expect(enforcedProfile('mine', facts)).toBeUndefined()
    expect(enforcedProfile('docker-default', noHostFacts)).toBeUndefined()
  })
})

test('a host without either module, and one nobody looked at', () => {
  const none = { ...noHostFacts, onHost: true }
  expect([apparmorState(none), selinuxState(none)]).toEqual(['off', 'off'])
  expect([apparmorState(noHostFacts), selinuxState(noHostFacts)]).toEqual(['unknown', 'unknown'])
  const off = { ...none, texts: { '/sys/module/apparmor/parameters/enabled': 'N\n' } }
  expect(apparmorState(off)).toBe('off')
  const permissive = { ...none, texts: { '/sys/fs/selinux/enforce': '0' } }
  expect(selinuxState(permissive)).toBe('permissive')
})
