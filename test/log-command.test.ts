/** `lintel log` on real logs: rotated, packed, torn, followed, large. Needs root. */
import { execFileSync, spawn } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { decisionLog, openShim, type Shim } from './support/shim.ts'

jest.setTimeout(60_000)

let shim: Shim

beforeAll(async () => {
  shim = await openShim()
})
afterAll(() => shim.close())
beforeEach(() => {
  shim.clear()
  mkdirSync(dirname(shim.path(decisionLog)), { recursive: true })
})

const verdicts = ['allow', 'fix', 'deny', 'would_deny'] as const

const record = (number: number, given: object = {}): string =>
  JSON.stringify({
    version: 1,
    id: `r${number}`,
    time: `2027-03-01T${String(10 + Math.floor(number / 100)).padStart(2, '0')}:00:${String(number % 60).padStart(2, '0')}.000000Z`,
    host: 'h',
    operation: 'create',
    container: { id: `c${number}`, name: `web${number}`, image: `shop:${number % 3}` },
    engine: { id: 'docker', proven: true, caller: '', uid: 0 },
    verdict: verdicts[number % 4],
    findings:
      number % 4 > 1
        ? [{ rule: 'docker-socket', outcome: 'refused', severity: 'critical', message: 'm' }]
        : [],
    ...given,
  })

const write = (suffix: string, from: number, to: number): void => {
  const lines = Array.from({ length: to - from }, (_, index) => `${record(from + index)}\n`)
  appendFileSync(shim.path(`${decisionLog}${suffix}`), lines.join(''))
}

const names = (stdout: string): readonly (string | undefined)[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => / (web\d+) /.exec(line)?.[1])

describe('show', () => {
  test('rotated and packed files are read in order, the last ones of all of them', async () => {
    write('-20270301', 0, 10)
    execFileSync('gzip', [shim.path(`${decisionLog}-20270301`)])
    write('.1', 10, 20)
    write('', 20, 30)
    const all = await shim.lintel(['log', 'show'])
    expect([all.status, all.stderr]).toEqual([0, ''])
    expect(names(all.stdout)).toEqual(Array.from({ length: 30 }, (_, number) => `web${number}`))
    for (const [count, verdict] of [[3], [15], [25], [4, 'deny'], [7, 'deny']] as const) {
      const words = [
        'log',
        'show',
        '-n',
        String(count),
        ...(verdict === undefined ? [] : ['--verdict', verdict]),
      ]
      const wanted = names(all.stdout).filter((_, number) => verdict === undefined || number % 4 === 2)
      expect(names((await shim.lintel(words)).stdout)).toEqual(wanted.slice(-count))
    }
    const json = await shim.lintel(['log', 'show', '--json', '--container', 'web3', '--since', '2027-03-01'])
    expect(json.stdout).toBe(record(3))
  })

  test('what is no record is told once; what stands twice counts once; a terminal obeys nothing', async () => {
    const hostile = record(5, { container: { id: 'x', name: 'a\u001b[2J\u009b', image: '\u202e' } })
    const torn = record(6).slice(0, 40)
    shim.write(decisionLog, [record(1), 'syslog', record(1), '{"a":1}', hostile, '', torn].join('\n'))
    const shown = await shim.lintel(['log', 'show'])
    expect(shown.status).toBe(0)
    expect(shown.stdout.split('\n')).toHaveLength(2)
    expect(shown.stdout).toMatch(/^[ -~\n]*$/)
    expect(shown.stderr).toBe(
      `lintel: ${decisionLog}: 4 lines are no records, the first of them, at byte ${record(1).length + 1}; left out`,
    )
  })

  test.each([
    [
      ['--since', 'x'],
      '--since "x" is no time; write 2h, 30m or 7d (ago), 2027-03-31 or 2027-03-31T12:00:00Z',
    ],
    [['--rule', 'x'], '--rule "x": there is no such rule; lintel rules lists them'],
    [['-n', '-1'], '--limit takes a whole number (lintel --help shows what there is)'],
    [['--log', '/none'], '/none does not exist'],
    [[], `${decisionLog} does not exist`],
  ])('%j: one line', async (words, says) => {
    expect(await shim.lintel(['log', 'show', ...words])).toMatchObject({
      status: 2,
      stdout: '',
      stderr: `lintel: ${says}`,
    })
  })

  test('100 MB are not held in memory, and their last lines are there at once', async () => {
    const file = openSync(shim.path(decisionLog), 'w')
    const block = Array.from(
      { length: 2000 },
      (_, number) => `${record(number, { pad: 'x'.repeat(600) })}\n`,
    ).join('')
    for (let written = 0; written < 100e6; written += block.length) writeSync(file, block)
    const began = Date.now()
    const last = await shim.lintel(['log', 'show', '-n', '2', '--verdict', 'deny'], {
      behind: ['prlimit', '--as=80000000'],
    })
    expect([last.status, names(last.stdout)]).toEqual([0, ['web1994', 'web1998']])
    expect(Date.now() - began).toBeLessThan(5000)
    const none = await shim.lintel(['log', 'show', '--since', '2099-01-01'], {
      behind: ['prlimit', '--as=80000000'],
    })
    expect(none).toMatchObject({ status: 0, stdout: '' })
  })
})

