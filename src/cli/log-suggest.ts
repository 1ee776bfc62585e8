/** `lintel log suggest`: what was refused, or would have been, as a policy with exemptions to sign. */
import type { AdministratorHost } from '../host/administrator.ts'
import { proposalsOf } from '../log/proposal.ts'
import { proposedPolicy } from '../log/proposed-policy.ts'
import { oldest, readLog } from '../log/read-log.ts'
import { damageOf, newReading } from '../log/reading.ts'
import { nothingSeen, see } from '../log/seen.ts'
import { loadPolicy } from '../policy/load.ts'
import { logsOf, type SelectionWords, selectionOf } from './log-selection.ts'
import { exitStatus, type Output } from './output.ts'

export interface SuggestOptions extends SelectionWords {
  /** Days the exemptions are proposed for. */
  readonly days: number
}

const dayMilliseconds = 86_400_000

/** Prints the proposed policy. Returns 0, or 2 where the log cannot be read or the policy in force is broken. */
export const suggestPolicy = (host: AdministratorHost, output: Output, options: SuggestOptions): number => {
  const selection = selectionOf(host, options)
  const loaded = loadPolicy(host, undefined)
  const problem = selection.ok ? (loaded.ok ? undefined : loaded.error.message) : selection.error
  const files = problem === undefined ? logsOf(host, options, output.complain) : undefined
  if (problem !== undefined) output.complain(problem)
  if (files === undefined || !selection.ok || !loaded.ok) return exitStatus.usage
  const { epochMilliseconds, timestamp } = host.clock()
  const { policy } = loaded.value
  const seen = nothingSeen()
  const reading = newReading(host, selection.value)
  readLog(reading, { files, from: oldest }, ({ record }) => {
    see(seen, record, { policy, today: timestamp.slice(0, 10) })
    return true
  })
  const expires = new Date(epochMilliseconds + options.days * dayMilliseconds).toISOString().slice(0, 10)
  const origin = { logs: files.map(({ path }) => path), now: timestamp, expires, policy }
  output.print(proposedPolicy(seen, proposalsOf(seen), origin).join('\n'))
  for (const damage of damageOf(reading)) output.complain(damage)
  return exitStatus.clean
}
