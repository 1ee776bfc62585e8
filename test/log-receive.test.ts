/** `lintel log receive` against whoever may send records to the aggregator: the real binary, asked as rsyslog's mmexternal asks it. */
import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { execa } from 'execa'
import { hashOf } from './support/trail.ts'

jest.setTimeout(60_000)

const lintel = fileURLToPath(new URL('../dist/lintel', import.meta.url))

let folder: string
let hosts: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lintel-receive-'))
  hosts = join(folder, 'hosts')
  mkdirSync(hosts)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A record of a host, the next of its chain. */
const recordAfter = (previous: string | undefined, given: object = {}): string => {
  const sequence = previous === undefined ? 1 : Number(/"sequence":(\d+)/.exec(previous)?.[1]) + 1
  const told = { version: 1, id: `r${sequence}`, time: '2027-03-01T10:00:00.000000Z', host: 'web', ...given }
  return JSON.stringify({ ...told, sequence, previous: previous === undefined ? '' : hashOf(previous) })
}

const records = (count: number, given: object = {}): readonly string[] => {
  const lines: string[] = []
  while (lines.length < count) lines.push(recordAfter(lines.at(-1), given))
  return lines
}

const message = (hostname: unknown, msg: unknown): string =>
  JSON.stringify({ msgid: 'decision', hostname, msg })

const receive = async (lines: readonly string[], words: readonly string[] = []) => {
  const input = lines.map((line) => `${line}\n`).join('')
  const { exitCode, stdout } = await execa(lintel, ['log', 'receive', '--into', hosts, ...words], {
    input,
    reject: false,
    timeout: 30_000,
  })
  expect(exitCode).toBe(0)
  return stdout.split('\n').map((line): unknown => JSON.parse(line).msgid)
}

const linesOf = (name: string): readonly string[] =>
  readFileSync(join(hosts, name, 'decisions.jsonl'), 'utf8')
    .split('\n')
    .slice(0, -1)

const verify = async (...words: readonly string[]) => {
  const { exitCode, stdout } = await execa(lintel, ['log', 'verify', ...words], { reject: false })
  return { exitCode, stdout }
}

describe('what a sender calls itself', () => {
  test.each([
    ['../../etc/cron.d/x', '_'],
    ['/etc/cron.d/x', '_'],
    ['..', '_'],
    ['.', '_'],
    ['.hidden', '_'],
    ['', '_'],
    ['a'.repeat(300), '_'],
    ['a'.repeat(100), 'a'.repeat(100)],
    ['web\nroot', '_'],
    ['\u001b[2Jweb', '_'],
    ['-rf', '_'],
    ['w\u00e9b', '_'],
    ['_', '_'],
    ['web_1.example', 'web_1.example'],
    ['2001:db8::1', '2001:db8::1'],
  ])('%j', async (name, expected) => {
    const [record = ''] = records(1)
    expect(await receive([message(name, record)])).toEqual(['written'])
    expect(readdirSync(folder)).toEqual(['hosts'])
    expect(readdirSync(hosts)).toEqual([expected])
    expect(linesOf(expected)).toEqual([record])
  })

  test('so many hosts get a file of their own, all others one together', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `host${index}`)
    const flood = names.map((name, index) => message(name, records(1, { id: `f${index}` })[0]))
    const [, second = ''] = records(2, { id: 'f0' })
    const answers = await receive([...flood, message('host0', second)], ['--hosts', '5'])
    expect(answers).toEqual(Array(51).fill('written'))
    expect(readdirSync(hosts).toSorted()).toEqual(['_', 'host0', 'host1', 'host2', 'host3', 'host4'])
    expect(linesOf('_')).toHaveLength(45)
    expect(linesOf('host0')).toHaveLength(2)
  })
})

