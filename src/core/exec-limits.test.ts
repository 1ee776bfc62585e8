/** Limits of one process beyond those of its container. */
import { expect, test } from '@jest/globals'
import { looserLimits, withinLimits } from './exec-limits.ts'
import type { Config, Process } from './oci.ts'
import { applyPatch } from './patch.ts'

const config: Config = {
  ociVersion: '1.0.2',
  process: {
    oomScoreAdj: -200,
    rlimits: [
      { type: 'RLIMIT_NOFILE', soft: 1024, hard: 2 ** 64 },
      { type: 'RLIMIT_NPROC', soft: 10, hard: 20 },
    ],
  },
}

const document = {
  oomScoreAdj: -300,
  scheduler: { policy: 'SCHED_RR', priority: 1 },
  rlimits: [
    { type: 'RLIMIT_MEMLOCK', soft: 1, hard: 1 },
    { type: 'RLIMIT_NOFILE', soft: 2048, hard: 2 ** 64 },
    { type: 'RLIMIT_NPROC', soft: 10, hard: 21 },
    { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
  ],
}
const process: Process = document

test('only what is too large is written, so a number of 64 bits keeps its digits', () => {
  const operations = withinLimits({ process, config, asked: undefined })
  expect(operations).toEqual([
    { op: 'replace', path: '/rlimits/1/soft', value: 1024 },
    { op: 'replace', path: '/rlimits/2/hard', value: 20 },
    { op: 'remove', path: '/rlimits/3' },
    { op: 'remove', path: '/rlimits/0' },
    { op: 'replace', path: '/oomScoreAdj', value: -200 },
    { op: 'remove', path: '/scheduler' },
  ])
  expect(applyPatch(document, operations)).toEqual({
    ok: true,
    value: { oomScoreAdj: -200, rlimits: config.process?.rlimits },
  })
})

test('what the engine had asked at create is no new demand', () => {
  const told = looserLimits({ process, config, asked: { ...process, scheduler: { policy: 'SCHED_OTHER' } } })
  expect(told.map(({ pointer }) => pointer)).toEqual(['/scheduler'])
})

test.each([
  [0, undefined, 0],
  [100, 200, 0],
  [-1, undefined, 1],
  [-999, -998, 1],
  [-998, -998, 0],
])('a score of %p, the container has %p', (oomScoreAdj, own, count) => {
  const container = { ociVersion: '1.0.2', process: own === undefined ? {} : { oomScoreAdj: own } }
  expect(looserLimits({ process: { oomScoreAdj }, config: container, asked: undefined })).toHaveLength(count)
})
