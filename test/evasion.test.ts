/**
 * Ways round the rules, each tried: through the binary on a private host where this machine has what it needs, on a
 * simulated host where not; or named in SECURITY.md. Leaves the table that `npm test` prints. Needs root.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { breachesOfBad } from '../src/rules/contract.ts'
import { rules } from '../src/rules/index.ts'
import { evasions } from './evasions/index.ts'
import {
  type Attempt,
  evasionTable,
  isOutOfScope,
  isSimulated,
  isUnread,
  type OutOfScope,
  type Simulated,
  type Trial,
  type Unread,
} from './support/evasion.ts'
import { attemptAll, type Said } from './support/evasion-host.ts'
import { openShim, type Shim } from './support/shim.ts'

jest.setTimeout(60_000)

const table = fileURLToPath(new URL('../dist/evasions.txt', import.meta.url))
const security = readFileSync(new URL('../SECURITY.md', import.meta.url), 'utf8').replace(/\s+/g, ' ')

const ways = Object.entries(evasions).flatMap(([rule, each]) =>
  Object.entries(each).map(([way, trials]) => [`${rule}: ${way}`, trials] as const),
)

const isCall = (trial: Trial): trial is Attempt | Unread => !isOutOfScope(trial) && !isSimulated(trial)
const calls = ways.flatMap(([, trials]) => trials.filter(isCall))

/** The same kind of call about the harmless container, once for every rule and kind. */
const controls = new Map<string, Attempt>()
for (const call of calls) {
  if (isUnread(call)) continue
  const { by, as = 'nobody', operation = 'create', policy = '' } = call
  const document = call.process === undefined ? 'flags' : 'file'
  const harmless = { by, as, operation, policy, says: /^/, verdict: 'allow' } as const
  controls.set(
    [by, as, operation, document, policy].join(' '),
    operation === 'exec' && document === 'file'
      ? { ...harmless, process: {} }
      : { ...harmless, ...(operation === 'update' ? { resources: {} } : {}) },
  )
}

let shim: Shim
const said = new Map<Attempt | Unread, () => Said>()
const caught = new Set<string>()

beforeAll(async () => {
  shim = await openShim()
  shim.clear()
  const all = [...calls, ...controls.values()]
  for (const [index, read] of (await attemptAll(shim, all)).entries()) {
    const call = all[index]
    if (call !== undefined) said.set(call, read)
  }
})
afterAll(async () => {
  mkdirSync(new URL('../dist', import.meta.url), { recursive: true })
  writeFileSync(table, evasionTable(evasions, caught))
  await shim.close()
})

const saidTo = (call: Attempt | Unread): Said => {
  const read = said.get(call)
  if (read === undefined) throw new Error('the call was not made')
  return read()
}

const outcomes = { deny: 'refused', fix: 'fixed' } as const

const expectCaught = (call: Attempt): void => {
  const { record, status } = saidTo(call)
  const { by, says, as = 'nobody', verdict = 'deny' } = call
  const { proven } = record.engine
  const found = record.findings.map(({ rule, outcome, message }) => `${rule} ${outcome}: ${message}`)
  if (verdict === 'allow') {
    const told = found.filter((text) => text.startsWith(`${by} `) && !text.startsWith(`${by} unknown: `))
    expect({ proven, told }).toEqual({ proven: as !== 'nobody', told: [] })
    return
  }
  const told = new RegExp(`^${by} ${outcomes[verdict]}: .*(?:${says.source})`, says.flags)
  expect({ proven, found }).toEqual({
    proven: as !== 'nobody',
    found: expect.arrayContaining([expect.stringMatching(told)]),
  })
  expect([record.verdict, status]).toEqual([verdict, verdict === 'deny' ? 1 : 0])
  expect(record.patch.length > 0).toBe(verdict === 'fix')
}

const expectUnread = (call: Unread): void => {
  const { record, status } = saidTo(call)
  expect(record).toMatchObject({ verdict: 'deny', failure: expect.stringMatching(call.unread) })
  expect(status).toBe(1)
}

const expectFound = ({ by, simulatedHost }: Simulated): void => {
  const rule = rules.find(({ id }) => id === by)
  const example = rule?.examples.bad.find(({ name }) => name === simulatedHost)
  if (rule === undefined || example === undefined)
    throw new Error(`${by} has no bad example "${simulatedHost}"`)
  expect(breachesOfBad(rule, example)).toEqual([])
}

const expectNamed = ({ sentence, why }: OutOfScope): void => {
  expect(security).toContain(sentence)
  expect(why).toMatch(/^\S.{20,}$/)
}

const expectTold = (trial: Trial): void => {
  if (isOutOfScope(trial)) expectNamed(trial)
  else if (isSimulated(trial)) expectFound(trial)
  else if (isUnread(trial)) expectUnread(trial)
  else expectCaught(trial)
}

describe('every way round a rule is caught, or said to be none of lintel’s', () => {
  test.each(ways)('%s', (name, trials) => {
    expect(trials).not.toEqual([])
    for (const trial of trials) expectTold(trial)
    caught.add(name)
  })
})

describe('the same calls without the way round it are not found', () => {
  test.each([...controls])('%s', (_, control) => expectCaught(control))
})