describe('what it sends', () => {
  test.each([
    ['not JSON', 'hello', undefined],
    ['no object', '[]', undefined],
    ['no name', JSON.stringify({ msg: records(1)[0] }), undefined],
    ['a name with a NUL', message('web\u0000', records(1)[0]), undefined],
    ['a name that is a number', message(7, records(1)[0]), undefined],
    ['a record that is a list', message('web', [records(1)[0]]), undefined],
    ['no record of lintel', message('web', 'root logged in'), undefined],
    ['a record cut off', message('web', (records(1)[0] ?? '').slice(0, -9)), 'torn'],
    ['nested too deep', message('web', `{"version":1,"a":${'['.repeat(5000)}${']'.repeat(5000)}}`), 'torn'],
    ['a name twice in it', message('web', '{"version":1,"a":1,"a":2}'), 'torn'],
    ['17 MB', message('web', `{"version":1,"a":"${'x'.repeat(17e6)}"}`), undefined],
  ])('%s: nothing is written, and what comes next is', async (_, hostile, answer) => {
    const [record = ''] = records(1)
    expect(await receive([hostile, message('web', record)])).toEqual([answer, 'written'])
    expect(linesOf('web')).toEqual([record])
  })

  test('a line end in a record makes one line of it no more than two', async () => {
    const [first = '', second = ''] = records(2)
    const forged = `{"version":1,\n${second.slice(1)}`
    expect(await receive([message('web', first), message('web', forged)])).toEqual(['written', 'torn'])
    expect(linesOf('web')).toEqual([first])
  })

  test('invalid UTF-8 is passed over', async () => {
    const [record = ''] = records(1)
    const bytes = Buffer.concat([
      Buffer.from('{"hostname":"web","msg":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from(`"}\n${message('web', record)}\n`),
    ])
    const { stdout } = await execa(lintel, ['log', 'receive', '--into', hosts], { input: bytes })
    expect(stdout).toBe('{}\n{"msgid":"written"}')
  })

  test("records in another host's name: its own are all there, and verify tells", async () => {
    const own = records(4)
    const forged = recordAfter(own[1], { id: 'forged' })
    const sent = [own[0], own[1], own[2], forged, own[3], own[3], forged].map((line) => message('web', line))
    expect(await receive(sent)).toEqual(Array(7).fill('written'))
    expect(linesOf('web')).toEqual([own[0], own[1], own[2], forged, own[3]])
    const verified = await verify('--received', join(hosts, 'web/decisions.jsonl'))
    expect(verified.exitCode).toBe(1)
    expect(verified.stdout).toMatch(
      /decisions\.jsonl:4: inserted record 3 .*: another record has its number already/,
    )
  })

  test("the records of another host under one's own name: verify tells whose they are", async () => {
    const own = records(2)
    const other = recordAfter(own[1], { host: 'db' })
    await receive([...own, other].map((line) => message('web', line)))
    const { stdout } = await verify('--received', join(hosts, 'web/decisions.jsonl'))
    expect(stdout).toContain('decisions.jsonl:3: note: it is of host db, the one before it of web')
  })

  test('a flood of records that continue nothing does not have its file read over and over', async () => {
    mkdirSync(join(hosts, 'web'))
    const file = join(hosts, 'web/decisions.jsonl')
    // 150 MB: read whole for each of the records, that would be 30 GB.
    const pad = `{"version":1,"pad":"${'x'.repeat(1000)}"}\n`.repeat(1000)
    writeFileSync(file, '')
    for (let written = 0; written < 150e6; written += pad.length) writeFileSync(file, pad, { flag: 'a' })
    const own = records(200)
    writeFileSync(file, own.map((line) => `${line}\n`).join(''), { flag: 'a' })
    const again = own.toReversed().map((line) => message('web', line))
    const size = readFileSync(file).length
    const { stdout } = await execa(
      'strace',
      [
        '-f',
        '-qq',
        '-e',
        'trace=read,pread64',
        '-o',
        join(folder, 'trace'),
        lintel,
        'log',
        'receive',
        '--into',
        hosts,
      ],
      {
        input: again.map((line) => `${line}\n`).join(''),
      },
    )
    expect(stdout.split('\n')).toEqual(Array(200).fill('{"msgid":"written"}'))
    expect(readFileSync(file).length).toBe(size)
    const bytes = readFileSync(join(folder, 'trace'), 'utf8').matchAll(/= (\d+)$/gm)
    const read = [...bytes].reduce((sum, [, count]) => sum + Number(count), 0)
    expect(read).toBeLessThan(size)
  })
})

describe('what it finds on the disk', () => {
  test('the folder of hosts may be a link; the file of a host may not', async () => {
    rmSync(hosts, { recursive: true })
    mkdirSync(join(folder, 'elsewhere'))
    symlinkSync('elsewhere', hosts)
    const [record = ''] = records(1)
    expect(await receive([message('web', record)])).toEqual(['written'])
    expect(existsSync(join(folder, 'elsewhere/web/decisions.jsonl'))).toBe(true)
    mkdirSync(join(hosts, 'db'))
    symlinkSync(join(folder, 'target'), join(hosts, 'db/decisions.jsonl'))
    mkdirSync(join(hosts, 'fifo'))
    await execa('mkfifo', [join(hosts, 'fifo/decisions.jsonl')])
    const answers = await receive(['db', 'fifo', 'web'].map((name) => message(name, record)))
    expect(answers).toEqual([undefined, undefined, 'written'])
    expect(existsSync(join(folder, 'target'))).toBe(false)
  })

  test('a file that somebody holds the lock of: rsyslog is told to write it, and the next host is served', async () => {
    const [first = '', second = ''] = records(2)
    await receive([message('web', first)])
    const file = join(hosts, 'web/decisions.jsonl')
    const holder = spawn('flock', ['-x', file, 'sh', '-c', 'echo held; exec sleep 50'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    })
    await new Promise((resolve) => holder.stdout.once('data', resolve))
    try {
      const sent = [message('web', second), message('db', first)]
      expect(await receive(sent)).toEqual([undefined, 'written'])
    } finally {
      if (holder.pid !== undefined) process.kill(-holder.pid, 'SIGKILL')
    }
    expect(await receive([message('web', second)])).toEqual(['written'])
    expect(linesOf('web')).toEqual([first, second])
  })
})
