/** On a real dockerd: from warn to enforce by `lintel log suggest`, and what containers write on its way to an aggregator. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { setPolicy } from './support/decisions.ts'
import { blameless, type Docker, startDocker } from './support/dockerd.ts'
import { versionedImage } from './support/image.ts'
import { openForwarding, type Sender } from './support/rsyslog.ts'

jest.setTimeout(180_000)

let engine: Docker

const logging: object = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../install/docker-logs/daemon.json', import.meta.url)), 'utf8'),
)

beforeAll(async () => {
  engine = await startDocker({ settings: logging })
})
afterAll(() => engine?.host.close())

const lintel = (...words: readonly string[]) => engine.host.run(join(engine.host.workspace, 'lintel'), words)

const run = (name: string, ...options: readonly string[]) =>
  engine.docker(['run', '--rm', '--name', name, ...blameless, ...options, versionedImage, 'true'])

test('what warn mode saw becomes a policy that is not valid until signed; then the same runs, and others do not', async () => {
  setPolicy(engine.host, 'mode = "warn"')
  const needs = ['--cap-add=SYS_TIME', '--pid=host']
  expect(await run('clock', ...needs)).toMatchObject({ exitCode: 0 })
  const suggested = await lintel('log', 'suggest')
  expect(suggested).toMatchObject({ exitCode: 0, stderr: '' })
  expect(suggested.stdout).toMatch(/DANGEROUS host-pid/)
  expect(suggested.stdout).toContain('name = "clock"')
  const file = engine.host.path('/etc/lintel/policy.d/50-suggested.toml')
  writeFileSync(file, suggested.stdout, { mode: 0o644 })
  const unsigned = await lintel('policy', 'check')
  expect(unsigned.exitCode).toBe(2)
  expect(unsigned.stderr).toMatch(
    /50-suggested\.toml:\d+: exemptions\.0\.reason is empty; it must be filled in/,
  )
  const signed = suggested.stdout
    .replaceAll('reason  = ""', 'reason  = "sets the clock"')
    .replaceAll('owner   = ""', 'owner   = "time-team"')
  writeFileSync(file, signed, { mode: 0o644 })
  setPolicy(engine.host, 'mode = "enforce"')
  expect((await lintel('policy', 'check')).stderr).toBe('')
  expect(await run('clock', ...needs)).toMatchObject({ exitCode: 0 })
  const other = await run('other', ...needs)
  expect([other.exitCode, other.stderr]).toEqual([125, expect.stringContaining('lintel refused')])
  const more = await run('clock', ...needs, '--uts=host')
  expect([more.exitCode, more.stderr]).toEqual([125, expect.stringContaining('lintel refused')])
  const shown = await lintel('log', 'show', '--container', 'clock')
  expect(shown.stdout.split('\n').map((line) => line.split(' ').slice(1, 6).join(' '))).toEqual([
    expect.stringContaining('would_deny docker create clock'),
    expect.stringMatching(/(allow|fix) docker create clock/),
    expect.stringContaining('deny docker create clock'),
  ])
  const again = await lintel('log', 'suggest', '--container', 'clock')
  expect(again.stdout).toMatch(/findings that the policy in force lets pass by now/)
})

/** The lines that came, once there are so many. */
const arrived = async (sender: Sender, count: number): Promise<readonly string[]> => {
  for (let tries = 0; sender.received().length < count && tries < 300; tries += 1) await sleep(100)
  return sender.received()
}

test('what containers write arrives at the aggregator; while it is down they run on', async () => {
  const both = await openForwarding('tls', { containers: engine.host.path('/var/lib/docker') })
  const [sender] = both.senders
  const say = (name: string, from: number) =>
    engine.docker([
      'run',
      '--name',
      name,
      ...blameless,
      versionedImage,
      'sh',
      '-c',
      `for i in 0 1 2 3 4; do echo ${name} $((${from}+i)); done`,
    ])
  try {
    await Promise.all([both.aggregator.start(), sender.start()])
    expect(await say('first', 0)).toMatchObject({ exitCode: 0 })
    await arrived(sender, 5)
    await both.aggregator.kill()
    expect(await say('second', 5)).toMatchObject({ exitCode: 0 })
    await both.aggregator.start()
    const lines = (await arrived(sender, 10)).map((line): { log: string; attrs: { tag: string } } =>
      JSON.parse(line),
    )
    const unique = [...new Set(lines.map(({ log }) => log.trim()))]
    expect(unique).toEqual([
      ...[0, 1, 2, 3, 4].map((each) => `first ${each}`),
      ...[5, 6, 7, 8, 9].map((each) => `second ${each}`),
    ])
    expect(lines[0]?.attrs.tag).toMatch(/^first \S+ [0-9a-f]{64}$/)
  } finally {
    await both.close()
  }
})
