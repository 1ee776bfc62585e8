/** Break-glass: nothing is refused or repaired for a stated time, and every line of the log says why. Needs root. */
import { chmodSync, chownSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import type { DecisionRecord, EventRecord } from '../src/core/record.ts'
import {
  configWith,
  expectAllPass,
  expectHandedOn,
  expectRefused,
  guardedCalls,
  guardedNames,
  preparedBundle,
  refusedConfig,
  repairedConfig,
} from './support/calls.ts'
import { asLogLine } from './support/record-schema.ts'
import { decisionLog, openShim, type Shim } from './support/shim.ts'

jest.setTimeout(60_000)

let shim: Shim

beforeAll(async () => {
  shim = await openShim()
})
afterAll(() => shim.close())
beforeEach(() => shim.clear())

const file = '/var/lib/lintel/break-glass'
const begin = ['break-glass', '--for', '30m', '--reason', 'registry outage, ticket 4711']

const lines = (): readonly (DecisionRecord | EventRecord)[] => {
  const path = shim.path(decisionLog)
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => asLogLine(JSON.parse(line)))
}
const events = (): readonly EventRecord[] => lines().flatMap((line) => ('event' in line ? [line] : []))
const decisions = (): readonly DecisionRecord[] => lines().flatMap((line) => ('event' in line ? [] : [line]))

/** Writes the file as root would have, so many milliseconds around now. */
const glass = (from: number, to: number): void => {
  const now = Date.now()
  shim.write(file, `start ${now + from}\nend ${now + to}\nby uid 0\nreason by hand\n`)
  chmodSync(shim.path(file), 0o644)
}

const minute = 60_000

