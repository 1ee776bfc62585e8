/** What a refused person and their engine read: one short safe line in both places. Needs root. */
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { configWith, expectRefused, guardedCalls, preparedBundle, refusedConfig } from './support/calls.ts'
import { type Called, openShim, type Shim } from './support/shim.ts'

jest.setTimeout(60_000)

let shim: Shim

beforeAll(async () => {
  shim = await openShim()
})
afterAll(() => shim.close())
beforeEach(() => {
  shim.clear()
  shim.policy('')
})

/** What Docker, its command line and Podman look for in a runtime's message (facts/engines.md 2.3). */
const triggers =
  /no such file or directory|executable file not found|system cannot find|permission denied|operation not permitted|not a directory|is a directory|open executable|failed to run runc create\/exec call|\/proc\/.*\/attr/i

const safe = /^[^\p{Cc}\p{Cs}\u2028\u2029]+$/u

/** Expects the line to be safe for every engine and its decision to be on record. */
const expectSafe = (called: Called): string => {
  expect(called).toMatchObject({ status: 1, stdout: '', ran: undefined })
  const text = called.stderr
  expect(text).toMatch(safe)
  expect(text).not.toMatch(triggers)
  expect(Buffer.byteLength(text)).toBeLessThan(1024)
  const id = /\[decision ([0-9a-f]{12})\]$/.exec(text)?.[1]
  const record = shim.records().find((each) => each.id === id)
  expect(record).toMatchObject({ verdict: 'deny' })
  return text
}

const bind = (source: string, destination = source): object => ({
  destination,
  source,
  type: 'bind',
  options: ['rbind', 'rw'],
})

const capabilities = ['SYS_ADMIN', 'SYS_PTRACE', 'SYS_MODULE', 'NET_ADMIN', 'SYS_RAWIO', 'BPF'].map(
  (name) => `CAP_${name}`,
)

const everything = configWith({
  process: { capabilities: { bounding: capabilities, effective: capabilities }, noNewPrivileges: false },
  mounts: JSON.parse(
    JSON.stringify(['/', '/etc', '/proc', '/boot', '/sys', '/dev'].map((path) => bind(path, `/h${path}`))),
  ),
  linux: {
    namespaces: [{ type: 'mount' }],
    seccomp: null,
    maskedPaths: [],
    readonlyPaths: [],
    resources: {},
  },
  root: { readonly: false },
})

describe('the sentence', () => {
  test('many findings stay under 1 KB and all rules are named', async () => {
    const bundle = preparedBundle(shim, 'c', everything)
    for (const name of ['create', 'run', 'restore'] as const) {
      const text = expectSafe(await shim.call(guardedCalls[name](bundle, 'c')))
      const record = shim.records().at(-1)
      const refused = new Set(
        record?.findings.filter((each) => each.outcome === 'refused').map((each) => each.rule),
      )
      expect(refused.size).toBeGreaterThan(5)
      for (const rule of refused) expect(text).toContain(rule)
      expect(text).toContain(`lintel refused to ${name} this container.`)
      expect(text).toMatch(/ \d+ more: /)
    }
  })

  const hostile: readonly (readonly [string, string])[] = [
    ['a trigger phrase', 'no such file or directory'],
    ['another in capitals', 'Permission Denied'],
    ['all of them', 'is a directory, not a directory, operation not permitted, open executable'],
    ['one that mends itself', 'permission permission denied denied'],
    ['the path of a security attribute', 'proc/self/attr/exec'],
    ['one inside another', 'open executable file not found'],
    ['a phrase in letters that fold', `${'\u0130'.repeat(60)}perm\u0130\u017f\u017fion denied`],
    ['many paths of security attributes', '/attr'.repeat(45)],
    ['line breaks', 'a\nb\r\nc'],
    ['terminal colours', '\u001b[31mred\u001b[0m\u0007'],
    ['other line breaks', 'a\u2028b\u2029c\u0085d'],
    ['quotes and backslashes', '"\\" level=info msg="fine'],
    ['no ASCII', 'größe-日本-🦀'],
    ['a long name', 'x'.repeat(200)],
    ['long and wide', '🦀'.repeat(60)],
    ['a decision id', '[decision 000000000000]'],
    ['placeholders', '{actual}{expected}$&$1'],
  ]

  test.each(hostile)('values of the container cannot spoil it: %s', async (_, words) => {
    const folder = `/etc/${words}`
    mkdirSync(shim.path(folder), { recursive: true })
    const mounts = JSON.parse(JSON.stringify([bind(folder, `/${words}`), bind('/etc', `/${words}/etc`)]))
    const config = configWith({ process: { capabilities: { bounding: [`CAP_${words}`] } }, mounts })
    const bundle = preparedBundle(shim, 'c', config)
    const log = join(bundle, 'log')
    const called = await shim.call([
      '--log',
      log,
      '--log-format',
      'json',
      ...guardedCalls.create(bundle, 'c'),
    ])
    const text = expectSafe(called)
    expect(JSON.parse(readFileSync(log, 'utf8'))).toMatchObject({ level: 'error', msg: text })
  })

  test.each(hostile)('nor can what could not be read: %s', async (_, words) => {
    const name = words.replaceAll('/', '-')
    const bundle = shim.bundle(`b ${name}`.slice(0, 100), '{')
    expectSafe(await shim.call(['create', '--bundle', bundle, 'c']))
    expectSafe(await shim.call(['create', '--bundle', `/nx/${words}`, 'c']))
    const called = await shim.call(['create', `--${words}`, 'c'])
    expect(called).toMatchObject({ status: 1, stdout: '', ran: undefined })
    expect(called.stderr).not.toMatch(triggers)
    expect(called.stderr).toMatch(safe)
    expect(Buffer.byteLength(called.stderr)).toBeLessThan(1024)
  })

  test('an engine’s words: exec and update are spoken of as such', async () => {
    const bundle = preparedBundle(shim, 'c')
    shim.write(`${bundle}/process.json`, '{"args":["true"],"capabilities":{"bounding":["CAP_SYS_ADMIN"]}}')
    const exec = await shim.call(guardedCalls['exec with a process file'](bundle, 'c'))
    expect(expectSafe(exec)).toContain(
      'lintel refused this command in the container. exec-privileged (CIS 5.',
    )
    const update = await shim.call(['update', '--memory', '-1', 'c'])
    expect(expectSafe(update)).toContain('lintel refused this update of the container. update-loosening (')
  })
})

