/**
 * The log grows no further than logrotate lets it: real logrotate with install's configuration on a log that 50 processes
 * write, and which calls write a record at all, counted on real Docker with a health check.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { configWith, guardedCalls } from '../support/calls.ts'
import { asLogLine } from '../support/record-schema.ts'
import { decisionLog, openShim, type Shim } from '../support/shim.ts'
import { linked, quickPolicy, verify } from '../support/trail.ts'
import { setPolicy } from './support/decisions.ts'
import { blameless, startDocker } from './support/dockerd.ts'
import { versionedImage } from './support/image.ts'
import { until } from './support/private-host.ts'
import { openForwarding } from './support/rsyslog.ts'

jest.setTimeout(300_000)

let shim: Shim

beforeAll(async () => {
  shim = await openShim()
})
afterAll(() => shim.close())

const installed = readFileSync(
  fileURLToPath(new URL('../../install/host/logrotate', import.meta.url)),
  'utf8',
)

const linesOf = (file: string): readonly string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []

/** Whether something of the file that is the log now has arrived. */
const isFollowed = (log: string, received: readonly string[]): boolean => {
  const [first] = linesOf(log)
  return first !== undefined && received.includes(first)
}

/** The number of the newest record, in the log or in the file it was rotated to. */
const lastSequence = (shim: Shim): number => {
  const log = shim.path(decisionLog)
  const folder = log.replace(/\/[^/]+$/, '')
  const files = readdirSync(folder).filter((name) => !name.endsWith('.gz') && !name.endsWith('.head'))
  return Math.max(
    ...files
      .flatMap((name) => linesOf(join(folder, name)).slice(-1))
      .map((line) => linked(line).sequence ?? 0),
  )
}

test('rotated by logrotate while 50 processes write: unbroken, bounded, all of it forwarded once', async () => {
  shim.clear()
  quickPolicy(shim)
  // As installed, but for how many are kept.
  expect(installed).toContain('rotate 90')
  writeFileSync(join(shim.host.workspace, 'rotate.conf'), installed.replace('rotate 90', 'rotate 3'))
  await shim.shell(`mkdir -p -m 700 ${decisionLog.replace(/\/[^/]+$/, '')}`)
  const both = await openForwarding('tcp', { log: shim.path(decisionLog) })
  const [sender] = both.senders
  try {
    await Promise.all([both.aggregator.start(), sender.start()])
    const call = guardedCalls.create(shim.bundle('many', configWith() as object), 'p$1-$i').join(' ')
    const stop = join(shim.host.workspace, 'stop')
    const worker = `i=0; while [ ! -e ${stop} ]; do ${shim.host.runtime} ${call} || :; i=$((i+1)); sleep 1; done`
    writeFileSync(join(shim.host.workspace, 'worker'), worker)
    const writing = shim.shell(
      `p=1; while [ $p -le 50 ]; do sh ${shim.host.workspace}/worker $p & sleep 0.05; p=$((p+1)); done; wait`,
    )
    for (let times = 0; times < 6; times += 1) {
      // What is put away before rsyslogd has seen it is never followed (docs/log.md); names have a second in them.
      await until(() => isFollowed(shim.path(decisionLog), sender.received()), 'rsyslogd to follow', 60_000)
      await sleep(1100)
      await shim.shell(
        `logrotate -f -s ${shim.host.workspace}/rotate.state ${shim.host.workspace}/rotate.conf`,
      )
    }
    writeFileSync(stop, '')
    await writing
    const folder = shim.path(decisionLog.replace(/\/[^/]+$/, ''))
    const rotated = readdirSync(folder).filter((name) => /-\d{18}/.test(name))
    expect(rotated.length).toBe(3)
    expect(rotated.filter((name) => name.endsWith('.gz')).length).toBe(2)
    const verified = await verify(shim)
    expect(verified).toMatchObject({ status: 0, unbroken: true, faults: [] })
    expect(verified.notes).toEqual([
      expect.objectContaining({
        message: expect.stringMatching(/from record \d+ on; earlier ones are in older/),
      }),
    ])
    const last = lastSequence(shim)
    expect(last).toBeGreaterThan(100)
    await until(() => sender.received().length >= last, `${last} records to come`, 60_000)
    const numbers = sender.received().map((line) => linked(line).sequence)
    expect(numbers).toEqual(Array.from({ length: last }, (_, index) => index + 1))
    expect((await verify(shim, [sender.copy], ['--received'])).status).toBe(0)
  } finally {
    await both.close()
  }
})

test('a container with a health check: one record, of its creation', async () => {
  const engine = await startDocker({})
  try {
    setPolicy(engine.host, 'mode = "enforce"')
    const log = engine.host.path(decisionLog)
    const operations = (): readonly string[] =>
      readFileSync(log, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => asLogLine(JSON.parse(line)))
        .flatMap((line) => ('operation' in line ? [line.operation] : []))
    const checked = ['--health-cmd', 'touch /tmp/probed', '--health-interval', '1s', '--tmpfs', '/tmp']
    const words = ['run', '-d', '--name', 'web', ...blameless, ...checked, versionedImage, 'sleep', '60']
    expect(await engine.docker(words)).toMatchObject({ exitCode: 0 })
    const probes = async (): Promise<number> => {
      const { stdout } = await engine.docker([
        'events',
        '--since',
        '0',
        '--until',
        '0s',
        '--filter',
        'event=exec_start',
      ])
      return stdout.split('\n').filter((line) => line.includes('exec_start')).length
    }
    for (let tries = 0; (await probes()) < 4 && tries < 60; tries += 1) await sleep(500)
    expect(await probes()).toBeGreaterThanOrEqual(4)
    const mine = ['state', 'events --stats', 'ps', 'kill'].map((words) => `${words} nothing`)
    for (const each of ['features', '--version', 'list', ...mine])
      await engine.host.run('sh', ['-c', `${engine.host.runtime} ${each} || :`])
    await engine.docker(['stats', '--no-stream', 'web'])
    await engine.docker(['top', 'web'])
    await engine.docker(['pause', 'web'])
    await engine.docker(['unpause', 'web'])
    expect(await engine.docker(['kill', 'web'])).toMatchObject({ exitCode: 0 })
    expect(await engine.docker(['rm', '-f', 'web'])).toMatchObject({ exitCode: 0 })
    expect(operations()).toEqual(['create'])
  } finally {
    await engine.host.close()
  }
})
