import { describe, expect, test } from '@jest/globals'
import type { Seccomp, SeccompArgument } from './oci.ts'
import { allowedCalls, refuses } from './seccomp.ts'
import { architecturesOf, defaultSeccomp, isOpenedBy } from './seccomp-default.ts'
import { isConfig } from './shape.ts'

const filter = (defaultAction: string, ...rules: readonly [string, string, SeccompArgument?][]): Seccomp => ({
  defaultAction: `SCMP_ACT_${defaultAction}`,
  architectures: ['SCMP_ARCH_X86_64'],
  syscalls: rules.map(([name, action, argument]) => ({
    names: [name],
    action: `SCMP_ACT_${action}`,
    ...(argument === undefined ? {} : { args: [argument] }),
  })),
})

const first = (op: string, value: number, valueTwo?: number): SeccompArgument => ({
  index: 0,
  op: `SCMP_CMP_${op}`,
  value,
  ...(valueTwo === undefined ? {} : { valueTwo }),
})

const newUser = 0x10000000

describe('allowedCalls', () => {
  test.each<[string, Seccomp, boolean]>([
    ['not named', filter('ERRNO'), false],
    ['named', filter('ERRNO', ['bpf', 'ALLOW']), true],
    ['logged', filter('ERRNO', ['bpf', 'LOG']), true],
    ['notified', filter('KILL', ['bpf', 'NOTIFY']), true],
    ['an action nobody knows', filter('ERRNO', ['bpf', 'MAYBE']), true],
    ['refused first, then allowed', filter('ERRNO', ['bpf', 'ERRNO'], ['bpf', 'ALLOW']), true],
    ['one argument value', filter('ERRNO', ['bpf', 'ALLOW', first('EQ', 1)]), false],
    ['some bits of an argument', filter('ERRNO', ['bpf', 'ALLOW', first('MASKED_EQ', 7, 1)]), false],
    ['no bits of an argument', filter('ERRNO', ['bpf', 'ALLOW', first('MASKED_EQ', 0, 0)]), true],
    ['all argument values but one', filter('ERRNO', ['bpf', 'ALLOW', first('NE', 1)]), true],
    ['open, not named', filter('ALLOW'), true],
    ['open, refused', filter('ALLOW', ['bpf', 'ERRNO']), false],
    ['open, killed', filter('ALLOW', ['bpf', 'KILL_PROCESS']), false],
    ['open, logged', filter('ALLOW', ['bpf', 'LOG'], ['bpf', 'ERRNO']), true],
    ['open, refused for one argument value', filter('ALLOW', ['bpf', 'ERRNO', first('EQ', 1)]), true],
  ])('a call that is %s', (_, seccomp, allowed) => {
    expect(allowedCalls(seccomp, ['bpf'])).toEqual(allowed ? ['bpf'] : [])
  })

  test.each<[string, Seccomp, boolean]>([
    ["as in Docker's default", filter('ERRNO', ['clone', 'ALLOW', first('MASKED_EQ', 0x7e020000, 0)]), false],
    [
      'a mask that leaves the flag free',
      filter('ERRNO', ['clone', 'ALLOW', first('MASKED_EQ', 0x00020000, 0)]),
      true,
    ],
    [
      'a mask that wants the flag',
      filter('ERRNO', ['clone', 'ALLOW', first('MASKED_EQ', newUser, newUser)]),
      true,
    ],
    ['one value without it', filter('ERRNO', ['clone', 'ALLOW', first('EQ', 0x11)]), false],
    ['one value with it', filter('ERRNO', ['clone', 'ALLOW', first('EQ', newUser + 0x11)]), true],
    ['small values', filter('ERRNO', ['clone', 'ALLOW', first('LT', newUser)]), false],
    ['small values and this', filter('ERRNO', ['clone', 'ALLOW', first('LE', newUser)]), true],
    ['another argument', filter('ERRNO', ['clone', 'ALLOW', { ...first('EQ', 0), index: 1 }]), true],
    ['a number that was rounded', filter('ERRNO', ['clone', 'ALLOW', first('EQ', 2 ** 64)]), true],
    [
      'open, refused with it',
      filter('ALLOW', ['clone', 'ERRNO', first('MASKED_EQ', newUser, newUser)]),
      false,
    ],
    ['open, refused for this value only', filter('ALLOW', ['clone', 'ERRNO', first('EQ', newUser)]), true],
  ])('a flag: %s', (_, seccomp, allowed) => {
    expect(allowedCalls(seccomp, ['clone(CLONE_NEWUSER)'])).toEqual(allowed ? ['clone(CLONE_NEWUSER)'] : [])
  })

  test('conditions on one argument are a rule each, on several hold together', () => {
    const rule = (args: readonly SeccompArgument[]): Seccomp => ({
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [{ names: ['bpf'], action: 'SCMP_ACT_ALLOW', args }],
    })
    expect(allowedCalls(rule([first('EQ', 0), first('NE', 0)]), ['bpf'])).toEqual(['bpf'])
    expect(allowedCalls(rule([first('EQ', 0), { ...first('NE', 0), index: 1 }]), ['bpf'])).toEqual([])
  })

  test('a 32-bit architecture has names of its own', () => {
    const seccomp = filter('ALLOW', ['umount2', 'ERRNO'])
    expect(allowedCalls(seccomp, ['umount2'])).toEqual([])
    const both = { ...seccomp, architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'] }
    expect(allowedCalls(both, ['umount2'])).toEqual(['umount'])
  })

  test('knows what keeps a call from running', () => {
    expect(
      ['ERRNO', 'TRAP', 'KILL', 'ALLOW', 'TRACE', 'LOG'].filter((name) => refuses(`SCMP_ACT_${name}`)),
    ).toEqual(['ERRNO', 'TRAP', 'KILL'])
  })
})

describe('defaultSeccomp', () => {
  const asked = [
    'bpf',
    'mount',
    'keyctl',
    'io_uring_setup',
    'unshare(CLONE_NEWUSER)',
    'clone(CLONE_NEWUSER)',
    'clone3',
  ]
  const allowed = (capabilities: readonly string[]): readonly string[] => {
    const document = {
      ociVersion: '1.0.2',
      linux: { seccomp: defaultSeccomp(capabilities, ['bpf'], architecturesOf('x86_64')) },
    }
    if (!isConfig(document) || document.linux?.seccomp === undefined) throw new Error('not well formed')
    return allowedCalls(document.linux.seccomp, [...asked, 'read'])
  }

  test('refuses what no capability opens', () => {
    expect(allowed([])).toEqual(['read'])
    expect(allowed(['CAP_NET_RAW', 'CAP_UNHEARD_OF'])).toEqual(['read'])
  })

  test('opens what a capability is for', () => {
    const opened = ['bpf', 'mount', 'unshare(CLONE_NEWUSER)', 'clone(CLONE_NEWUSER)', 'clone3']
    expect(allowed(['CAP_SYS_ADMIN'])).toEqual([...opened, 'read'])
    expect(opened.every((call) => isOpenedBy(['CAP_SYS_ADMIN'], call))).toBe(true)
    expect(isOpenedBy(['CAP_SYS_ADMIN'], 'moun')).toBe(false)
  })
})
