/** Lists of processors within each other. */
import { expect, test } from '@jest/globals'
import { isPartOf } from './cpu-list.ts'

test.each([
  ['0-3', '0-3', true],
  ['3', '0-3', true],
  ['0-3', '2-3,0-1', true],
  ['0-4294967295', '0-3', false],
  ['0-999999999', '0-3', false],
  ['4', '0-3,5', false],
  ['0,4', '0-3', false],
  [' 1 , 2\n', '0-3', true],
  ['0-31:2/16', '0-31', false],
  ['3-1', '0-3', false],
  ['all', '0-3', false],
  ['0', '', false],
])('%s within %s: %s', (wanted, own, expected) => {
  expect(isPartOf(wanted, own)).toBe(expected)
})
