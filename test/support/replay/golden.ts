/** The golden file of a fixture: what lintel says to each of its calls, reviewed by people. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { fixturesFolder } from './fixture.ts'
import type { PatchOperation } from './json-text.ts'

/** What of a decision record the replay reads. */
export interface DecisionRecord {
  readonly operation: string
  readonly container: { readonly id: string; readonly [name: string]: unknown }
  readonly engine: { readonly id: string; readonly proven: boolean }
  readonly verdict: string
  readonly failure?: string
  readonly findings: readonly {
    readonly rule: string
    readonly outcome: string
    readonly pointer: string
    readonly actual: string
  }[]
  readonly patch: readonly PatchOperation[]
  readonly config: { readonly before: string; readonly after: string }
}

/** A call that is handed on unjudged. */
interface Passed {
  readonly command: string
  readonly passed: true
}

/** A judged call. */
export interface Judged {
  readonly command: string
  readonly verdict: string
  readonly engine: string
  readonly proven: boolean
  readonly container: { readonly [name: string]: unknown }
  readonly failure?: string
  readonly findings: readonly string[]
  readonly patch: readonly string[]
  readonly status: number
  readonly recorded: boolean
  /** The refusal as the caller reads it. */
  readonly told?: string
}

export type Expected = Passed | Judged

/** Where the golden file of a fixture is. */
export const goldenPath = (fixture: string): string => join(fixturesFolder, fixture, 'expected.json')

const longest = 120

/** A patch's value, or its digest where it is long. */
const shownValue = (value: unknown): string => {
  const text = JSON.stringify(value)
  if (text.length <= longest) return text
  return `sha256:${createHash('sha256').update(text).digest('hex').slice(0, 16)} (${text.length} characters)`
}

const shownOperation = ({ op, path, value }: PatchOperation): string =>
  op === 'remove' ? `remove ${path}` : `${op} ${path} ${shownValue(value)}`

/** A refusal with what differs from call to call taken out. */
const normalised = (text: string): string =>
  text.replace(/\[decision [0-9a-f]+\]/g, '[decision ID]').trimEnd()

/** What is kept of a judged call: the decision by its dry run, the outcome by the call itself. */
export const judged = (
  command: string,
  record: DecisionRecord,
  outcome: { readonly status: number; readonly told: string | undefined; readonly recorded: boolean },
): Judged => {
  const { id: _, ...container } = record.container
  return {
    command,
    verdict: record.verdict,
    engine: record.engine.id,
    proven: record.engine.proven,
    container,
    ...(record.failure === undefined ? {} : { failure: record.failure }),
    findings: record.findings.map(
      ({ rule, outcome, pointer, actual }) => `${rule} ${outcome} ${pointer}: ${actual}`,
    ),
    patch: record.patch.map(shownOperation),
    status: outcome.status,
    recorded: outcome.recorded,
    ...(outcome.told === undefined ? {} : { told: normalised(outcome.told) }),
  }
}

/** The golden file's text: a line for every passed call, several for a judged one. */
export const goldenText = (calls: readonly Expected[]): string => {
  const shown = calls.map((call) =>
    'passed' in call ? JSON.stringify(call) : JSON.stringify(call, undefined, 2).replaceAll('\n', '\n  '),
  )
  return `[\n  ${shown.join(',\n  ')}\n]\n`
}