describe('follow', () => {
  test('goes on across rotation, and ends when nobody reads any more', async () => {
    write('', 0, 20)
    const { argv } = {
      argv: [`${shim.host.workspace}/lintel`, 'log', 'follow', '-n', '2', '--log', shim.path(decisionLog)],
    }
    const child = spawn(argv[0] ?? '', argv.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    child.stdout.on('data', (text: Buffer) => {
      out += text.toString()
    })
    const until = async (count: number): Promise<void> => {
      for (let tries = 0; names(out).length < count && tries < 200; tries += 1) await sleep(50)
    }
    await until(2)
    write('', 20, 22)
    await until(4)
    renameSync(shim.path(decisionLog), shim.path(`${decisionLog}.1`))
    write('.1', 22, 23)
    write('', 23, 25)
    await until(7)
    expect(names(out)).toEqual([18, 19, 20, 21, 22, 23, 24].map((number) => `web${number}`))
    const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)))
    child.stdout.destroy()
    expect([0, 'SIGPIPE']).toContain(await ended)
  })
})

test('stats count by verdict, rule, image and day', async () => {
  write('', 0, 40)
  const { stdout } = await shim.lintel(['log', 'stats', '--json'])
  expect(JSON.parse(stdout)).toMatchObject({
    decisions: 40,
    verdicts: { allow: 10, fix: 10, deny: 10, would_deny: 10 },
    rules: { 'docker-socket': { refused: 20 } },
    images: { 'shop:0': 14, 'shop:1': 13, 'shop:2': 13 },
    users: { 'uid 0': 40 },
    days: { '2027-03-01': 40 },
  })
  expect((await shim.lintel(['log', 'stats', '--verdict', 'deny'])).stdout).toMatch(
    /^10 decisions from [\s\S]*docker-socket +10 refused/,
  )
})

