/** Seals held against an aggregator's copy, and against records from long before them. Needs root. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, jest, test } from '@jest/globals'
import { openssl } from './support/certificates.ts'
import { decisionLog, type Shim } from './support/shim.ts'
import {
  altered,
  beginAnew,
  decide,
  found,
  hashOf,
  linesOf,
  onHost,
  relinked,
  verify,
} from './support/trail.ts'

jest.setTimeout(60_000)

let shim: Shim
onHost((opened) => {
  shim = opened
})

const at = (name: string): string => join(shim.host.workspace, name)
const written = (name: string, lines: readonly string[]): string => {
  writeFileSync(at(name), lines.map((line) => `${line}\n`).join(''))
  return at(name)
}

/** The seal of the last of these lines, and the file it is in, beside them. */
const sealOf = async (
  lines: readonly string[],
): Promise<{ readonly seal: string; readonly file: string }> => {
  const [log, file] = [written('to-be-sealed', lines), at('seals')]
  rmSync(file, { force: true })
  rmSync(`${file}.head`, { force: true })
  const words = ['log', 'seal', '--key', at('key'), '--into', file, log]
  expect(await shim.host.run(at('lintel'), words)).toMatchObject({ exitCode: 0 })
  return { seal: linesOf(shim, file)[0] ?? '', file }
}

const numbered = (lines: readonly string[]): readonly string[] =>
  relinked(
    lines.map((line, index) =>
      line.replace(/"sequence":\d+,"previous"/, `"sequence":${index + 1},"previous"`),
    ),
    '',
  )

let lines: readonly string[]
beforeAll(async () => {
  beginAnew(shim)
  openssl('genpkey', '-algorithm', 'ed25519', '-out', at('key'))
  openssl('pkey', '-in', at('key'), '-pubout', '-out', at('key.pub'))
  await decide(shim, 6)
  lines = linesOf(shim, decisionLog)
})

describe('--received with --seals', () => {
  const check = async (copy: readonly string[], seals: string) =>
    verify(shim, [written('copy', copy)], ['--received', '--public-key', at('key.pub'), '--seals', seals])

  test('a copy in which records stand twice, one of them the sealed one', async () => {
    const { file } = await sealOf(lines.slice(0, 4))
    const copy = [...lines.slice(0, 4), ...lines.slice(2), ...lines.slice(5)]
    expect(await check(copy, file)).toMatchObject({
      status: 0,
      records: 6,
      faults: [],
      seals: { found: 1, older: 0, last: { sealed: { sequence: 4 } } },
    })
    expect(await check(lines.slice(5), file)).toMatchObject({ seals: { found: 1, older: 1 } })
  })

  test.each([
    ['altered', () => numbered(lines.with(3, altered(lines[3]))), ['seal-contradicted 4']],
    ['cut off', () => lines.slice(0, 3), ['seal-contradicted 4']],
    ['taken out', () => numbered(lines.toSpliced(3, 1)), ['seal-contradicted 4']],
    [
      'forged, and the right one after it',
      () => [
        ...lines.slice(0, 3),
        ...relinked([altered(lines[3])], hashOf(lines[2] ?? '')),
        ...lines.slice(3),
      ],
      ['inserted 4', 'altered 4'],
    ],
  ])('the sealed record %s', async (_, change, expected) => {
    const { file } = await sealOf(lines.slice(0, 4))
    expect(found(await check(change(), file))).toEqual(expected)
  })
})

describe('further back than 20,000 records', () => {
  const long = (begin: readonly string[], seal: string): readonly string[] => {
    const [, , , , , last = ''] = lines
    return numbered([...begin, ...Array<string>(20_100).fill(last), seal])
  }
  const judged = (log: readonly string[]) =>
    verify(shim, [written('long', log)], ['--public-key', at('key.pub')])

  test('a seal in the log holds, and tells that a record before it was altered', async () => {
    const { seal } = await sealOf(lines.slice(0, 3))
    expect(await judged(long(lines, seal))).toMatchObject({
      status: 0,
      records: 20_107,
      faults: [],
      seals: { found: 1, last: { sealed: { sequence: 3 } } },
    })
    expect(found(await judged(long(lines.with(0, altered(lines[0])), seal)))).toEqual(['seal-contradicted 3'])
  })
})
