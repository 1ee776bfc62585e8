/** Which records of the decision log are asked for. */
import { matchesGlob } from '../core/policy.ts'
import type { WantedLines } from '../host/administrator.ts'
import type { LoggedRecord } from './logged-record.ts'

/** Every member given must hold; of a list one of its entries; empty and undefined: anything. */
export interface Selection {
  readonly verdicts: readonly string[]
  readonly rules: readonly string[]
  readonly engines: readonly string[]
  readonly operations: readonly string[]
  /** `*` stands for any characters, as in an exemption. */
  readonly image: string | undefined
  /** A name, with `*`, or the beginning of an id. */
  readonly container: string | undefined
  /** On whose behalf, or the number of the calling process's user. */
  readonly user: string | undefined
  /** Beginnings of RFC 3339 times, UTC, without a zone; `until` is the first instant that no longer counts. */
  readonly since: string | undefined
  readonly until: string | undefined
}

/** Every record. */
export const anything: Selection = {
  verdicts: [],
  rules: [],
  engines: [],
  operations: [],
  image: undefined,
  container: undefined,
  user: undefined,
  since: undefined,
  until: undefined,
}

/** Whether the record is asked for. What is no decision is, unless something is asked that only decisions have. */
export const selects = (selection: Selection, record: LoggedRecord): boolean => {
  const { verdicts, rules, engines, operations, image, container, user } = selection
  return (
    isWithin(selection, record.time) &&
    isOneOf(verdicts, record.verdict) &&
    isOneOf(engines, record.event === undefined ? record.engine : undefined) &&
    isOneOf(operations, record.operation) &&
    (rules.length === 0 || record.findings.some(({ rule }) => rules.includes(rule))) &&
    (image === undefined ||
      (record.container.image !== undefined && matchesGlob(image, record.container.image))) &&
    (container === undefined || isContainer(container, record)) &&
    (user === undefined || user === record.user || user === String(record.uid))
  )
}

const isWithin = ({ since, until }: Selection, time: string): boolean =>
  (since === undefined || time >= since) && (until === undefined || time < until)

const isOneOf = (asked: readonly string[], value: string | undefined): boolean =>
  asked.length === 0 || (value !== undefined && asked.includes(value))

const isContainer = (asked: string, { container: { id, name } }: LoggedRecord): boolean =>
  (name !== undefined && matchesGlob(asked, name)) || (id !== '' && id.startsWith(asked))

/** What can be asked of a line's text before it is parsed; every record that is selected passes. */
export const wantedLines = ({ since, until, verdicts, rules, engines }: Selection): WantedLines => {
  const member = (name: string, [only, ...others]: readonly string[]): readonly string[] =>
    only === undefined || others.length > 0 ? [] : [`"${name}":${JSON.stringify(only)}`]
  return {
    from: since ?? '',
    until: until ?? '',
    texts: [...member('verdict', verdicts), ...member('rule', rules), ...member('id', engines)],
  }
}