describe('the engine’s log', () => {
  const refused = (...flags: readonly string[]): Promise<Called> => {
    const bundle = preparedBundle(shim, 'c', refusedConfig)
    return shim.call([...flags, ...guardedCalls.create(bundle, 'c')])
  }
  const log = (): string => join(shim.host.workspace, 'engine.log')
  const read = (): string => readFileSync(log(), 'utf8')
  beforeEach(() => writeFileSync(log(), ''))

  test('json: exactly level, msg and time, in one line', async () => {
    const { stderr } = await refused('--log', log(), '--log-format', 'json')
    const time = /"time":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z)"/.exec(read())?.[1] ?? ''
    expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(60_000)
    expect(read()).toBe(`{"level":"error","msg":${JSON.stringify(stderr)},"time":"${time}"}\n`)
  })

  test.each([
    ['text', '--log-format=text'],
    ['no format', '--debug=false'],
  ])('%s: a line of logrus', async (_, flag) => {
    const { stderr } = await refused(`--log=${log()}`, flag)
    expect(read()).toMatch(/^time="[^"]+" level=error msg=".*"\n$/)
    expect(JSON.parse(read().slice(read().indexOf('msg=') + 4))).toBe(stderr)
  })

  test('added to what is there, mode kept; created for root alone where it is missing', async () => {
    const before = '{"level":"info","msg":"earlier","time":"2026-01-01T00:00:00Z"}\n'
    writeFileSync(log(), before)
    chmodSync(log(), 0o640)
    await refused('--log', log(), '--log-format', 'json')
    await refused('--log', log(), '--log-format', 'json')
    expect(read().startsWith(before)).toBe(true)
    expect(read().split('\n')).toHaveLength(4)
    expect(statSync(log()).mode & 0o777).toBe(0o640)
    const fresh = join(shim.host.workspace, 'fresh.log')
    await refused('--log', fresh, '--log-format', 'json')
    expect(statSync(fresh).mode & 0o777).toBe(0o600)
  })

  test('a refused command line is logged too', async () => {
    const called = await shim.call(['--log', log(), '--log-format', 'json', 'create', '--no-such', 'c'])
    expectRefused(called, /cannot read this create call: the flag "--no-such" is not known/)
    expect(JSON.parse(read())).toMatchObject({ level: 'error', msg: called.stderr })
  })

  test('absent, a folder, a fifo nobody reads, a full device: the sentence still goes to stderr', async () => {
    await shim.shell(`mkfifo ${shim.host.workspace}/fifo`)
    for (const flags of [
      [],
      ['--log', '/run'],
      ['--log', `${shim.host.workspace}/fifo`],
      ['--log', '/dev/full'],
      ['--log', '/nx/log'],
    ])
      expectSafe(await refused(...flags))
  })

  test.each(['allowed', 'repaired'])('untouched when the call is %s', async (verdict) => {
    const changes = verdict === 'allowed' ? {} : { process: { noNewPrivileges: false } }
    const bundle = preparedBundle(shim, 'c', configWith(changes))
    const words = ['--log', log(), '--log-format', 'json', ...guardedCalls.create(bundle, 'c')]
    expect(await shim.call(words)).toMatchObject({ status: 0, stdout: '', stderr: '', ran: words })
    expect(read()).toBe('')
  })
})

describe('a stderr nobody reads', () => {
  const script = (setup: string): string => {
    const bundle = preparedBundle(shim, 'c', refusedConfig)
    const call = `${shim.host.runtime} --log ${bundle}/log --log-format json create --bundle ${bundle} c`
    return `${setup}; status=0; ${call} || status=$?; echo $status >&3; cat ${bundle}/log >&3; ls ${shim.host.workspace}/ran >&3 || true`
  }

  test.each([
    ['closed', 'exec 3>&1 2>&-', 1],
    ['read-only', 'exec 3>&1 2</dev/null', 1],
    ['full', 'exec 3>&1 2>/dev/full', 1],
    [
      'a pipe without a reader',
      'exec 3>&1; rm -f /run/p; mkfifo /run/p; sh -c ": </run/p" & exec 2>/run/p; wait',
      141,
    ],
    [
      'such a pipe, SIGPIPE ignored',
      'trap "" PIPE; exec 3>&1; rm -f /run/p; mkfifo /run/p; sh -c ": </run/p" & exec 2>/run/p; wait',
      1,
    ],
  ])('%s: nothing runs, log and record are whole', async (_, setup, status) => {
    await shim.shell(`rm -f ${shim.host.workspace}/ran`)
    const [ended = '', line = '', ...rest] = (await shim.shell(script(setup))).split('\n')
    expect(ended).toBe(String(status))
    expect(rest).toEqual([])
    const [record] = shim.records()
    expect(JSON.parse(line)).toMatchObject({
      level: 'error',
      msg: expect.stringContaining(`[decision ${record?.id}]`),
    })
  })
})
