/**
 * Attacks on the trail: what root, or whoever became root, could do to a decision log. Each is caught by `lintel log
 * verify`, or by the next record; what is not is stated in SECURITY.md and tested as such. Needs root.
 */
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, jest, test } from '@jest/globals'
import type { FaultKind } from '../src/trail/chain.ts'
import { decisionLog, type Shim } from './support/shim.ts'
import {
  altered,
  beginAnew,
  decide,
  found,
  hashOf,
  linesOf,
  linked,
  onHost,
  relinked,
  rotate,
  verify,
} from './support/trail.ts'

jest.setTimeout(60_000)

let shim: Shim
onHost((opened) => {
  shim = opened
})

const head = `${decisionLog}.head`
const textOf = (file: string): string => readFileSync(shim.path(file), 'utf8')

/** Records 1 to 4, rotated, and 5 to 9. */
interface Log {
  readonly old: readonly string[]
  readonly now: readonly string[]
}

const without = (lines: readonly string[], ...indexes: readonly number[]): readonly string[] =>
  lines.filter((_, index) => !indexes.includes(index))

type Attack = readonly [
  name: string,
  change: (log: Log) => Partial<Log> & { readonly text?: string },
  expected: readonly `${FaultKind} ${string}`[],
]

const doubled = [1, 2, 3, 4].map((number) => `duplicated ${number}` as const)
const padded = (line = '', length: number): string => line.replace('{', `{"pad":"${'x'.repeat(length)}",`)

const attacks: readonly Attack[] = [
  ['the first record removed', ({ old }) => ({ old: without(old, 0) }), ['removed 1']],
  ['a record in the middle removed', ({ now }) => ({ now: without(now, 2) }), ['removed 7']],
  ['three in a row removed', ({ now }) => ({ now: without(now, 1, 2, 3) }), ['removed 6-8']],
  ['the last record removed', ({ now }) => ({ now: without(now, 4) }), ['truncated 9']],
  ['the last of the rotated file removed', ({ old }) => ({ old: without(old, 3) }), ['removed 4']],
  ['the first of the new file removed', ({ now }) => ({ now: without(now, 0) }), ['removed 5']],
  ['all of the new file removed', () => ({ now: [] }), ['truncated 5-9']],
  ['a byte altered', ({ old }) => ({ old: old.with(1, altered(old[1])) }), ['altered 2']],
  [
    'a byte of the last record altered',
    ({ now }) => ({ now: now.with(4, altered(now[4])) }),
    ['rewritten 9'],
  ],
  [
    'a number altered',
    ({ now }) => ({ now: now.with(2, (now[2] ?? '').replace('"sequence":7', '"sequence":70')) }),
    ['moved 8', 'moved 9', 'removed 7', 'removed 10-69'],
  ],
  [
    'what a record is known by altered',
    ({ now }) => ({ now: now.with(2, (now[2] ?? '').replace('"sequence"', '"Sequence"')) }),
    ['inserted 0', 'removed 7'],
  ],
  [
    'two records swapped',
    ({ now }) => ({ now: [now[0], now[2], now[1], now[3], now[4]].map(String) }),
    ['moved 6'],
  ],
  ['a record copied to the end', ({ now }) => ({ now: [...now, now[1] ?? ''] }), ['duplicated 6']],
  [
    'a record copied in place',
    ({ now }) => ({ now: [...now.slice(0, 2), ...now.slice(1)] }),
    ['duplicated 6'],
  ],
  [
    'a forged record put in',
    ({ now }) => ({ now: [...now.slice(0, 2), altered(now[1]), ...now.slice(2)] }),
    ['inserted 6'],
  ],
  [
    'a forged record put in and chained',
    ({ now }) => ({
      now: [
        ...now.slice(0, 2),
        ...relinked([(now[2] ?? '').replace('c2', 'c7')], hashOf(now[1] ?? '')),
        ...now.slice(2),
      ],
    }),
    ['inserted 7', 'altered 7'],
  ],
  [
    'a line that is no record put in',
    ({ now }) => ({ now: [...now.slice(0, 2), '# nothing to see', ...now.slice(2)] }),
    ['inserted 0'],
  ],
  [
    'the end rewritten and chained anew',
    ({ now }) => ({
      now: [...now.slice(0, 1), ...relinked([altered(now[1]), ...now.slice(2)], hashOf(now[0] ?? ''))],
    }),
    ['rewritten 9'],
  ],
  [
    'a record taken out and the rest chained and numbered anew',
    ({ now }) => ({
      now: [
        now[0] ?? '',
        ...relinked(
          now.slice(2).map((line, index) => line.replace(/"sequence":\d+/, `"sequence":${6 + index}`)),
          hashOf(now[0] ?? ''),
        ),
      ],
    }),
    ['truncated 9'],
  ],
  [
    'the end put on with more, chained',
    ({ now }) => ({ now: [...now, altered(now[4]).replace('"sequence":9', '"sequence":10')] }),
    ['altered 9'],
  ],
  [
    'cut in the middle of the last line',
    ({ now }) => ({ now: now.slice(0, 4), text: (now[4] ?? '').slice(0, 99) }),
    ['truncated 9'],
  ],
  [
    'a chain of its own in its place',
    ({ now }) => ({
      now: relinked(
        now.map((line, index) => line.replace(/"sequence":\d+/, `"sequence":${1 + index}`)),
        '',
      ),
    }),
    ['restarted 1', 'truncated 5-9'],
  ],
  ['the rotated file under a second name', ({ old, now }) => ({ now: [...old, ...now] }), doubled],
  [
    'another file that claims the same numbers',
    ({ old, now }) => ({ now: [...relinked(old.map(altered), ''), ...now] }),
    // Which of the two is right only seals or a copy elsewhere can tell.
    ['altered 4', 'restarted 1', 'truncated 5-9'],
  ],
  [
    'the rotated file gone, and the first of the next',
    ({ now }) => ({ old: [], now: now.slice(1) }),
    ['removed 1-5'],
  ],
  [
    'a record of 4 MiB put in',
    ({ now }) => ({ now: now.toSpliced(2, 0, padded(now[1], 4 << 20)) }),
    ['inserted 6'],
  ],
  ['a record made 4 MiB long', ({ now }) => ({ now: now.with(2, padded(now[2], 4 << 20)) }), ['altered 7']],
  [
    '4 MiB that are no record',
    ({ now }) => ({ now: now.toSpliced(2, 0, 'x'.repeat(4 << 20)) }),
    ['inserted 0'],
  ],
  ...['1e308', '9007199254740992', '18446744073709551615', '-1', '7.0'].map(
    (number): Attack => [
      `the number ${number}`,
      ({ now }) => ({ now: now.with(2, (now[2] ?? '').replace('"sequence":7', `"sequence":${number}`)) }),
      ['inserted 0', 'removed 7'],
    ],
  ),
  [
    'the highest number there is',
    ({ now }) => ({
      now: [
        ...now,
        ...relinked(
          [(now[4] ?? '').replace(/"sequence":\d+/, `"sequence":${2 ** 53 - 1}`)],
          hashOf(now[4] ?? ''),
        ),
      ],
    }),
    [`removed 10-${2 ** 53 - 2}`],
  ],
]

