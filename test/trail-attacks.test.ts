/**
 * Attacks on the trail: what root, or whoever became root, could do to a decision log. Each is caught by `lintel log
 * verify`, or by the next record; what is not is stated in SECURITY.md and tested as such. Needs root.
 */
import { chownSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import type { FaultKind } from '../src/trail/chain.ts'
import { configWith, expectRefused, guardedCalls } from './support/calls.ts'
import { openssl } from './support/certificates.ts'
import { decisionLog, openShim, type Shim } from './support/shim.ts'
import { decide, found, hashOf, linked, quickPolicy, relinked, rotate, verify } from './support/trail.ts'

jest.setTimeout(60_000)

let shim: Shim

beforeAll(async () => {
  shim = await openShim()
}, 60_000)
afterAll(() => shim.close(), 60_000)

const head = `${decisionLog}.head`
const textOf = (file: string): string => readFileSync(shim.path(file), 'utf8')
const linesOf = (file: string): readonly string[] => textOf(file).split('\n').slice(0, -1)

const altered = (line: string): string => line.replace('"verdict":"allow"', '"verdict":"ALLOW"')

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

const attacks: readonly Attack[] = [
  ['the first record removed', ({ old }) => ({ old: without(old, 0) }), ['removed 1']],
  ['a record in the middle removed', ({ now }) => ({ now: without(now, 2) }), ['removed 7']],
  ['three in a row removed', ({ now }) => ({ now: without(now, 1, 2, 3) }), ['removed 6-8']],
  ['the last record removed', ({ now }) => ({ now: without(now, 4) }), ['truncated 9']],
  ['the last of the rotated file removed', ({ old }) => ({ old: without(old, 3) }), ['removed 4']],
  ['the first of the new file removed', ({ now }) => ({ now: without(now, 0) }), ['removed 5']],
  ['all of the new file removed', () => ({ now: [] }), ['truncated 5-9']],
  ['a byte altered', ({ old }) => ({ old: old.with(1, altered(old[1] ?? '')) }), ['altered 2']],
  [
    'a byte of the last record altered',
    ({ now }) => ({ now: now.with(4, altered(now[4] ?? '')) }),
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
    ({ now }) => ({ now: [...now.slice(0, 2), altered(now[1] ?? ''), ...now.slice(2)] }),
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
      now: [...now.slice(0, 1), ...relinked([altered(now[1] ?? ''), ...now.slice(2)], hashOf(now[0] ?? ''))],
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
    ({ now }) => ({ now: [...now, altered(now[4] ?? '').replace('"sequence":9', '"sequence":10')] }),
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
]

describe('on the file, told by verify', () => {
  let log: Log
  let lastHead: string

  beforeAll(async () => {
    shim.clear()
    quickPolicy(shim)
    await decide(shim, 4)
    await rotate(shim, '.1')
    await decide(shim, 5)
    log = { old: linesOf(`${decisionLog}.1`), now: linesOf(decisionLog) }
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
    const files = written('telling', { old: log.old.with(1, altered(log.old[1] ?? '')) })
    const { stdout } = await shim.host.run(join(shim.host.workspace, 'lintel'), ['log', 'verify', ...files])
    const { time } = linked(log.old[1] ?? '')
    expect(stdout).toContain(`${files[1]}:2: altered record 2 (at ${time}): `)
    expect(stdout).toMatch(/the chain is broken in 1 place/)
  })

  test('end and head rewritten together is not told from the files alone (SECURITY.md)', async () => {
    const now = relinked([altered(log.now[0] ?? ''), ...log.now.slice(1)], hashOf(log.old[3] ?? ''))
    const forgedHead = lastHead.replace(/hash \w+/, `hash ${hashOf(now[4] ?? '')}`)
    expect(await verify(shim, written('both', { now }, forgedHead))).toMatchObject({ status: 0, faults: [] })
  })

  test('but a seal tells: of the end rewritten, and cut off, head and all', async () => {
    const key = join(shim.host.workspace, 'seal.pem')
    openssl('genpkey', '-algorithm', 'ed25519', '-out', key)
    openssl('pkey', '-in', key, '-pubout', '-out', `${key}.pub`)
    const [original = ''] = written('sealed', {})
    const words = ['--public-key', `${key}.pub`, '--seals', `${key}.jsonl`]
    const seal = ['log', 'seal', '--key', key, '--into', `${key}.jsonl`, original]
    expect(await shim.host.run(join(shim.host.workspace, 'lintel'), seal)).toMatchObject({ exitCode: 0 })
    expect(await verify(shim, written('unharmed', {}), words)).toMatchObject({ status: 0 })
    const rewritten = relinked([altered(log.now[0] ?? ''), ...log.now.slice(1)], hashOf(log.old[3] ?? ''))
    for (const now of [rewritten, log.now.slice(0, 3)]) {
      const { sequence } = linked(now.at(-1) ?? '')
      const end = `sequence ${String(sequence).padStart(20, '0')}\nhash ${hashOf(now.at(-1) ?? '')}\n`
      const forged = lastHead.replace(/^sequence \d+\nhash \w+\n/, end)
      const files = written(`sealed ${sequence}`, { now }, forged)
      expect(await verify(shim, files)).toMatchObject({ status: 0, faults: [] })
      expect(found(await verify(shim, files, words))).toEqual(['seal-contradicted 9'])
    }
  })

  test('damaged gzip and what is no file cannot be read: 2', async () => {
    const [file = '', packed = ''] = written('damaged', {})
    truncateSync(packed, 300)
    expect(await verify(shim, [file, packed])).toMatchObject({ status: 2 })
    expect(await verify(shim, [shim.host.workspace])).toMatchObject({ status: 2 })
    expect(await verify(shim, [`${file}-none`])).toMatchObject({ status: 2 })
  })
})

/** What is done between two records, what the next one says of it, and what verify finds. */
const meddling: readonly (readonly [
  string,
  () => unknown,
  string | undefined,
  readonly `${FaultKind} ${string}`[],
])[] = [
  ['nothing', () => {}, undefined, []],
  ['the head removed', () => shim.shell(`rm ${head}`), 'head-missing', ['head-missing 5']],
  ['the head emptied', () => truncateSync(shim.path(head)), 'head-missing', ['head-missing 5']],
  [
    'the head overwritten',
    () => writeFileSync(shim.path(head), 'x'.repeat(152)),
    'head-missing',
    ['head-missing 5'],
  ],
  [
    'the last record removed',
    () => shim.shell(`sed -i '$d' ${decisionLog}`),
    'earlier-file-missing',
    ['removed 4'],
  ],
  [
    'the last record cut off in place',
    () => shim.shell(`truncate -s -100 ${decisionLog}`),
    'log-shorter',
    ['inserted 0', 'removed 4'],
  ],
  ['truncated to zero', () => truncateSync(shim.path(decisionLog)), 'log-shorter', ['removed 1-4']],
  ['the log removed', () => shim.shell(`rm ${decisionLog}`), 'earlier-file-missing', ['removed 1-4']],
  [
    'log and rotated log removed',
    async () => {
      await rotate(shim, '.1')
      await decide(shim, 1)
      await shim.shell(`rm ${decisionLog} ${decisionLog}.1`)
    },
    'earlier-file-missing',
    ['removed 1-5'],
  ],
  [
    'a line put on without the lock',
    () => shim.shell(`echo '{"forged":true}' >> ${decisionLog}`),
    'not-continued',
    ['inserted 0'],
  ],
  [
    'a copy of the last line put on',
    () => shim.shell(`tail -n 1 ${decisionLog} > /run/last; cat /run/last >> ${decisionLog}`),
    'not-continued',
    ['duplicated 4'],
  ],
  [
    'another log in its place',
    () =>
      shim.shell(
        `head -n 2 ${decisionLog} > /run/other; cp /run/other ${decisionLog}.new; mv ${decisionLog}.new ${decisionLog}`,
      ),
    'earlier-file-missing',
    ['removed 3-4'],
  ],
]

describe('between two records, told by the next one', () => {
  beforeEach(async () => {
    shim.clear()
    quickPolicy(shim)
    await decide(shim, 4)
  })

  test.each(meddling)('%s', async (_, meddle, broken, expected) => {
    await meddle()
    await decide(shim, 2)
    const lines = linesOf(decisionLog).filter((line) => line.startsWith('{"version"'))
    const said = lines.map((line) => line.endsWith('"}') && linked(line).chainBroken).filter(Boolean)
    expect(said).toEqual(broken === undefined ? [] : [broken])
    const verified = await verify(shim)
    expect(found(verified)).toEqual(expected)
    expect(verified.status).toBe(expected.length === 0 ? 0 : 1)
  })
})

describe('on what the log is', () => {
  beforeEach(() => {
    shim.clear()
    quickPolicy(shim)
  })

  const folder = decisionLog.slice(0, decisionLog.lastIndexOf('/'))
  const create = () => shim.call(guardedCalls.create(shim.bundle('c', configWith() as object), 'c'))
  const refused = /the decision log \S+ cannot be written; see \[log\]/

  test.each([
    ['a link', () => symlinkSync('/run/elsewhere', shim.path(head))],
    ['a fifo', () => shim.shell(`mkfifo ${head}`)],
    ['a folder', () => mkdirSync(shim.path(head))],
  ])('%s in place of the head: refused, and nothing is written through it', async (_, arrange) => {
    mkdirSync(shim.path(folder))
    await arrange()
    expectRefused(await create(), refused)
    expect(await shim.shell('ls /run')).not.toContain('elsewhere')
  })

  test('who is not root can neither open nor lock it', async () => {
    await decide(shim, 1)
    expect(await shim.shell(`stat -c %a:%u ${folder} ${head} ${decisionLog}`)).toBe('700:0\n600:0\n600:0')
    // Where the folder was opened for readers, the log too: the lock is not on the log.
    await shim.shell(`chmod 755 ${folder}; chmod 644 ${decisionLog}`)
    const nobody = 'setpriv --reuid 65534 --regid 65534 --clear-groups'
    const opened = await shim.host.run('sh', ['-c', `${nobody} flock -s ${head} true`])
    expect(opened.exitCode).not.toBe(0)
    shim.host.launch('holder', 'sh', ['-c', `${nobody} flock -x ${decisionLog} sleep 20`])
    const began = Date.now()
    expect((await create()).status).toBe(0)
    expect(Date.now() - began).toBeLessThan(8000)
  })

  test('a lock held by root for ever: refused after ten seconds, or handed on where the log is not required', async () => {
    await decide(shim, 1)
    shim.host.launch('locker', 'flock', ['-x', head, 'sleep', '40'])
    await shim.shell(`while flock -n ${head} true; do sleep 0.05; done`)
    shim.policy('')
    const words = guardedCalls.create(shim.bundle('c', configWith() as object), 'c')
    shim.write(
      '/etc/lenient.toml',
      `version = 1\nruntime.path = ["/bin/true"]\nlog = { file = "${decisionLog}", required = false }\n`,
    )
    const [strict, lenient] = await Promise.all([
      shim.host.run(shim.host.runtime, words),
      shim.host.run(shim.host.runtime, ['--lintel-policy', '/etc/lenient.toml', ...words]),
    ])
    expect(strict).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(refused) })
    expect(lenient).toMatchObject({ exitCode: 0, stderr: '' })
    await shim.shell('kill -9 $(pidof flock sleep)')
  })

  test('a log that belongs to somebody else is still written, and doctor says so', async () => {
    await decide(shim, 1)
    chownSync(shim.path(decisionLog), 65534, 65534)
    await decide(shim, 1)
    expect(await verify(shim)).toMatchObject({ status: 0, records: 2 })
    const { stdout } = await shim.host.run(join(shim.host.workspace, 'lintel'), ['doctor'])
    expect(stdout).toContain('belongs to uid 65534')
  })
})
