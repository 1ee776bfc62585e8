/** Levels for containers that have none, with numbers and holders made up: no SELinux is needed to draw and claim. */
import { expect, test } from '@jest/globals'
import type { LevelClaim } from '../core/facts.ts'
import { ok } from '../core/result.ts'
import type { Host } from '../host/host.ts'
import { levelFacts } from './levels.ts'

const asker = { states: ['/run/runc/new'], pod: '', requester: '', dryRun: false }

/** Draws these numbers, over and over; whoever asks for one of the `held` levels is not alone. */
const madeUp = (numbers: readonly number[], held: readonly string[] = []) => {
  const asked: string[] = []
  const host: Pick<Host, 'claimLevel' | 'randomNumbers'> = {
    claimLevel: (claim, when) => {
      asked.push(`${claim.level} ${when}`)
      return ok(held.includes(claim.level) ? [{ ...claim, states: ['/run/runc/old'] }] : [])
    },
    randomNumbers: (count) => ok(Array.from({ length: count }, (_, at) => numbers[at % numbers.length] ?? 0)),
  }
  return { host, asked }
}
const within = (range: string) => ({ levels: [], ranges: [range] })

test.each([
  ['s0-s0:c0.c1023', [0, 0], 's0:c0,c1'],
  ['s0-s0:c0.c1023', [1023, 0], 's0:c0,c1023'],
  ['s0-s0:c0.c1023', [5, 1022], 's0:c4,c5'],
  ['s0-s0:c0.c1023', [2 ** 31 - 1, 2 ** 31 - 1], 's0:c1,c1023'],
  ['s0:c7-s0:c5.c9', [0, 1], 's0:c5,c7,c8'],
  ['s1-s5:c1.c3', [2, 0], 's1:c1,c3'],
])('within %s the numbers %j draw %s', (range, numbers, level) => {
  const { host, asked } = madeUp(numbers)
  expect(levelFacts(host, asker, within(range))).toEqual({
    freeLevels: { [range]: level },
    levels: { [level]: [] },
  })
  expect(asked).toEqual([`${level} free`])
})

test.each([
  ['s0:c1,c2', 's0:c1,c2'],
  ['s0-s0:c1,c2', 's0:c1,c2'],
  ['s0-s0:c1', 's0:c1'],
  ['s0-s3', 's0'],
])('%s leaves no choice: %s, whoever has it', (range, level) => {
  const { host, asked } = madeUp([0], [level])
  const { freeLevels, levels } = levelFacts(host, asker, within(range))
  expect([freeLevels[range], levels[level]?.length, asked]).toEqual([level, 1, [`${level} always`]])
})

test('a pair that is held is passed over', () => {
  const { host, asked } = madeUp([0, 0, 1, 0], ['s0:c0,c1'])
  expect(levelFacts(host, asker, within('s0-s0:c0.c3')).freeLevels).toEqual({ 's0-s0:c0.c3': 's0:c1,c2' })
  expect(asked).toEqual(['s0:c0,c1 free', 's0:c1,c2 free'])
})

test('where every pair is held there is none', () => {
  const { host } = madeUp([0, 0], ['s0:c0,c1'])
  expect(levelFacts(host, asker, within('s0-s0:c0.c3'))).toEqual({ freeLevels: {}, levels: {} })
})

test('a dry run claims nothing', () => {
  const { host, asked } = madeUp([0, 0])
  levelFacts(host, { ...asker, dryRun: true }, { levels: ['s0:c9'], ranges: ['s0-s0:c0.c3'] })
  expect(asked).toEqual(['s0:c9 never', 's0:c0,c1 never'])
})

test('who is not root of the host learns nothing', () => {
  const { host } = madeUp([0, 0])
  const denied: typeof host = {
    ...host,
    claimLevel: ({ level }: LevelClaim) => ({
      ok: false,
      error: { code: 'EPERM', syscall: 'claim', path: level },
    }),
  }
  const wanted = { levels: ['s0:c9'], ranges: ['s0-s0:c0.c3', 's0:c1,c2', 'rubbish'] }
  expect(levelFacts(denied, asker, wanted)).toEqual({ freeLevels: {}, levels: {} })
})