describe('while it runs', () => {
  test('what is refused or repaired otherwise goes through, and records carry until, reason and by', async () => {
    shim.policy('')
    const bad = preparedBundle(shim, 'bad', refusedConfig)
    expectRefused(await shim.call(guardedCalls.create(bad, 'bad')), /capabilities/)
    expect(await shim.lintel(begin)).toMatchObject({ status: 0, stderr: '' })
    for (const name of guardedNames) {
      const words = guardedCalls[name](bad, 'bad')
      expectHandedOn(await shim.call(words), words)
    }
    const mild = preparedBundle(shim, 'mild', repairedConfig)
    const words = guardedCalls.create(mild, 'mild')
    expectHandedOn(await shim.call(words), words)
    expect(JSON.parse(readFileSync(`${mild}/config.json`, 'utf8'))).toEqual(repairedConfig)
    const [refused, ...meanwhile] = decisions()
    expect(refused).not.toHaveProperty('breakGlass')
    expect(meanwhile.map(({ verdict }) => verdict)).toContain('would_deny')
    for (const record of meanwhile)
      expect(record).toMatchObject({
        mode: 'warn',
        breakGlass: {
          reason: 'registry outage, ticket 4711',
          by: expect.stringMatching(/^uid 0/),
          until: expect.stringMatching(/^\d{4}-.*Z$/),
        },
      })
    expect(await shim.lintel(['break-glass', '--end'])).toMatchObject({ status: 0, stderr: '' })
    expectRefused(await shim.call(guardedCalls.create(bad, 'bad')), /capabilities/)
    expect(decisions().at(-1)).not.toHaveProperty('breakGlass')
  })

  test('a policy that is broken, with none kept: would be refused, is recorded, runs', async () => {
    shim.policy('mode = \n')
    await shim.shell(`mount --bind ${shim.runtime} /usr/sbin/runc`)
    try {
      const bundle = preparedBundle(shim, 'c', refusedConfig)
      await shim.lintel(begin)
      for (const name of guardedNames) {
        const words = guardedCalls[name](bundle, 'c')
        expectHandedOn(await shim.call(words), words)
      }
      expect(decisions().at(-1)).toMatchObject({
        verdict: 'would_deny',
        failure: expect.stringContaining('policy.toml:3'),
        policy: { digest: 'none' },
        breakGlass: { reason: 'registry outage, ticket 4711' },
      })
    } finally {
      await shim.shell('umount /usr/sbin/runc')
    }
  })

  test('a policy in other hands: the last good one judges', async () => {
    shim.policy('')
    const bundle = preparedBundle(shim, 'c', refusedConfig)
    await shim.call(guardedCalls.create(bundle, 'c'))
    await shim.lintel(begin)
    chmodSync(shim.path('/etc/lintel/policy.toml'), 0o666)
    const words = guardedCalls.create(bundle, 'c')
    expectHandedOn(await shim.call(words), words)
    expect(decisions().at(-1)).toMatchObject({
      verdict: 'would_deny',
      policy: { broken: expect.stringContaining('chmod') },
      findings: expect.arrayContaining([
        expect.objectContaining({ rule: 'capabilities', outcome: 'refused' }),
      ]),
    })
  })

  test('a configuration or command line that cannot be read, and a log that cannot be written', async () => {
    shim.policy('')
    await shim.lintel(begin)
    const broken = shim.bundle('broken', '{')
    const words = guardedCalls.create(broken, 'c')
    expectHandedOn(await shim.call(words), words)
    expect(decisions().at(-1)).toMatchObject({ verdict: 'would_deny', failure: expect.any(String) })
    const unread = ['create', '--no-such-flag', '--bundle', broken, 'c']
    expectHandedOn(await shim.call(unread), unread)
    shim.policy('log.file = "/proc/nowhere/log"')
    expectHandedOn(await shim.call(words), words)
  })

  test('lintel failing: handed on, with a report', async () => {
    shim.policy('')
    // More than the machine gives itself memory for.
    const swollen = JSON.stringify(configWith()).replace('{', `{"pad":[${'{},'.repeat(1_000_000)}{}],`)
    const words = guardedCalls.create(shim.bundle('c', swollen), 'c')
    expectRefused(await shim.call(words), /^lintel failed while judging this call/)
    await shim.lintel(begin)
    rmSync(shim.path('/var/lib/lintel/reports'), { recursive: true, force: true })
    expectHandedOn(await shim.call(words), words)
    expect(await shim.shell('ls /var/lib/lintel/reports')).toMatch(/\.txt$/)
  })

  test('calls that pass are not touched', async () => {
    shim.policy('')
    await shim.lintel(begin)
    preparedBundle(shim, 'c')
    await expectAllPass(shim, 'c')
  })
})

describe('its end', () => {
  const refuses = async (): Promise<void> => {
    shim.policy('')
    const bundle = preparedBundle(shim, 'c', refusedConfig)
    expectRefused(await shim.call(guardedCalls.create(bundle, 'c')), /capabilities/)
    expect(decisions().at(-1)).not.toHaveProperty('breakGlass')
  }

  test('by the clock: the next guarded call takes the file away and writes the line, once', async () => {
    glass(-10 * minute, -1)
    await refuses()
    expect(existsSync(shim.path(file))).toBe(false)
    await refuses()
    expect(events()).toMatchObject([{ event: 'break-glass-ended', breakGlass: { reason: 'by hand' } }])
    expect(events()[0]).not.toHaveProperty('endedBy')
  })

  test('by a clock turned back before its start', async () => {
    glass(minute, 2 * minute)
    await refuses()
  })

  test.each<readonly [string, () => void]>([
    ['writable by others', () => chmodSync(shim.path(file), 0o646)],
    ['of another user', () => chownSync(shim.path(file), 1000, 1000)],
    ['for longer than a day', () => glass(-minute, 25 * 60 * minute)],
    ['with half its lines', () => shim.write(file, `start ${Date.now() - 5}\nend ${Date.now() + minute}\n`)],
  ])('a file %s never counts', async (_, spoil) => {
    glass(-minute, minute)
    spoil()
    await refuses()
    expect((await shim.lintel(['break-glass'])).stdout).toBe('break-glass does not run.')
  })
})

