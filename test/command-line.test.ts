/** The command line beside `lint`: rules, explain, colour, width, and the runtime's dry run. Needs root. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { profiles } from '../src/profiles/index.ts'
import { rules } from '../src/rules/index.ts'
import {
  configWith,
  type GuardedName,
  guardedCalls,
  guardedNames,
  preparedBundle,
  refusedConfig,
  repairedConfig,
} from './support/calls.ts'
import { asDryRun } from './support/record-schema.ts'
import { openShim, type Shim } from './support/shim.ts'

jest.setTimeout(60_000)

let shim: Shim

beforeAll(async () => {
  shim = await openShim()
})
afterAll(() => shim.close())
beforeEach(() => shim.clear())

describe('rules and explain', () => {
  test('rules: every rule, with number, severity and what the site’s policy does about it', async () => {
    shim.policy('rules.seccomp.action = "off"')
    const table = await shim.lintel(['rules'])
    expect(table).toMatchObject({ status: 0, stderr: '' })
    for (const { id, title, severity } of rules)
      expect(table.stdout).toMatch(
        new RegExp(`^${id} +(CIS \\S+)? +${severity} +(deny|fix|warn|off) +${title}$`, 'm'),
      )
    expect(table.stdout).toMatch(/^seccomp +CIS 5\.\d+ +\w+ +off /m)
    const json = JSON.parse((await shim.lintel(['rules', '--format=json'])).stdout)
    expect(json).toHaveLength(rules.length)
    expect(json).toContainEqual(expect.objectContaining({ id: 'seccomp', action: 'off' }))
  })

  test.each(rules.map(({ id }) => id))('explain %s: why, words, parameters, references', async (id) => {
    const { status, stdout, stderr } = await shim.lintel(['explain', id])
    const rule = rules.find((each) => each.id === id)
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toContain(`${id}: ${rule?.title}`)
    expect(stdout).toContain(rule?.rationale)
    for (const [name, schema] of Object.entries(rule?.parameters ?? {})) {
      expect(stdout).toContain(`  ${name} = ${JSON.stringify(schema.default)}\n`)
      expect(stdout).toContain(schema.description)
    }
    for (const { remedy } of Object.values(rule?.messages ?? {}))
      expect(stdout).toContain(`: ${remedy.default}`)
    for (const [profile, { rules: tables }] of Object.entries(profiles))
      expect(stdout).toMatch(new RegExp(`^  ${profile} +${tables[id]?.['action'] ?? 'off'}(,|$)`, 'm'))
    for (const { name } of [...(rule?.examples.good ?? []), ...(rule?.examples.bad ?? [])])
      expect(stdout).toContain(`  - ${name}\n    {`)
    for (const part of [`[rules.${id}]`, `[overrides.rules.${id}]`, `rules   = ["${id}"]`])
      expect(stdout).toContain(part)
  })

  test('a rule that does not exist, with a hint', async () => {
    for (const [word, says] of [
      ['memory', 'there is no rule "memory"; did you mean memory-limit?'],
      ['nope', 'there is no rule "nope"; lintel rules lists them'],
    ] as const)
      expect(await shim.lintel(['explain', word])).toMatchObject({
        status: 2,
        stdout: '',
        stderr: `lintel: ${says}`,
      })
  })

  test('help, version and words that are none', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
    expect(await shim.lintel(['--version'])).toMatchObject({ status: 0, stdout: version, stderr: '' })
    for (const words of [[], ['--help'], ['lint', '--help']])
      expect(await shim.lintel(words)).toMatchObject({
        status: 0,
        stderr: '',
        stdout: expect.stringContaining('lintel'),
      })
    for (const words of [['bogus'], ['rules', 'extra'], ['explain'], ['explain', 'a', 'b']])
      expect(await shim.lintel(words)).toMatchObject({
        status: 2,
        stdout: '',
        stderr: expect.stringMatching(/^lintel: [^\n]+$/),
      })
  })
})

describe('colour and width', () => {
  const sequence = '\u001b['

  /** What the command prints on a terminal of 60 columns. */
  const onTerminal = (command: string, environment = {}): Promise<string> =>
    shim.host
      .run('script', ['-qec', `stty cols 60; ${command}`, '/dev/null'], { environment })
      .then(({ stdout }) => stdout.replaceAll('\r', ''))

  const command = (): string => {
    const bundle = preparedBundle(shim, 'c', refusedConfig)
    return `${join(shim.host.workspace, 'lintel')} lint --profile minimal ${bundle}`
  }

  test('a pipe gets neither', async () => {
    const { stdout } = await shim.lintel(command().split(' ').slice(1))
    expect(stdout).not.toContain(sequence)
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeGreaterThan(100)
  })

  test('a terminal gets both', async () => {
    const text = await onTerminal(command())
    expect(text).toContain(`${sequence}1m`)
    const plain = text
      .split(sequence)
      .map((part, index) => (index === 0 ? part : part.replace(/^\d+m/, '')))
      .join('')
    const message = plain.split('\n').filter((line) => line.startsWith('    '))
    expect(message.length).toBeGreaterThan(1)
    for (const line of message) expect(line.length).toBeLessThanOrEqual(60)
  })

  test('NO_COLOR takes the colour away where it is not empty', async () => {
    expect(await onTerminal(command(), { NO_COLOR: '1' })).not.toContain(sequence)
    expect(await onTerminal(command(), { NO_COLOR: '' })).toContain(sequence)
  })
})

