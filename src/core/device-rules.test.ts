import { describe, expect, test } from '@jest/globals'
import { reachesEveryDevice } from './device-rules.ts'
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
    ['nodes only', [{ allow: true, type: 'c', access: 'm' }], false],
    ['denied again', [{ allow: true }, deny], false],
    ['one half denied again', [{ allow: true }, { allow: false, type: 'b', access: 'rwm' }], true],
    ['writing denied, reading left', [{ allow: true }, { allow: false, access: 'w' }], true],
  ])('%s', (_, rules, expected) => {
    expect(reachesEveryDevice(rules)).toBe(expected)
  })
})
