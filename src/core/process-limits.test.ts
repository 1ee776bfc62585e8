/** Limits as set and as inherited. */
import { expect, test } from '@jest/globals'
import { noHostFacts } from './facts.ts'
import { hardLimit, inheritedLimit } from './process-limits.ts'

const text =
  'Limit                     Soft Limit           Hard Limit           Units     \nMax core file size        0                    unlimited            bytes     \nMax processes             96365                96365                processes \nMax open files            20000                1048576              files     \n'
const facts = { ...noHostFacts, texts: { '/proc/self/limits': text } }

test('the limits of the caller are the first two numbers', () => {
  expect(inheritedLimit(facts, 'RLIMIT_NOFILE')).toEqual({ soft: 20000, hard: 1048576 })
  expect(inheritedLimit(facts, 'RLIMIT_CORE')).toEqual({ soft: 0, hard: Number.POSITIVE_INFINITY })
  expect(inheritedLimit(facts, 'RLIMIT_MEMLOCK')).toBeUndefined()
  expect(inheritedLimit(noHostFacts, 'RLIMIT_NOFILE')).toBeUndefined()
})

test('of two limits of one kind the larger counts, and the largest numbers are none', () => {
  const limit = (hard: number): object => ({ type: 'RLIMIT_NOFILE', soft: 1, hard })
  const process = JSON.parse(JSON.stringify({ rlimits: [limit(10), limit(20), limit(5)] }))
  expect(hardLimit(process, 'RLIMIT_NOFILE')).toBe(20)
  expect(hardLimit(process, 'RLIMIT_NPROC')).toBeUndefined()
  expect(hardLimit({ rlimits: [{ type: 'RLIMIT_CORE', soft: 0, hard: 2 ** 64 }] }, 'RLIMIT_CORE')).toBe(
    Number.POSITIVE_INFINITY,
  )
})
