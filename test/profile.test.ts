/** `lintel profile`, and what every profile must keep to. Needs root. */
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { profiles, sandboxProfile } from '../src/profiles/index.ts'
import { rules } from '../src/rules/index.ts'
import { openShim, type Shim } from './support/shim.ts'

jest.setTimeout(60_000)

let shim: Shim

beforeAll(async () => {
  shim = await openShim()
})
afterAll(() => shim.close())
beforeEach(() => shim.clear())

const names = Object.keys(profiles)

const read = async (words: readonly string[]): Promise<unknown> => {
  const { status, stdout, stderr } = await shim.lintel([...words, '--format', 'json'])
  expect([status, stderr]).toEqual([0, ''])
  return JSON.parse(stdout)
}

describe('the profiles', () => {
  test('there are those of the benchmarks and standards, and no policy can name the sandbox one', async () => {
    expect(names).toEqual([
      'cis-docker-1.13.0',
      'cis-docker-1.7.0',
      'cops',
      'kubernetes-node',
      'minimal',
      'pss-baseline',
      'pss-restricted',
    ])
    shim.policy('profile = "sandbox"')
    const { status, stderr } = await shim.lintel(['rules'])
    expect(status).toBe(2)
    expect(stderr).toContain('profile is "sandbox"')
  })

  test.each(['cis-docker-1.13.0', 'cis-docker-1.7.0'])('%s has every rule with a number in it', (name) => {
    const cited = rules.filter(({ references }) =>
      references.some((item) => 'item' in item && item.benchmark === name && item.item.startsWith('5.')),
    )
    expect(cited.length).toBeGreaterThan(10)
    for (const { id } of cited) expect(Object.keys(profiles[name]?.rules ?? {})).toContain(id)
  })

  test('both CIS versions set every rule alike', () => {
    expect(profiles['cis-docker-1.7.0']?.rules).toEqual(profiles['cis-docker-1.13.0']?.rules)
  })

  test('the number in each comment is the one the rule cites', () => {
    for (const name of ['cis-docker-1.13.0', 'cis-docker-1.7.0']) {
      const text = readFileSync(new URL(`../src/profiles/${name}.toml`, import.meta.url), 'utf8')
      const lines = text.split('\n').flatMap((line) => {
        const [, id, number] = /^([a-z0-9-]+) += .*# (5\.\d+),/.exec(line) ?? []
        return id === undefined || number === undefined ? [] : [{ id, number }]
      })
      expect(lines.length).toBeGreaterThan(10)
      for (const { id, number } of lines) {
        const references = rules.find((rule) => rule.id === id)?.references
        expect(references).toContainEqual({ benchmark: name, item: number })
      }
    }
  })

  test('restricted asks for all that baseline does, and more', () => {
    const strictness = ['off', 'warn', 'fix', 'deny']
    const rank = (name: string, id: string): number =>
      strictness.indexOf(String(profiles[name]?.rules[id]?.['action'] ?? 'off'))
    for (const { id } of rules)
      expect(rank('pss-restricted', id)).toBeGreaterThanOrEqual(rank('pss-baseline', id))
    expect(rules.some(({ id }) => rank('pss-restricted', id) > rank('pss-baseline', id))).toBe(true)
  })

  test('the sandbox profile only ever loosens', () => {
    for (const { action } of Object.values(sandboxProfile.rules)) expect(['off', 'warn']).toContain(action)
  })

  test('each begins with a comment that says what it is for, and has one line a rule', () => {
    const folder = new URL('../src/profiles/', import.meta.url)
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.toml'))) {
      const text = readFileSync(new URL(file, folder), 'utf8')
      expect(text).toMatch(/^# /)
      expect(text).not.toMatch(/^\[rules\./m)
    }
  })
})

describe('profile list, show, diff', () => {
  test('list: every profile, the default marked, how many rules are on', async () => {
    const rows = await read(['profile', 'list'])
    expect(rows).toEqual(
      names.map((name) => ({
        name,
        default: name === 'cis-docker-1.13.0',
        on: Object.values(profiles[name]?.rules ?? {}).filter(({ action }) => action !== 'off').length,
        title: profiles[name]?.title,
      })),
    )
    const { stdout } = await shim.lintel(['profile', 'list'])
    expect(stdout).toMatch(/^cis-docker-1\.13\.0 +\d+ +CIS Docker .* \(default\)$/m)
  })

  test.each(names)('show %s: every rule with its number, action and what parameters differ', async (name) => {
    const shown = await read(['profile', 'show', name])
    const expected = rules.map(({ id, severity }) => {
      const { action = 'off', ...parameters } = profiles[name]?.rules[id] ?? {}
      return expect.objectContaining({ rule: id, severity, action, parameters })
    })
    expect(shown).toEqual({ name, title: profiles[name]?.title, rules: expected })
    const { stdout } = await shim.lintel(['profile', 'show', name])
    for (const { id } of rules)
      expect(stdout).toMatch(new RegExp(`^${id} +(\\S+ \\S+)? +\\w+ +(deny|fix|warn|off)`, 'm'))
  })

  test('show tells parameters as the policy would have them', async () => {
    const { stdout } = await shim.lintel(['profile', 'show', 'pss-restricted'])
    expect(stdout).toMatch(/^capabilities +.* deny, allowed = \["CAP_NET_BIND_SERVICE"\]$/m)
  })

  test('diff: only what differs', async () => {
    const answer = await read(['profile', 'diff', 'pss-baseline', 'pss-restricted'])
    expect(answer).toMatchObject({
      names: ['pss-baseline', 'pss-restricted'],
      rules: expect.arrayContaining([
        expect.objectContaining({ rule: 'no-new-privileges', before: { action: 'off', parameters: {} } }),
      ]),
    })
    expect(JSON.stringify(answer)).not.toContain('"rule":"host-pid"')
    const { stdout } = await shim.lintel(['profile', 'diff', 'cis-docker-1.13.0', 'minimal'])
    expect(stdout).toMatch(/^rule +cis-docker-1\.13\.0 +minimal$/m)
    expect(stdout).toMatch(/^memory-limit +fix +off$/m)
    expect((await shim.lintel(['profile', 'diff', 'minimal', 'minimal'])).stdout).toBe(
      'minimal and minimal set every rule alike.',
    )
  })

  test.each([
    [['profile', 'show', 'nope'], 'there is no profile "nope"; known are: cis-docker-1.13.0'],
    [['profile', 'diff', 'minimal', 'nope'], 'there is no profile "nope"'],
    [['profile', 'show', 'toString'], 'there is no profile "toString"'],
    [['profile'], 'list, show or diff is needed'],
    [['profile', 'show'], 'Not enough'],
    [['profile', 'bogus'], 'bogus'],
  ])('%j: one line, exit 2', async (words, says) => {
    const called = await shim.lintel(words)
    expect(called).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining(says) })
    expect(called.stderr).toMatch(/^lintel: [^\n]+$/)
  })
})
