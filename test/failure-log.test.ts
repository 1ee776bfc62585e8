/** DESIGN section 3, rows of the decision log and syslog. Needs root. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { until } from './e2e/support/private-host.ts'
import {
  configWith,
  expectAllPass,
  expectHandedOn,
  expectRefused,
  guardedCalls,
  preparedBundle,
  refusedConfig,
} from './support/calls.ts'
import { decisionLog, openShim, type Shim } from './support/shim.ts'

jest.setTimeout(60_000)

let shim: Shim

beforeAll(async () => {
  shim = await openShim()
}, 60_000)
afterAll(() => shim.close(), 60_000)
beforeEach(() => shim.clear())

/** Every call that leaves a record; an exec leaves one only where something was found. */
const recorded = (bundle: string): readonly (readonly string[])[] => {
  shim.write(
    `${bundle}/process.json`,
    '{"args":["true"],"user":{"uid":1000,"gid":1000},"capabilities":{"bounding":["CAP_SYS_ADMIN"]}}',
  )
  return [
    guardedCalls.create(bundle, 'c'),
    guardedCalls.run(bundle, 'c'),
    guardedCalls.restore(bundle, 'c'),
    guardedCalls['exec with a process file'](bundle, 'c'),
    ['exec', '--cap', 'CAP_SYS_ADMIN', 'c', 'true'],
    guardedCalls['update with a file'](bundle, 'c'),
    guardedCalls['update with flags'](bundle, 'c'),
  ]
}

const lenient = ['capabilities', 'exec-privileged', 'restore-checkpoint']
  .map((rule) => `rules.${rule}.action = "warn"\n`)
  .join('')
const folder = '/var/log/lintel'
const earlier = `${'x'.repeat(3 * 4096 + 4000)}\n`

/** Ways a log cannot be written, and how it is mended. */
const obstacles: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['a folder in its place', async () => mkdirSync(shim.path(decisionLog), { recursive: true })],
  ['a file where its folder should be', async () => writeFileSync(shim.path(folder), '')],
  [
    'a link in its place',
    async () => {
      mkdirSync(shim.path(folder))
      symlinkSync('/tmp/elsewhere', shim.path(decisionLog))
    },
  ],
  ['a fifo in its place', () => shim.shell(`mkdir ${folder}; mkfifo ${decisionLog}`)],
  ['a read-only file system', () => shim.shell(`mkdir ${folder}; mount -t tmpfs -o ro tmpfs ${folder}`)],
  [
    'a full disk',
    async () => {
      await shim.shell(`mkdir ${folder}; mount -t tmpfs -o size=16k tmpfs ${folder}`)
      writeFileSync(shim.path(decisionLog), earlier)
    },
  ],
]

describe.each(obstacles)('a decision log that cannot be written: %s', (name, arrange) => {
  afterAll(() => shim.shell(`umount ${folder} || true`))

  test('calls are refused, others pass; unless it is not required, or the policy only warns', async () => {
    const bundle = preparedBundle(shim, 'c')
    const calls = recorded(bundle)
    await arrange()
    shim.policy(lenient)
    for (const words of calls)
      expectRefused(await shim.call(words), /the decision log \S+ cannot be written; see \[log\]/)
    await expectAllPass(shim, 'c')
    for (const text of [`${lenient}log.required = false\n`, `mode = "warn"\n${lenient}`]) {
      shim.policy(text)
      for (const words of calls) expectHandedOn(await shim.call(words), words)
    }
    // A line that did not fit has left nothing behind.
    if (name === 'a full disk') expect(readFileSync(shim.path(decisionLog), 'utf8')).toBe(earlier)
  })

  test('what is refused anyway stays refused where the log is not required', async () => {
    const bundle = preparedBundle(shim, 'c', refusedConfig)
    shim.policy('log.required = false\n')
    expectRefused(await shim.call(guardedCalls.create(bundle, 'c')), /capabilities/)
  })
})

test('the log’s folder is made, for root alone, and lines are added to what is there', async () => {
  const bundle = preparedBundle(shim, 'c')
  shim.policy('log.file = "/var/log/deep/er/decisions"\n')
  for (const _ of [1, 2]) await shim.call(guardedCalls.create(bundle, 'c'))
  expect(await shim.shell('stat -c %a:%n /var/log/deep/er /var/log/deep/er/decisions')).toBe(
    '700:/var/log/deep/er\n600:/var/log/deep/er/decisions',
  )
  expect((await shim.shell('cat /var/log/deep/er/decisions')).split('\n')).toHaveLength(2)
})