describe('--dry-run prints the decision, executes nothing, writes nothing', () => {
  const untouched = async (bundle: string): Promise<string> =>
    `${await shim.shell(`ls -A ${bundle}`)} ${['config.json', 'process.json', 'resources.json'].map(
      (name) => {
        const { ino, mtimeNs } = statSync(join(bundle, name), { bigint: true })
        return `${ino} ${mtimeNs} ${readFileSync(join(bundle, name), 'utf8')}`
      },
    )}`

  test.each([
    ['allow', configWith(), 0],
    ['fix', repairedConfig, 0],
    ['deny', refusedConfig, 1],
  ] as const)('%s', async (verdict, config, status) => {
    shim.policy('rules.restore-checkpoint.action = "off"\n')
    const bundle = preparedBundle(shim, 'c', config)
    const before = await untouched(bundle)
    const log = join(bundle, 'log')
    // A restored process comes back with the flags of its checkpoint: there is nothing to repair.
    const names = verdict === 'fix' ? (['create', 'run'] as const) : (['create', 'run', 'restore'] as const)
    for (const name of names) {
      const called = await shim.call(['--dry-run', '--log', log, ...guardedCalls[name](bundle, 'c')])
      expect(called).toMatchObject({ status, ran: undefined })
      const record = asDryRun(JSON.parse(called.stdout))
      expect(record).toMatchObject({ verdict, operation: name })
      expect(record.patch).toHaveLength(verdict === 'fix' ? 1 : 0)
      expect(called.stderr === '').toBe(verdict !== 'deny')
    }
    expect(await untouched(bundle)).toBe(before)
    expect(shim.records()).toEqual([])
  })

  test('a document that cannot be read, and every other judged call', async () => {
    shim.policy('')
    const broken = shim.bundle('broken', '{')
    const called = await shim.call(['--dry-run', 'create', '--bundle', broken, 'c'])
    expect(called).toMatchObject({ status: 1, ran: undefined })
    expect(asDryRun(JSON.parse(called.stdout))).toMatchObject({
      verdict: 'deny',
      failure: expect.stringContaining(':1:2: '),
    })
    const bundle = preparedBundle(shim, 'c')
    const others: readonly GuardedName[] = guardedNames.slice(3)
    for (const name of others) {
      const { status, stdout, ran } = await shim.call(['--dry-run', ...guardedCalls[name](bundle, 'c')])
      expect({ name, status, ran }).toEqual({ name, status: 0, ran: undefined })
      expect(asDryRun(JSON.parse(stdout))).toMatchObject({ verdict: 'allow' })
    }
    expect(shim.records()).toEqual([])
  })

  test('a call that passes is only told', async () => {
    shim.policy('')
    const { status, stdout, ran } = await shim.call(['--dry-run', 'kill', 'c', '9'])
    expect({ status, ran }).toEqual({ status: 0, ran: undefined })
    expect(JSON.parse(stdout)).toEqual({
      verdict: 'pass',
      runtime: shim.runtime,
      argv: [shim.host.runtime, 'kill', 'c', '9'],
    })
  })
})
