/** What an update loosens, where examples of rules would have to repeat much. */
import { describe, expect, test } from '@jest/globals'
import { loosenedLimits } from './loosened-limits.ts'
import type { CpuResources, Resources } from './oci.ts'

const pointersOf = (update: Resources, admitted: Resources): readonly string[] =>
  loosenedLimits(update, admitted).map(({ how, pointer }) => `${how} ${pointer}`)

describe('CPU time', () => {
  const half: CpuResources = { quota: 50000, period: 100000 }

  test.each<[CpuResources, CpuResources, readonly string[]]>([
    [{ quota: 50000 }, half, []],
    [{ quota: 50001 }, half, ['raised /cpu/quota']],
    [{ quota: 50000, period: 200000 }, half, []],
    [{ quota: 25000, period: 50000 }, half, ['raised /cpu/quota']],
    [{ period: 100000 }, half, ['removed /cpu/period']],
    [{ quota: 0, period: 100000 }, half, ['removed /cpu/period']],
    [{ quota: -1 }, half, ['removed /cpu/quota']],
    [{ quota: 0, period: 0 }, half, []],
    [{ quota: -1, period: 1000 }, {}, []],
    [{ quota: 50000 }, { quota: 50000 }, []],
    // crun writes the usual period where an update names none.
    [{ quota: 500000 }, { quota: 500000, period: 1000000 }, ['raised /cpu/quota']],
    [{ burst: 1 }, half, ['raised /cpu/burst']],
    [{ burst: 1 }, {}, []],
  ])('%j of %j: %j', (cpu, own, expected) => {
    expect(pointersOf({ cpu }, { cpu: own })).toEqual(expected)
  })

  test('no two updates together give more than was admitted', () => {
    // Whatever an allowed update leaves as the period, a quota alone that is allowed after it is worth no more.
    const values = [0, 1000, 10000, 50000, 100000, 400000, 1000000]
    for (const own of [half, { quota: 200000, period: 1000000 }, { quota: 5000, period: 10000 }]) {
      const share = own.quota ? own.quota / (own.period ?? 100000) : 0
      for (const quota of values)
        for (const period of values)
          for (const then of values) {
            const first = loosenedLimits({ cpu: { quota, period } }, { cpu: own })
            const second = loosenedLimits({ cpu: { quota: then } }, { cpu: own })
            if (first.length + second.length > 0 || then === 0) continue
            const left = period !== 0 ? period : (own.period ?? 100000)
            expect(then / left).toBeLessThanOrEqual(share)
          }
    }
  })
})

test('the file of swap is compared with the swap in the total', () => {
  const own: Resources = { memory: { limit: 100, swap: 150 } }
  expect(pointersOf({ unified: { 'memory.swap.max': '50' } }, own)).toEqual([])
  expect(pointersOf({ unified: { 'memory.swap.max': '51' } }, own)).toEqual([
    'raised /unified/memory.swap.max',
  ])
  expect(pointersOf({ unified: { 'memory.swap.max': 'max' } }, own)).toEqual([
    'removed /unified/memory.swap.max',
  ])
})

test('a file of the admitted resources goes before their number', () => {
  const own: Resources = { pids: { limit: 500 }, unified: { 'pids.max': '100', 'cpu.max': '1000 10000' } }
  expect(pointersOf({ pids: { limit: 200 } }, own)).toEqual(['raised /pids/limit'])
  expect(pointersOf({ unified: { 'cpu.max': '1000' } }, own)).toEqual([])
  expect(pointersOf({ unified: { 'cpu.max': '1001' } }, own)).toEqual(['raised /unified/cpu.max'])
})
