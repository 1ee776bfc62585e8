/** One reading of a log: what is looked for, what was seen already, and what turned out to be no record. */
import type { AdministratorHost, WantedLines } from '../host/administrator.ts'
import { fileProblem } from '../runtime/load.ts'
import type { LogFile } from './log-files.ts'
import { type LoggedRecord, loggedRecord } from './logged-record.ts'
import { type Selection, selects, wantedLines } from './selection.ts'

export interface Reading {
  readonly host: AdministratorHost
  readonly selection: Selection
  readonly wanted: WantedLines
  /** Lines that came lately: what an aggregator was sent twice counts once. */
  readonly recent: Set<string>
  /** By path. */
  readonly damage: Map<string, Damage>
}

interface Damage {
  readonly foreign: number
  /** Byte at which the first line that is no record begins. */
  readonly first: number
  /** Why the rest could not be read. */
  readonly problem: string | undefined
}

/** A record, and its line as it stands in the log. */
export interface LoggedLine {
  readonly record: LoggedRecord
  readonly line: string
}

/** How many lines back a line may stand again. */
const memory = 1024

/** Nesting of a record; deeper is none. */
const maxDepth = 64

/** Begins a reading. */
export const newReading = (host: AdministratorHost, selection: Selection): Reading => ({
  host,
  selection,
  wanted: wantedLines(selection),
  recent: new Set(),
  damage: new Map(),
})

/** The record in a line if it is asked for and was not there a moment ago; `foreign` where it is none. */
export const recordIn = (reading: Reading, line: string): LoggedRecord | 'foreign' | undefined => {
  const parsed = reading.host.parseJson(line, maxDepth, '')
  const record = parsed.ok ? loggedRecord(parsed.value) : undefined
  if (record === undefined) return 'foreign'
  if (!selects(reading.selection, record) || reading.recent.has(line)) return undefined
  reading.recent.add(line)
  if (reading.recent.size > memory) {
    const [oldest = ''] = reading.recent
    reading.recent.delete(oldest)
  }
  return record
}

/** Notes lines that are no records, the first of which begins at byte `first`. */
export const noteForeign = (
  { damage }: Reading,
  { path }: LogFile,
  { foreign, first }: { readonly foreign: number; readonly first: number },
): void => {
  const before = damage.get(path)
  damage.set(path, {
    problem: before?.problem,
    foreign: (before?.foreign ?? 0) + foreign,
    first: Math.min(before?.first ?? first, first),
  })
}

/** Notes that the rest of a file could not be read. */
export const noteProblem = (
  { damage }: Reading,
  { path }: LogFile,
  error: { readonly code: string },
): void => {
  const problem =
    error.code === 'EBADMSG'
      ? `${path} is damaged, or not packed to its end; what follows is left out`
      : fileProblem(path, error)
  damage.set(path, { foreign: 0, first: 0, problem })
}

/** The files that could not be read, or not to their end, one line each. */
export const unreadIn = ({ damage }: Reading): readonly string[] =>
  [...damage.values()].flatMap(({ problem }) => problem ?? [])

/** What was wrong with the logs as far as they were read, one line a file. */
export const damageOf = ({ damage }: Reading): readonly string[] =>
  [...damage].map(([path, { foreign, first, problem }]) => {
    if (problem !== undefined) return problem
    const lines = foreign === 1 ? '1 line is no record' : `${foreign} lines are no records, the first of them`
    return `${path}: ${lines}, at byte ${first}; left out`
  })