describe('on the file, told by verify', () => {
  let log: Log
  let lastHead: string

  beforeAll(async () => {
    beginAnew(shim)
    await decide(shim, 4)
    await rotate(shim, '.1')
    await decide(shim, 5)
    log = { old: linesOf(shim, `${decisionLog}.1`), now: linesOf(shim, decisionLog) }
    lastHead = textOf(head)
    expect(await verify(shim)).toMatchObject({ status: 0, records: 9, faults: [] })
  })

  const written = (name: string, changes: ReturnType<Attack[1]>, heads = lastHead): readonly string[] => {
    const folder = join(shim.host.workspace, `attack-${name.replaceAll(' ', '-')}`)
    mkdirSync(folder)
    const { old, now, text = '' } = { ...log, ...changes }
    const whole = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('')
    writeFileSync(join(folder, 'log.1.gz'), gzipSync(whole(old)))
    writeFileSync(join(folder, 'log'), whole(now) + text)
    writeFileSync(join(folder, 'log.head'), heads)
    return ['log', 'log.1.gz'].map((file) => join(folder, file))
  }

  test.each(attacks)('%s', async (name, change, expected) => {
    const verified = await verify(shim, written(name, change(log)))
    expect(found(verified)).toEqual(expected)
    expect(verified.status).toBe(1)
  })

  test('what is told: file, line, number, time', async () => {
    const files = written('telling', { old: log.old.with(1, altered(log.old[1])) })
    const { stdout } = await shim.host.run(join(shim.host.workspace, 'lintel'), ['log', 'verify', ...files])
    const { time } = linked(log.old[1] ?? '')
    expect(stdout).toContain(`${files[1]}:2: altered record 2 (at ${time}): `)
    expect(stdout).toMatch(/the chain is broken in 1 place/)
  })

  test('invalid UTF-8 in a record: it was altered', async () => {
    const [file = '', packed = ''] = written('bytes', {})
    const bytes = readFileSync(file)
    bytes[bytes.indexOf('"host":"') + 8] = 0xff
    writeFileSync(file, bytes)
    expect(found(await verify(shim, [file, packed]))).toEqual(['altered 5'])
  })

  test('damaged gzip and what is no file cannot be read: 2', async () => {
    const [file = '', packed = ''] = written('damaged', {})
    truncateSync(packed, 300)
    expect(await verify(shim, [file, packed])).toMatchObject({ status: 2 })
    expect(await verify(shim, [shim.host.workspace])).toMatchObject({ status: 2 })
    expect(await verify(shim, [`${file}-none`])).toMatchObject({ status: 2 })
  })
})
