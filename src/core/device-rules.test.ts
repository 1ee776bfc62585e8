import { describe, expect, test } from '@jest/globals'
import { deniesAll, isOwnDevice, reachesEveryDevice, rulesBeyond, splitDevice } from './device-rules.ts'
import type { DeviceRule } from './oci.ts'

const deny = { allow: false, access: 'rwm' }

describe('reachesEveryDevice', () => {
  test.each<[string, readonly DeviceRule[], boolean]>([
    ['no rules', [], false],
    ['deny all', [deny], false],
    ['single devices', [deny, { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' }], false],
    ['one major', [{ allow: true, type: 'b', major: 8, access: 'rwm' }], false],
    ['allow all, no fields', [deny, { allow: true }], true],
    [
      'allow all, wildcards by number',
      [{ allow: true, type: 'a', major: -1, minor: -1, access: 'rwm' }],
      true,
    ],
    ['all block devices, read only', [{ allow: true, type: 'b', access: 'r' }], true],
    ['all character devices', [{ allow: true, type: 'c', access: 'w' }], true],
    ['unbuffered character devices', [{ allow: true, type: 'u', access: 'w' }], true],
    [
      'type a, which runc takes for everything whatever else it says',
      [deny, { allow: true, type: 'a', major: 1, minor: 3, access: 'm' }],
      true,
    ],
    ['an empty type', [{ allow: true, type: '' }], true],
    ['nodes only', [{ allow: true, type: 'c', access: 'm' }], false],
    ['denied again', [{ allow: true }, deny], false],
    ['one half denied again', [{ allow: true }, { allow: false, type: 'b', access: 'rwm' }], true],
    ['writing denied, reading left', [{ allow: true }, { allow: false, access: 'w' }], true],
  ])('%s', (_, rules, expected) => {
    expect(reachesEveryDevice(rules)).toBe(expected)
  })
})

describe('rulesBeyond', () => {
  const loop = { type: 'c', major: 10, minor: 237, access: 'rwm' }
  const numbers = (rules: readonly DeviceRule[], allowed: readonly string[] = []): readonly string[] =>
    rulesBeyond(rules, allowed).map(({ number }) => number)
  test.each<[string, readonly DeviceRule[], readonly string[]]>([
    ['what Docker writes', [deny, { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' }], []],
    [
      'pseudo-terminals, one or all',
      [
        { allow: true, type: 'c', major: 136 },
        { allow: true, type: 'c', major: 136, minor: 4 },
      ],
      [],
    ],
    ['mknod of anything, which runc allows anyway', [{ allow: true, type: 'b', access: 'm' }], []],
    ['a device', [deny, { ...loop, allow: true }], ['c 10:237']],
    ['a device, unbuffered', [{ ...loop, type: 'u', allow: true }], ['c 10:237']],
    [
      'denied before',
      [
        { ...loop, allow: false },
        { ...loop, allow: true },
      ],
      ['c 10:237'],
    ],
    [
      'denied after',
      [
        { ...loop, allow: true },
        { ...loop, allow: false },
      ],
      [],
    ],
    [
      'half denied after',
      [
        { ...loop, allow: true },
        { ...loop, allow: false, access: 'w' },
      ],
      ['c 10:237'],
    ],
    [
      'a wider denial after',
      [
        { ...loop, allow: true },
        { allow: false, type: 'c' },
      ],
      ['c 10:237'],
    ],
    ['all denied after', [{ ...loop, allow: true }, deny], []],
    ['a whole major', [{ allow: true, type: 'b', major: 8, access: 'r' }], ['b 8:*']],
    ['everything', [{ allow: true }], ['a *:*']],
  ])('%s', (_, rules, expected) => {
    expect(numbers(rules)).toEqual(expected)
  })
  test('allowed devices are left out', () => {
    expect(numbers([{ ...loop, allow: true }], ['c 10:*'])).toEqual([])
    expect(isOwnDevice('b 8:0', ['c 8:0'])).toBe(false)
  })
})

test('only a denial of everything denies everything', () => {
  expect(deniesAll([deny])).toBe(true)
  expect(deniesAll([{ allow: false, type: 'c' }, { allow: true }])).toBe(false)
})

test('device numbers are split as glibc does', () => {
  expect(splitDevice('2049')).toEqual({ major: 8, minor: 1 })
  expect(splitDevice(String(259 * 256 + 0x45 + 0x123 * 2 ** 20))).toEqual({ major: 259, minor: 0x12345 })
})