describe('the command', () => {
  test('beginning and end are lines of the log, whatever the policy', async () => {
    shim.policy('mode = \n')
    await shim.lintel(begin)
    await shim.lintel(['break-glass', '--end'])
    expect(events()).toMatchObject([
      { event: 'break-glass-began', breakGlass: { reason: 'registry outage, ticket 4711' } },
      { event: 'break-glass-ended', endedBy: expect.stringMatching(/^uid 0/) },
    ])
  })

  test('says how it stands', async () => {
    expect((await shim.lintel(['break-glass'])).stdout).toBe('break-glass does not run.')
    await shim.lintel(begin)
    expect((await shim.lintel(['break-glass'])).stdout).toMatch(
      /^break-glass runs since \S+ until \S+, begun by uid 0.*: registry outage, ticket 4711$/,
    )
    const told = JSON.parse((await shim.lintel(['break-glass', '--format', 'json'])).stdout)
    expect(told).toMatchObject({ running: true, reason: 'registry outage, ticket 4711' })
    expect(Date.parse(told.until) - Date.parse(told.since)).toBe(30 * minute)
    await shim.lintel(['break-glass', '--end'])
    expect(JSON.parse((await shim.lintel(['break-glass', '--format', 'json'])).stdout)).toEqual({
      running: false,
    })
  })

  test('rootless callers can read it, and nothing else of the state folder', async () => {
    shim.policy('')
    const bundle = preparedBundle(shim, 'c')
    await shim.call(guardedCalls.create(bundle, 'c'))
    await shim.lintel(begin)
    expect(statSync(shim.path('/var/lib/lintel')).mode & 0o777).toBe(0o711)
    expect(statSync(shim.path('/var/lib/lintel/policy')).mode & 0o777).toBe(0o700)
    expect(statSync(shim.path(file)).mode & 0o777).toBe(0o644)
  })

  test.each([
    [['--for', '30m'], 'say why'],
    [['--reason', 'x'], 'for how long'],
    [['--for', '30s', '--reason', 'x'], '1m to 24h'],
    [['--for', '0m', '--reason', 'x'], '1m to 24h'],
    [['--for', '25h', '--reason', 'x'], '1m to 24h'],
    [['--for', '24h1m', '--reason', 'x'], '1m to 24h'],
    [['--for', 'soon', '--reason', 'x'], '1m to 24h'],
    [['--for', '30m', '--reason', '  '], 'say why'],
    [['--for', '30m', '--reason', 'a\nb'], 'one line'],
    [['--for', '30m', '--reason', 'x'.repeat(201)], 'over 200'],
    [['--for', '30m', '--reason', 'x', '--end'], 'not both'],
    [['--end'], 'does not run'],
  ])('%j is refused', async (words, says) => {
    const called = await shim.lintel(['break-glass', ...words])
    expect(called).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining(says) })
    expect(called.stderr).toMatch(/^lintel: [^\n]+$/)
    expect(existsSync(shim.path(file))).toBe(false)
    expect(events()).toEqual([])
  })

  test('only root begins it', async () => {
    const called = await shim.lintel(begin, { behind: ['setpriv', '--reuid=1000', '--clear-groups'] })
    expect(called).toMatchObject({ status: 2, stderr: 'lintel: only root can begin or end break-glass' })
    expect(existsSync(shim.path(file))).toBe(false)
  })

  test('a dry run during it shows, and changes nothing', async () => {
    glass(-10 * minute, -1)
    shim.policy('')
    const bundle = preparedBundle(shim, 'c', configWith())
    await shim.call(['--dry-run', ...guardedCalls.create(bundle, 'c')])
    expect(existsSync(shim.path(file))).toBe(true)
    expect(lines()).toEqual([])
  })
})
