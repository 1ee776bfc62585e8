/**
 * Attacks on the trail between two records, and on what log and head are: what the next record says of it, or why there is
 * none, and what `lintel log verify` finds. Needs root.
 */
import { chownSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, jest, test } from '@jest/globals'
import type { FaultKind } from '../src/trail/chain.ts'
import { configWith, expectRefused, guardedCalls } from './support/calls.ts'
import { decisionLog, type Shim } from './support/shim.ts'
import { beginAnew, decide, found, linesOf, linked, onHost, rotate, verify } from './support/trail.ts'

jest.setTimeout(60_000)

let shim: Shim
onHost((opened) => {
  shim = opened
})

const head = `${decisionLog}.head`

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
  [
    'the log put back to an older copy',
    () => shim.shell(`head -n 2 ${decisionLog} > /run/older; cat /run/older > ${decisionLog}`),
    'log-shorter',
    ['removed 3-4'],
  ],
  [
    'the head put back to an older copy',
    async () => {
      await shim.shell(`cat ${head} > /run/older`)
      await decide(shim, 2)
      await shim.shell(`cat /run/older > ${head}`)
    },
    undefined,
    [],
  ],
  [
    'head gone and log emptied beside what was rotated: numbers begin again',
    async () => {
      await rotate(shim, '.1')
      await decide(shim, 1)
      await shim.shell(`rm ${head}; : > ${decisionLog}`)
    },
    undefined,
    ['restarted 1'],
  ],
  [
    'the log under a second name, as if it had been rotated',
    () => shim.shell(`ln ${decisionLog} ${decisionLog}.1`),
    undefined,
    [1, 2, 3, 4, 5, 6].map((number) => `duplicated ${number}` as const),
  ],
  [
    'the last number made the highest there is',
    () => shim.shell(`sed -i 's/"sequence":4,/"sequence":9007199254740991,/' ${decisionLog}; rm ${head}`),
    'head-missing',
    ['inserted 0', 'restarted 1', 'removed 4-9007199254740990'],
  ],
  [
    'a number beyond that in the head',
    () => shim.shell(`sed -i 's/^sequence .*/sequence 18446744073709551615/' ${head}`),
    'head-missing',
    ['head-missing 5'],
  ],
]

describe('between two records, told by the next one', () => {
  beforeEach(async () => {
    beginAnew(shim)
    await decide(shim, 4)
  })

  test.each(meddling)('%s', async (_, meddle, broken, expected) => {
    await meddle()
    await decide(shim, 2)
    const lines = linesOf(shim, decisionLog).filter((line) => line.startsWith('{"version"'))
    const said = lines.map((line) => line.endsWith('"}') && linked(line).chainBroken).filter(Boolean)
    expect(said).toEqual(broken === undefined ? [] : [broken])
    const verified = await verify(shim)
    expect(found(verified)).toEqual(expected)
    expect(verified.status).toBe(expected.length === 0 ? 0 : 1)
  })
})

describe('on what the log is', () => {
  beforeEach(() => {
    beginAnew(shim)
  })

  const folder = decisionLog.slice(0, decisionLog.lastIndexOf('/'))
  const create = () => shim.call(guardedCalls.create(shim.bundle('c', configWith() as object), 'c'))
  const refused = /the decision log \S+ cannot be written; see \[log\]/

  test.each([
    ['a link', (path: string) => symlinkSync('/run/elsewhere', path)],
    ['a fifo', (_: string, inside: string) => shim.shell(`mkfifo ${inside}`)],
    ['a folder', (path: string) => mkdirSync(path)],
    ['a device', (_: string, inside: string) => shim.shell(`mknod ${inside} c 1 3`)],
  ])(
    '%s in place of log or head: refused, nothing is written through it, nothing read',
    async (_, arrange) => {
      for (const place of [head, decisionLog]) {
        beginAnew(shim)
        mkdirSync(shim.path(folder))
        await arrange(shim.path(place), place)
        expectRefused(await create(), refused)
        expect(await shim.shell('ls /run')).not.toContain('elsewhere')
        expect((await verify(shim)).status).toBe(2)
      }
    },
  )

  test('another name of the log in place of the head: refused, and the log stays as it is', async () => {
    await decide(shim, 2)
    const before = linesOf(shim, decisionLog)
    await shim.shell(`ln -f ${decisionLog} ${head}`)
    expectRefused(await create(), refused)
    expect(linesOf(shim, decisionLog)).toEqual(before)
  })

  test('a log that has a second name is written on, as one log', async () => {
    await decide(shim, 2)
    await shim.shell(`ln ${decisionLog} /var/log/second; ln ${head} /var/log/second.head`)
    await decide(shim, 2)
    expect(await verify(shim)).toMatchObject({ status: 0, records: 4, faults: [] })
  })

  test('a full disk: refused until there is room, and no half record stays', async () => {
    mkdirSync(shim.path(folder))
    await shim.shell(`mount -t tmpfs -o size=64k,mode=700 tmpfs ${folder}`)
    try {
      await decide(shim, 3)
      await shim.shell(`cat /dev/zero > ${folder}/filler 2>&1 || :`)
      const statuses: number[] = []
      // The last page of the log has room for some.
      while (statuses.length < 20) statuses.push((await create()).status)
      expect(statuses.at(-1)).toBe(1)
      expectRefused(await create(), refused)
      const allowed = 3 + statuses.filter((status) => status === 0).length
      expect(await verify(shim)).toMatchObject({ status: 0, records: allowed, faults: [], notes: [] })
      await shim.shell(`rm ${folder}/filler`)
      expect((await create()).status).toBe(0)
      expect(await verify(shim)).toMatchObject({ status: 0, records: allowed + 1, faults: [], notes: [] })
    } finally {
      await shim.shell(`umount ${folder}`)
    }
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
