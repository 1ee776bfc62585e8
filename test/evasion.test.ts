/**
 * Ways round the rules, each tried: through the binary on a private host, which is made to look like one with AppArmor
 * or SELinux where that is needed; or named in SECURITY.md. Leaves the table that `npm test` prints. Needs root.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { evasions } from './evasions/index.ts'
import {
  type Attempt,
  evasionTable,
  isOutOfScope,
  isUnread,
  type OutOfScope,
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

const isCall = (trial: Trial): trial is Attempt | Unread => !isOutOfScope(trial)
const calls = ways.flatMap(([, trials]) => trials.filter(isCall))

/** The same kind of call about the harmless container, once for every rule and kind. */
const controls = new Map<string, Attempt>()
for (const call of calls) {
  if (isUnread(call)) continue
  const { by, as = 'nobody', operation = 'create', policy = '', harmless = {} } = call
  const byFile = operation === 'exec' && call.process !== undefined
  const documents = byFile ? { process: {} } : operation === 'update' ? { resources: {} } : {}
  const name = [by, 'for', as, operation, byFile ? 'by file' : '', policy, JSON.stringify(harmless)].join(' ')
  controls.set(name, { by, as, operation, policy, ...documents, says: /./, ...harmless, verdict: 'allow' })
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

/** What came of an attempt, and the same as it should have been; `findings` are those that matter. */
interface Compared {
  readonly is: object
  readonly should: object
}

const compareAttempt = (call: Attempt): Compared => {
  const { record, status } = saidTo(call)
  const { by, says, as = 'nobody', verdict = 'deny' } = call
  const found = record.findings.filter(({ rule, outcome }) => rule === by && outcome !== 'unknown')
  const told = verdict === 'allow' ? [] : found.filter(({ outcome }) => outcome === outcomes[verdict])
  const isSaid = told.some(({ message }) => says.test(message))
  const is = {
    proven: record.engine.proven,
    verdict: record.verdict,
    status,
    patched: record.patch.length > 0,
    findings: isSaid ? says.source : found.map(({ outcome, message }) => `${outcome}: ${message}`),
  }
  const should = {
    proven: as !== 'nobody',
    verdict,
    status: verdict === 'deny' ? 1 : 0,
    patched: verdict === 'fix',
    findings: verdict === 'allow' ? [] : says.source,
  }
  return { is, should }
}

const compareUnread = (call: Unread): Compared => {
  const { record, status } = saidTo(call)
  const failure = record.failure ?? 'none'
  return {
    is: {
      verdict: record.verdict,
      status,
      failure: call.unread.test(failure) ? call.unread.source : failure,
    },
    should: { verdict: 'deny', status: 1, failure: call.unread.source },
  }
}

const compareNamed = ({ sentence, why }: OutOfScope): Compared => ({
  is: { named: security.includes(sentence) ? sentence : '', reason: /^\S.{20,}$/.test(why) },
  should: { named: sentence, reason: true },
})

const compare = (trial: Trial): Compared => {
  if (isOutOfScope(trial)) return compareNamed(trial)
  return isUnread(trial) ? compareUnread(trial) : compareAttempt(trial)
}

describe('every way round a rule is caught, or said to be none of lintel’s', () => {
  test.each(ways)('%s', (name, trials) => {
    expect(trials).not.toEqual([])
    const compared = trials.map(compare)
    expect(compared.map(({ is }) => is)).toEqual(compared.map(({ should }) => should))
    caught.add(name)
  })
})

describe('the same calls without the way round it are not found', () => {
  test.each([...controls])('%s', (_, control) => {
    const { is, should } = compareAttempt(control)
    expect(is).toEqual(should)
  })
})
