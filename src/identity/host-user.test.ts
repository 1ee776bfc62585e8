/** Users of the host by the process that calls, and their ranges. */
import { describe, expect, test } from '@jest/globals'
import { memoryHost } from '../../test/support/memory-host.ts'
import { formatRange } from '../selinux/range.ts'
import { callingUser, loginRange } from './host-user.ts'

const files = {
  '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nalice:x:1000:100::/home/alice:/bin/sh\n',
  '/etc/group': 'users:x:100:\nradar:x:200:bob,alice\nsonar:x:201:alicea\n',
  '/seusers':
    '# logins\n__default__:unconfined_u:s0-s15:c0.c1023\nalice:user_u:s0-s2:c0.c7\n%radar:user_u:s1\n',
}

/** A host where this uid calls; with a map in a user namespace. */
const hostOf = (uid: number, map?: string) => {
  const { host } = memoryHost({
    uid,
    files: { ...files, ...(map === undefined ? {} : { '/proc/self/uid_map': map }) },
  })
  return map === undefined
    ? host
    : Object.assign(host, { process: { ...host.process, initialUserNamespace: false } })
}

describe('the calling user', () => {
  const alice = { ok: true, value: { user: 'alice', groups: ['users', 'radar'] } }
  test('by uid', () => expect(callingUser(hostOf(1000))).toEqual(alice))
  test('root of a user namespace is who made it', () => {
    expect(
      callingUser(hostOf(0, '         0       1000          1\n         1     100000      65536\n')),
    ).toEqual(alice)
  })
  test.each([
    ['root', hostOf(0)],
    ['a uid without a name', hostOf(1001)],
    ['another of the namespace’s', hostOf(5, '0 1000 1\n1 100000 65536\n')],
    ['a namespace of root’s', hostOf(0, '0 0 4294967295\n')],
    ['a namespace without a map', hostOf(0, '')],
  ])('%s is nobody', (_, host) => expect(callingUser(host).ok).toBe(false))
})

describe('the range of a login', () => {
  const host = hostOf(0)
  const rangeOf = (user: string, groups: readonly string[], path = '/seusers'): string | undefined => {
    const range = loginRange(host, path, { user, groups })
    return range && formatRange(range)
  }
  test('its own, its group’s, never the default’s', () => {
    expect(rangeOf('alice', ['radar'])).toBe('s0-s2:c0.c7')
    expect(rangeOf('bob', ['radar'])).toBe('s1')
    expect(rangeOf('mallory', ['users'])).toBeUndefined()
    expect(rangeOf('alice', [], '')).toBeUndefined()
    expect(rangeOf('__default__', [], '/none')).toBeUndefined()
  })
})
