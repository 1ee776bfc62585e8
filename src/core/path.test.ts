import { describe, expect, test } from '@jest/globals'
import { cleanPath, isWithin } from './path.ts'

describe('cleanPath', () => {
  test.each([
    ['/proc/kcore', '/proc/kcore'],
    ['/proc//kcore/', '/proc/kcore'],
    ['/proc/./a/../kcore', '/proc/kcore'],
    ['proc/kcore', '/proc/kcore'],
    ['/../..', '/'],
    ['/', '/'],
    ['', '/'],
    ['/.hidden', '/.hidden'],
    ['/a/..b', '/a/..b'],
  ])('%s is %s', (path, cleaned) => {
    expect(cleanPath(path)).toBe(cleaned)
  })
})

describe('isWithin', () => {
  test.each([
    ['/proc', '/proc', true],
    ['/proc/sys', '/proc', true],
    ['/process', '/proc', false],
    ['/proc', '/proc/sys', false],
    ['/anything', '/', true],
  ])('%s within %s: %s', (path, folder, within) => {
    expect(isWithin(path, folder)).toBe(within)
  })
})
