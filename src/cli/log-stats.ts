/** `lintel log stats`: how many decisions of which kind. */
import type { AdministratorHost } from '../host/administrator.ts'
import { type Counts, count, noCounts, ranked, type Tally } from '../log/counts.ts'
import { printable, printableJson } from '../log/printable.ts'
import { oldest, readLog } from '../log/read-log.ts'
import { damageOf, newReading } from '../log/reading.ts'
import { logsOf, type SelectionWords, selectionOf } from './log-selection.ts'
import { exitStatus, type Output } from './output.ts'
import { printTable } from './table.ts'

export interface StatsOptions extends SelectionWords {
  readonly json: boolean
}

/** Counts the decisions asked for. Returns 0, or 2 where nothing can be read or is asked for rightly. */
export const logStats = (host: AdministratorHost, output: Output, options: StatsOptions): number => {
  const selection = selectionOf(host, options)
  if (!selection.ok) output.complain(selection.error)
  const files = selection.ok ? logsOf(host, options, output.complain) : undefined
  if (files === undefined || !selection.ok) return exitStatus.usage
  const reading = newReading(host, selection.value)
  const counts = noCounts()
  readLog(reading, { files, from: oldest }, ({ record }) => {
    count(counts, record)
    return true
  })
  if (options.json) output.print(printableJson(JSON.stringify(asJson(counts), undefined, 2)))
  else printText(output, counts)
  for (const problem of damageOf(reading)) output.complain(problem)
  return exitStatus.clean
}

const asJson = ({ verdicts, rules, engines, images, users, days, events, ...rest }: Counts) => ({
  version: 1,
  decisions: rest.decisions,
  first: rest.first ?? null,
  last: rest.last ?? null,
  verdicts: named(verdicts),
  rules: Object.fromEntries([...rules].map(([rule, outcomes]) => [rule, named(outcomes)])),
  engines: named(engines),
  images: named(images),
  users: named(users),
  days: named(days),
  events: named(events),
})

const named = (counts: Tally): { readonly [name: string]: number } => Object.fromEntries(ranked(counts))

/** Lines of a table; the rest is one line. */
const most = 20

const printText = (output: Output, counts: Counts): void => {
  const { decisions, first = '', last = '' } = counts
  const span = decisions === 0 ? '' : ` from ${first.slice(0, 19)}Z to ${last.slice(0, 19)}Z`
  output.print(`${decisions} ${decisions === 1 ? 'decision' : 'decisions'}${span}`)
  const tables = [
    ['verdict', ranked(counts.verdicts)],
    ['engine', ranked(counts.engines)],
    ['image', ranked(counts.images)],
    ['user', ranked(counts.users)],
    ['day', [...counts.days].toSorted(([a], [b]) => (a < b ? -1 : 1)).slice(-most)],
    ['event', ranked(counts.events)],
  ] as const
  for (const [name, rows] of tables) printTally(output, name, rows)
  const rules = [...counts.rules].map(
    ([rule, outcomes]) => [rule, ranked(outcomes).map(([outcome, times]) => `${times} ${outcome}`)] as const,
  )
  if (rules.length === 0) return
  output.print('')
  const rows = rules.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([rule, said]) => [rule, said.join(', ')])
  printTable(
    output,
    ['rule', 'findings'],
    rows.map((row) => row.map(printable)),
  )
}

const printTally = (output: Output, name: string, rows: readonly (readonly [string, number])[]): void => {
  if (rows.length === 0) return
  output.print('')
  const shown = rows.slice(0, most).map(([each, times]) => [String(times), printable(each)])
  const left = rows.length - shown.length
  printTable(output, ['count', name], left > 0 ? [...shown, ['', `and ${left} more (--json)`]] : shown)
}
