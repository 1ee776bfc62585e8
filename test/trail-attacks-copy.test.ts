/**
 * Attacks that the host's own files cannot show, since all of them fit: what a seal kept elsewhere and the aggregator's copy
 * say. And what is told although the chain holds. Needs root.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
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
  headOf,
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
const lintel = (...words: readonly string[]) => shim.host.run(at('lintel'), ['log', ...words])
const head = `${decisionLog}.head`

/** Sends lines to an aggregator as rsyslog would, and returns the copy's path. */
const sent = async (lines: readonly string[]): Promise<string> => {
  const input = lines.map((msg) => `${JSON.stringify({ hostname: 'web', msg })}\n`).join('')
  const { exitCode, stdout } = await shim.host.run(at('lintel'), ['log', 'receive', '--into', at('hosts')], {
    input,
  })
  expect([exitCode, stdout.split('\n')]).toEqual([0, lines.map(() => '{"msgid":"written"}')])
  return at('hosts/web/decisions.jsonl')
}

/** What root does to log and head between records 1 to 5 and two more; both fit each other afterwards. */
const attacks: readonly (readonly [
  name: string,
  attack: () => Promise<unknown>,
  sealed: readonly string[],
  copied: readonly string[],
])[] = [
  ['nothing', async () => {}, [], []],
  [
    'log and head put back together to an older copy',
    () => shim.shell(`cat ${at('old')} > ${decisionLog}; cat ${at('old.head')} > ${head}`),
    ['seal-contradicted 5'],
    ['inserted 4', 'inserted 5'],
  ],
  [
    'log emptied, head removed: numbers begin again',
    () => shim.shell(`: > ${decisionLog}; rm ${head}`),
    ['seal-contradicted 5'],
    ['restarted 1'],
  ],
  [
    'the end written anew, head and all',
    async () => {
      const lines = linesOf(shim, decisionLog)
      const forged = [...lines.slice(0, 3), ...relinked(lines.slice(3).map(altered), hashOf(lines[2] ?? ''))]
      const [log, heads] = [decisionLog, head].map(shim.path)
      if (log === undefined || heads === undefined) throw new Error('no log')
      writeFileSync(heads, headOf(forged.at(-1) ?? '', readFileSync(heads, 'utf8')))
      writeFileSync(log, forged.map((line) => `${line}\n`).join(''))
    },
    ['seal-contradicted 5'],
    ['altered 5'],
  ],
]

describe('log and head changed together', () => {
  beforeAll(() => {
    openssl('genpkey', '-algorithm', 'ed25519', '-out', at('key'))
    openssl('pkey', '-in', at('key'), '-pubout', '-out', at('key.pub'))
  })

  test.each(attacks)('%s', async (_, attack, sealed, copied) => {
    beginAnew(shim)
    for (const name of ['hosts', 'seals']) rmSync(at(name), { recursive: true, force: true })
    await decide(shim, 3)
    await shim.shell(`cat ${decisionLog} > ${at('old')}; cat ${head} > ${at('old.head')}`)
    await decide(shim, 2)
    const copy = await sent(linesOf(shim, decisionLog))
    expect(await lintel('seal', '--key', at('key'), '--into', at('seals'), copy)).toMatchObject({
      exitCode: 0,
    })
    await attack()
    await decide(shim, 2)
    // The forwarder sends what comes after the attack.
    await sent(linesOf(shim, decisionLog).slice(-2))

    const { exitCode, stdout } = await lintel('verify')
    expect([exitCode, stdout]).toEqual([
      0,
      expect.stringContaining('put back to an older state would not show here'),
    ])
    const words = ['--public-key', at('key.pub'), '--seals', at('seals')]
    expect(found(await verify(shim, [], words))).toEqual(sealed)
    expect(found(await verify(shim, [copy], [...words, '--received']))).toEqual(copied)
  })
})

describe('told although nothing is missing', () => {
  const verified = async (name: string, lines: readonly string[]) => {
    writeFileSync(at(name), lines.map((line) => `${line}\n`).join(''))
    const { status, notes, ...rest } = await verify(shim, [at(name)])
    return {
      status,
      notes: notes.map(({ line, message }) => `${line} ${message}`),
      faults: found({ status, notes, ...rest }),
    }
  }
  const retimed = (lines: readonly string[], from: number, time: string): readonly string[] =>
    relinked(
      lines.map((line, index) => (index < from ? line : line.replace(/"time":"[^"]*"/, `"time":"${time}"`))),
      '',
    )

  let lines: readonly string[]
  beforeAll(async () => {
    beginAnew(shim)
    await decide(shim, 4)
    lines = linesOf(shim, decisionLog)
  })

  test('a clock set back', async () => {
    const back = await verified('back', retimed(lines, 2, '2020-01-01T00:00:00.000000Z'))
    expect(back).toEqual({
      status: 0,
      faults: [],
      notes: [
        '3 its time, 2020-01-01T00:00:00.000000Z, is before that of the record before it: the clock was set back',
      ],
    })
    expect((await verified('forth', retimed(lines, 2, '2099-01-01T00:00:00.000000Z'))).notes).toEqual([])
  })

  test("two hosts' logs in one file: faults, and whose they are", async () => {
    const other = relinked(
      lines.map((line) => line.replace(/"host":"[^"]*"/, '"host":"other"')),
      '',
    )
    const mixed = lines.flatMap((line, index) => [line, other[index] ?? ''])
    const { status, faults, notes } = await verified('mixed', mixed)
    expect(status).toBe(1)
    expect(faults).toContain('restarted 1')
    expect(notes[0]).toMatch(
      /^2 it is of host other, the one before it of \S+: renamed, or another host's log is mixed in$/,
    )
    expect((await verified('joined', [...lines, ...other])).faults).toEqual(['restarted 1'])
  })
})
