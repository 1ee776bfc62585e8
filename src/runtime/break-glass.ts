/** Break-glass in the log: its beginning and its end, and what every record says of it meanwhile. */
import type { LogSettings } from '../core/policy.ts'
import type { BreakGlassRecord, RecordedBreakGlass } from '../core/record.ts'
import type { BreakGlass, Host } from '../host/host.ts'
import { writeRecord } from './log.ts'

declare const LINTEL_VERSION: string

/** What records carry of it. */
export const recordedBreakGlass = ({ until, reason, by }: BreakGlass): RecordedBreakGlass => ({
  until,
  reason,
  by,
})

/** Writes the line of a beginning or an end. Returns what went wrong as one line where the policy requires the log. */
export const recordBreakGlass = (
  host: Host,
  log: LogSettings,
  about: Pick<BreakGlassRecord, 'event' | 'endedBy'> & { readonly breakGlass: BreakGlass },
): string | undefined => {
  const { timestamp: time } = host.clock()
  return writeRecord(host, log, {
    version: 1,
    event: about.event,
    id: host.sha256(`${time} ${host.process.pid} ${about.event}`).slice(0, 12),
    time,
    host: host.process.hostname,
    lintel: LINTEL_VERSION,
    breakGlass: { since: about.breakGlass.since, ...recordedBreakGlass(about.breakGlass) },
    ...(about.endedBy === undefined ? {} : { endedBy: about.endedBy }),
  })
}

/**
 * Ends break-glass: takes the file away, and whoever has done so writes the line. `endedBy` undefined: the clock ended
 * it. Returns false where there was nothing to end, or it is not the caller's to end.
 */
export const endBreakGlass = (
  host: Host,
  about: { readonly log: LogSettings; readonly breakGlass: BreakGlass; readonly endedBy: string | undefined },
): boolean => {
  const { log, breakGlass, endedBy } = about
  if (!host.endBreakGlass().ok) return false
  const by = endedBy === undefined ? {} : { endedBy }
  recordBreakGlass(host, log, { event: 'break-glass-ended', breakGlass, ...by })
  return true
}
