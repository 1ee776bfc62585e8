/** Totals of a log that outlive its rotation, and how far they were counted. */
import { engineIds } from '../core/identity.ts'
import { isJsonObject, type Json, memberOf, textOf } from '../core/json.ts'
import { type Tally, tally } from './counts.ts'
import type { LoggedRecord } from './logged-record.ts'

export interface Totals {
  /** By verdict and engine, and by rule and outcome; the two joined by a space. */
  readonly decisions: Tally
  readonly findings: Tally
  /** Decisions in which nothing could be judged. */
  failures: number
  /** RFC 3339, UTC; empty before the first decision. */
  last: string
  /** Number of the chain's last record; 0 where there is no chain. */
  sequence: number
  /** The file counted last, by its id and path, and the byte behind the last line counted. */
  place: { readonly file: string; readonly byte: number }
}

/** Nothing counted: every series that alerts are made of is there from the start. */
export const noTotals = (): Totals => ({
  decisions: new Map(
    engineIds.flatMap((engine) => verdicts.map((verdict) => [`${verdict} ${engine}`, 0] as const)),
  ),
  findings: new Map(),
  failures: 0,
  last: '',
  sequence: 0,
  place: { file: '', byte: 0 },
})

const verdicts = ['allow', 'fix', 'deny', 'would_deny'] as const
const outcomes: readonly string[] = ['refused', 'fixed', 'repairable', 'warned', 'exempted', 'unknown']

const instant = /^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z$/

/** Counts a record. `rules`: the rules there are; a log that was tampered with must not make series without end. */
export const add = (totals: Totals, record: LoggedRecord, rules: ReadonlySet<string>): void => {
  const { sequence, time } = record
  if (sequence !== undefined && Number.isSafeInteger(sequence) && sequence > 0) totals.sequence = sequence
  if (record.event !== undefined) return
  const engine = engineIds.find((id) => id === record.engine) ?? 'none'
  const verdict = verdicts.find((each) => each === record.verdict) ?? 'deny'
  tally(totals.decisions, `${verdict} ${engine}`)
  if (record.failure !== undefined) totals.failures += 1
  // What is no time would stand as the last one for ever.
  if (instant.test(time) && time > totals.last) totals.last = time
  for (const { rule, outcome } of record.findings)
    if (rules.has(rule) && outcomes.includes(outcome)) tally(totals.findings, `${rule} ${outcome}`)
}

/** As text, to be read by {@link totalsIn}. */
export const totalsText = ({ decisions, findings, ...rest }: Totals): string =>
  `${JSON.stringify({ version: 1, ...rest, decisions: Object.fromEntries(decisions), findings: Object.fromEntries(findings) })}\n`

/** Reads them back; undefined where the value is no such text. */
export const totalsIn = (value: Json): Totals | undefined => {
  const place = memberOf(value, 'place')
  const [file, byte] = [textOf(place, 'file'), memberOf(place, 'byte')]
  const [failures, sequence] = [memberOf(value, 'failures'), memberOf(value, 'sequence')]
  const last = textOf(value, 'last')
  const isWhole = typeof failures === 'number' && typeof sequence === 'number' && typeof byte === 'number'
  if (!isWhole || file === undefined || last === undefined || memberOf(value, 'version') !== 1)
    return undefined
  const [decisions, findings] = [tallyIn(memberOf(value, 'decisions')), tallyIn(memberOf(value, 'findings'))]
  return { decisions, findings, failures, sequence, last, place: { file, byte } }
}

const tallyIn = (value: Json | undefined): Tally => {
  const counts: Tally = new Map()
  if (value !== undefined && isJsonObject(value))
    for (const [name, number] of Object.entries(value))
      if (typeof number === 'number') counts.set(name, number)
  return counts
}
