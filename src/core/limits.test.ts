import { expect, test } from '@jest/globals'
import { limitOf, memoryLimitKind } from './limits.ts'

test.each([
  [undefined, undefined],
  [{}, undefined],
  [{ memory: { limit: 0 } }, undefined],
  [{ memory: { limit: 5 } }, 5],
  [{ memory: { limit: -1 } }, Number.POSITIVE_INFINITY],
  [{ memory: { limit: 5 }, unified: { 'memory.max': '7' } }, 7],
  [{ memory: { limit: 5 }, unified: { 'memory.max': 'max' } }, Number.POSITIVE_INFINITY],
  [{ memory: { limit: 5 }, unified: { 'memory.max': '1k\n' } }, 1024],
  [{ memory: { limit: 5 }, unified: { 'memory.max': '0' } }, 0],
  [{ memory: { limit: 5 }, unified: { 'memory.high': 'max' } }, 5],
])('%j comes to %s', (resources, value) => {
  expect(limitOf(resources, memoryLimitKind)?.value).toBe(value)
})