describe('metrics', () => {
  const output = '/run/lintel.prom'
  const sample = /^[a-z_]+(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+\})? -?\d+(?:\.\d+)?(?:e\+\d+)?$/

  const metrics = async (): Promise<Map<string, number>> => {
    const ran = await shim.lintel(['log', 'metrics', '--output', output])
    expect([ran.status, ran.stderr]).toEqual([0, ''])
    const text = readFileSync(shim.path(output), 'utf8')
    const families = new Set<string>()
    for (const line of text.split('\n').slice(0, -1)) {
      const [, kind, name = ''] = /^# (HELP|TYPE) ([a-z_]+) .+$/.exec(line) ?? []
      if (kind === 'HELP') {
        expect(families.has(name)).toBe(false)
        families.add(name)
      } else if (kind === undefined) {
        expect(line).toMatch(sample)
        expect(families.has(/^[a-z_]+/.exec(line)?.[0] ?? '')).toBe(true)
      }
    }
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    return new Map(
      samples.map((line) => [
        line.slice(0, line.lastIndexOf(' ')),
        Number(line.slice(line.lastIndexOf(' ') + 1)),
      ]),
    )
  }

  test('totals go on across rotation, packing and removal, in the text format, the file replaced at once', async () => {
    shim.policy('mode = "warn"')
    const deny = 'lintel_decisions_total{verdict="deny",engine="docker"}'
    expect((await metrics()).get(deny)).toBe(0)
    write('', 0, 40)
    const first = await metrics()
    expect([
      first.get(deny),
      first.get('lintel_findings_total{rule="docker-socket",outcome="refused"}'),
    ]).toEqual([10, 20])
    expect([first.get('lintel_enforcing'), first.get('lintel_break_glass')]).toEqual([0, 0])
    expect((await metrics()).get(deny)).toBe(10)
    renameSync(shim.path(decisionLog), shim.path(`${decisionLog}.1`))
    write('.1', 40, 44)
    write('', 44, 48)
    expect((await metrics()).get(deny)).toBe(12)
    execFileSync('gzip', [shim.path(`${decisionLog}.1`)])
    write('', 48, 52)
    expect((await metrics()).get(deny)).toBe(13)
    expect(statSync(shim.path(output)).mode & 0o777).toBe(0o644)
    expect(existsSync(shim.path('/var/lib/lintel/metrics.json'))).toBe(true)
  })

  test('what a forger writes breaks no series: each stays a number, the last time one that was', async () => {
    shim.policy('')
    write('', 0, 4)
    const before = await metrics()
    for (const forged of [
      { time: 'zzzz', sequence: 1e308 },
      { time: '9999-99-99T00:00:00Z', sequence: -1 },
      { time: '2027-03-01T10:00:59.000000Z', sequence: 0.5, verdict: 'x"\n{}', engine: { id: 'x"\n{}' } },
    ])
      appendFileSync(shim.path(decisionLog), `${record(1, forged)}\n`)
    const after = await metrics()
    expect(after.get('lintel_decisions_total{verdict="deny",engine="none"}')).toBe(1)
    expect(after.get('lintel_last_decision_timestamp_seconds')).toBe(
      Date.parse('2027-03-01T10:00:59Z') / 1000,
    )
    expect([...after.keys()].toSorted()).toEqual([...before.keys()].toSorted())
  })

  test('as the unit of install/prometheus calls it: a file that ends in .prom, put in place by rename', async () => {
    const unit = readFileSync(
      new URL('../install/prometheus/lintel-metrics.service', import.meta.url),
      'utf8',
    )
    const [, words = ''] = /^ExecStart=\/usr\/bin\/lintel (.+)$/m.exec(unit) ?? []
    const file = words.split(' ').at(-1) ?? ''
    expect(file).toMatch(/^\/[a-z/-]+\/[a-z]+\.prom$/)
    mkdirSync(dirname(shim.path(file)), { recursive: true })
    write('', 0, 4)
    const trace = `${shim.host.workspace}/trace`
    const strace = [
      'strace',
      '-f',
      '-qq',
      '-e',
      'trace=open,openat,creat,rename,renameat,renameat2',
      '-o',
      trace,
    ]
    const called = await shim.lintel(words.split(' '), { behind: strace })
    expect([called.status, called.stderr]).toEqual([0, ''])
    const calls = readFileSync(trace, 'utf8').split('\n')
    const opened = calls.flatMap((call) => /open\w*\(.*"([^"]+)", [^)]*O_CREAT/.exec(call)?.[1] ?? [])
    const renamed = calls.flatMap(
      (call) => /rename\w*\(.*"([^"]+)",.*"([^"]+)"/.exec(call)?.slice(1, 3) ?? [],
    )
    const temporary = renamed[renamed.indexOf(file) - 1] ?? ''
    expect(dirname(temporary)).toBe(dirname(file))
    expect(opened).toContain(temporary)
    // The collector reads whatever ends so, half written or not.
    expect(opened.filter((name) => name.endsWith('.prom'))).toEqual([])
    expect(readdirSync(dirname(shim.path(file)))).toEqual(['lintel.prom'])
  })
})
