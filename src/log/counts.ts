/** How many decisions of which kind a log holds. */
import type { LoggedRecord } from './logged-record.ts'

/** By name. */
export type Tally = Map<string, number>

export interface Counts {
  decisions: number
  readonly verdicts: Tally
  /** Findings, by rule and what became of them. */
  readonly rules: Map<string, Tally>
  readonly engines: Tally
  readonly images: Tally
  readonly users: Tally
  /** By day, YYYY-MM-DD, UTC. */
  readonly days: Tally
  /** What is no decision, by event. */
  readonly events: Tally
  first: string | undefined
  last: string | undefined
}

/** Nothing counted yet. */
export const noCounts = (): Counts => ({
  decisions: 0,
  verdicts: new Map(),
  rules: new Map(),
  engines: new Map(),
  images: new Map(),
  users: new Map(),
  days: new Map(),
  events: new Map(),
  first: undefined,
  last: undefined,
})

/** Adds one to a tally. */
export const tally = (counts: Tally, name: string): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

/** Counts a record. */
export const count = (counts: Counts, record: LoggedRecord): void => {
  if (record.event !== undefined) {
    tally(counts.events, record.event)
    return
  }
  counts.decisions += 1
  tally(counts.verdicts, record.verdict ?? '')
  tally(counts.engines, record.engine)
  tally(counts.images, record.container.image ?? '(none told)')
  tally(counts.users, record.user ?? `uid ${record.uid ?? '?'}`)
  tally(counts.days, record.time.slice(0, 10))
  for (const { rule, outcome } of record.findings) {
    const outcomes = counts.rules.get(rule) ?? new Map<string, number>()
    counts.rules.set(rule, outcomes)
    tally(outcomes, outcome)
  }
  if (counts.first === undefined || record.time < counts.first) counts.first = record.time
  if (counts.last === undefined || record.time > counts.last) counts.last = record.time
}

/** Names and numbers, most first. */
export const ranked = (counts: Tally): readonly (readonly [string, number])[] =>
  [...counts].toSorted(([a, more], [b, less]) => less - more || (a < b ? -1 : 1))