test('many calls at once leave whole lines', async () => {
  shim.policy('')
  const bundles = Array.from({ length: 40 }, (_, index) => preparedBundle(shim, `c${index}`))
  const script = bundles.map((bundle, index) => `${shim.host.runtime} create --bundle ${bundle} c${index} &`)
  await shim.shell(`${script.join('\n')}\nwait`)
  const ids = shim.records().map(({ container }) => container.id)
  expect(ids.toSorted()).toEqual(bundles.map((_, index) => `c${index}`).toSorted())
  expect(new Set(shim.records().map(({ id }) => id)).size).toBe(40)
})

describe('syslog', () => {
  // A /dev of its own: the machine's /dev/log is left alone.
  beforeAll(async () => {
    const nodes = ['null c 1 3', 'zero c 1 5', 'urandom c 1 9'].map((node) => `mknod -m 666 /dev/${node}`)
    await shim.shell(`mount -t tmpfs -o mode=755 tmpfs /dev; ${nodes.join('; ')}`)
  })

  const holds = async (condition: string): Promise<boolean> =>
    (await shim.host.run('sh', ['-c', condition])).exitCode === 0

  /** Starts a syslog daemon and returns its process id. */
  const start = async (): Promise<string> => {
    await shim.shell('rm -f /dev/log /run/syslogd.pid /run/messages')
    // Not the launched process itself: nsenter stops with a child that is stopped.
    const daemon = 'busybox syslogd -n -O /run/messages & echo $! > /run/syslogd.pid; wait'
    shim.host.launch('syslogd', 'sh', ['-c', daemon])
    await until(() => holds('test -s /run/syslogd.pid -a -S /dev/log'), 'a syslog daemon')
    return await shim.shell('cat /run/syslogd.pid')
  }

  const expectGoesOn = async (): Promise<void> => {
    const bundle = preparedBundle(shim, 'c')
    for (const words of recorded(bundle)) expectHandedOn(await shim.call(words), words)
    expect(shim.records()).toHaveLength(7)
    await expectAllPass(shim, 'c')
  }

  test('no socket: calls go on', async () => {
    shim.policy(`${lenient}log.syslog = true\n`)
    await expectGoesOn()
  })

  test('a daemon that listens gets the record as its message', async () => {
    const pid = await start()
    shim.policy('log.syslog = true\n')
    const bundle = preparedBundle(shim, 'c', configWith())
    await shim.call(guardedCalls.create(bundle, 'c'))
    await until(() => holds('grep -q lintel /run/messages'), 'a message')
    const messages = await shim.shell('cat /run/messages')
    expect(messages).toMatch(/lintel\[\d+\]: \{/)
    expect(JSON.parse(messages.slice(messages.indexOf('{')).split('\n')[0] ?? '')).toEqual(shim.records()[0])
    await shim.shell(`kill -9 ${pid}`)
  })

  test('a socket nobody listens at any more: calls go on', async () => {
    shim.policy(`${lenient}log.syslog = true\n`)
    const pid = await start()
    await shim.shell(`kill -9 ${pid}`)
    expect(await shim.shell('stat -c %F /dev/log')).toBe('socket')
    await expectGoesOn()
  })

  test('a daemon that reads no more: its full queue holds nothing up', async () => {
    const pid = await start()
    await shim.shell(`kill -STOP ${pid}`)
    shim.policy(`${lenient}log.syslog = true\n`)
    const length = Number(await shim.shell('cat /proc/sys/net/unix/max_dgram_qlen'))
    const bundle = preparedBundle(shim, 'c')
    const calls = `i=0; while [ $i -le ${length + 20} ]; do ${shim.host.runtime} create --bundle ${bundle} c; i=$((i+1)); done`
    await shim.shell(calls)
    expect(shim.records()).toHaveLength(length + 21)
    expectHandedOn(await shim.call(guardedCalls.create(bundle, 'c')), guardedCalls.create(bundle, 'c'))
    await shim.shell(`kill -9 ${pid}`)
  })
})
