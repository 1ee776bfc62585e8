/** `lintel log metrics`: totals of the decision log for Prometheus, counted on from where the last run stopped. */
import { err, ok, type Result } from '../core/result.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import { exposition, type Metric } from '../log/exposition.ts'
import { type LogFile, openLog } from '../log/log-files.ts'
import { readOn } from '../log/read-log.ts'
import { newReading } from '../log/reading.ts'
import { anything } from '../log/selection.ts'
import { add, noTotals, type Totals, totalsIn, totalsText } from '../log/totals.ts'
import { loadPolicy } from '../policy/load.ts'
import { rules } from '../rules/index.ts'
import { ownLog } from './log-selection.ts'
import { exitStatus, type Output } from './output.ts'

declare const LINTEL_VERSION: string

export interface MetricsOptions {
  /** A file to write, atomically; undefined: to standard output, and what was counted is not kept. */
  readonly output: string | undefined
  /** Where totals are kept between runs. */
  readonly state: string
}

const maxStateBytes = 1024 * 1024

/** Counts and writes. Returns 0, or 2 where the log cannot be read or a file not be written. */
export const logMetrics = (host: AdministratorHost, output: Output, options: MetricsOptions): number => {
  const done = act(host, output, options)
  if (!done.ok) output.complain(done.error)
  return done.ok ? exitStatus.clean : exitStatus.usage
}

const act = (
  host: AdministratorHost,
  output: Output,
  { output: file, state }: MetricsOptions,
): Result<null, string> => {
  if (file !== undefined) {
    host.makeDirectory(state.slice(0, state.lastIndexOf('/')) || '/', 0o711)
    const locked = host.lock(`${state}.lock`)
    if (!locked.ok)
      return err(
        locked.error.code === 'EAGAIN'
          ? 'another lintel log metrics is at work'
          : `${state}.lock cannot be made (${locked.error.code})`,
      )
  }
  const log = ownLog(host)
  const { files, problems } = openLog(host, log)
  // Before the first decision there is no log.
  const isMissing = files.length === 0 && host.stat(log, true).ok === false
  if (files.length === 0 && !isMissing) return err(problems[0] ?? `${log} cannot be read`)
  const { totals, foreign } = counted(host, files, keptTotals(host, state))
  const text = exposition([...totalMetrics(totals), ...stateMetrics(host, files, foreign)])
  if (file === undefined) output.print(text.trimEnd())
  else {
    for (const [path, content, mode] of [
      [state, totalsText(totals), 0o600],
      [file, text, 0o644],
    ] as const) {
      const written = host.writeFile(path, content, mode)
      if (!written.ok) return err(`${path} could not be written (${written.error.code})`)
    }
  }
  return ok(null)
}

/** What was counted before; from the beginning where that is lost, as Prometheus knows it of any counter. */
const keptTotals = (host: AdministratorHost, state: string): Totals => {
  const text = host.readText(state, maxStateBytes, false)
  const value = text.ok ? host.parseJson(text.value, 16, '') : undefined
  return (value?.ok === true ? totalsIn(value.value) : undefined) ?? noTotals()
}

const known: ReadonlySet<string> = new Set(rules.map(({ id }) => id))

const counted = (host: AdministratorHost, files: readonly LogFile[], totals: Totals) => {
  const { file, byte } = totals.place
  const index = files.findIndex(({ opened }) => opened.id === file && !opened.isPacked && opened.size >= byte)
  // The file counted last was packed or removed meanwhile: what is younger than its last record is new.
  const since = index < 0 && totals.last !== '' ? totals.last : undefined
  const reading = newReading(host, { ...anything, since })
  for (const each of files.slice(Math.max(0, index))) {
    const from = each === files[index] ? byte : 0
    const reached = readOn(reading, { file: each, from }, ({ record }) => {
      if (since === undefined || record.time > since) add(totals, record, known)
      return true
    })
    totals.place = { file: each.opened.id, byte: reached.at }
  }
  const foreign = [...reading.damage.values()].reduce((sum, damage) => sum + damage.foreign, 0)
  return { totals, foreign }
}

const totalMetrics = ({ decisions, findings, failures, last, sequence }: Totals): readonly Metric[] => {
  const pairs = (counts: ReadonlyMap<string, number>, [first, second]: readonly [string, string]) =>
    [...counts].map(([key, value]) => {
      const [one = '', other = ''] = key.split(' ')
      return { labels: { [first]: one, [second]: other }, value }
    })
  return [
    counter('lintel_decisions_total', 'Decisions recorded.', pairs(decisions, ['verdict', 'engine'])),
    counter('lintel_findings_total', 'Findings recorded.', pairs(findings, ['rule', 'outcome'])),
    counter('lintel_failures_total', 'Decisions in which nothing could be judged.', [
      { labels: {}, value: failures },
    ]),
    gauge(
      'lintel_last_decision_timestamp_seconds',
      'When the last decision was recorded.',
      last === '' ? undefined : Date.parse(last) / 1000,
    ),
    gauge(
      'lintel_log_sequence',
      'Number of the last record of the hash chain.',
      sequence === 0 ? undefined : sequence,
    ),
  ]
}

const stateMetrics = (
  host: AdministratorHost,
  files: readonly LogFile[],
  foreign: number,
): readonly Metric[] => {
  const loaded = loadPolicy(host, undefined)
  const policy = loaded.ok ? loaded.value.policy : undefined
  const { digest = '', profile = '', mode = '' } = policy ?? {}
  const bytes = files.reduce((sum, { opened }) => sum + opened.size, 0)
  return [
    {
      ...gauge('lintel_build_info', 'Version of lintel.', 1),
      samples: [{ labels: { version: LINTEL_VERSION }, value: 1 }],
    },
    {
      ...gauge('lintel_policy_info', 'The policy that can be read now.', 1),
      samples: policy === undefined ? [] : [{ labels: { digest, profile, mode }, value: 1 }],
    },
    gauge(
      'lintel_policy_valid',
      '1 where the policy can serve, 0 where the last good one does.',
      policy === undefined ? 0 : 1,
    ),
    gauge(
      'lintel_enforcing',
      '1 in mode enforce, 0 in mode warn or while break-glass runs.',
      isEnforcing(host, mode),
    ),
    gauge('lintel_break_glass', '1 while break-glass runs.', host.readBreakGlass()?.running === true ? 1 : 0),
    gauge('lintel_log_bytes', 'Size of the decision log with what was rotated.', bytes),
    gauge(
      'lintel_log_foreign_lines',
      'Lines that are no records, of what was read since the last run.',
      foreign,
    ),
  ]
}

const isEnforcing = (host: AdministratorHost, mode: string): number | undefined => {
  if (mode === '') return undefined
  return mode === 'enforce' && host.readBreakGlass()?.running !== true ? 1 : 0
}

const counter = (name: string, help: string, samples: Metric['samples']): Metric => ({
  name,
  help,
  type: 'counter',
  samples,
})

const gauge = (name: string, help: string, value: number | undefined): Metric => ({
  name,
  help,
  type: 'gauge',
  samples: value === undefined ? [] : [{ labels: {}, value }],
})
