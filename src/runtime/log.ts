/** Where decisions are written: the decision log, syslog and journald. */

import type { LogSettings } from '../core/policy.ts'
import type { DecisionRecord, EventRecord } from '../core/record.ts'
import { isAlert, journalText, type SinkRecord, syslogText } from '../core/sink-text.ts'
import type { AppendedRecord, Host, HostResult } from '../host/host.ts'

/**
 * Appends the record, flushed to disk. Returns what went wrong as one line where the policy requires the log,
 * else undefined. Rootless callers cannot write root's log; theirs lies in their own state folder.
 */
export const writeRecord = (
  host: Host,
  settings: LogSettings,
  record: DecisionRecord | EventRecord,
): string | undefined => {
  const text = JSON.stringify(record)
  const file = logFile(host, settings)
  const written = append(host, file, text)
  tellSinks(host, settings, {
    record,
    line: written.ok ? `${text.slice(0, -1)}${written.value.end}` : text,
    link: written.ok ? written.value : undefined,
    processId: host.process.pid,
  })
  return written.ok || !settings.required
    ? undefined
    : `the decision log ${file} cannot be written; see [log] in the policy`
}

const logFile = (host: Host, settings: LogSettings): string => {
  const { effectiveUid, initialUserNamespace } = host.process
  if (effectiveUid === 0 && initialUserNamespace) return settings.file
  const home = host.environment('HOME') ?? '/'
  return `${host.environment('XDG_STATE_HOME') ?? `${home}/.local/state`}/lintel/decisions.jsonl`
}

const append = (host: Host, file: string, text: string): HostResult<AppendedRecord> => {
  const first = host.appendChained(file, text, 0o600)
  if (first.ok || first.error.code !== 'ENOENT') return first
  host.makeDirectory(file.slice(0, file.lastIndexOf('/')), 0o700)
  return host.appendChained(file, text, 0o600)
}

/** Never waits, never fails a container: what a sink does not take at once is in the file. */
const tellSinks = (host: Host, { syslog, journald }: LogSettings, sink: SinkRecord): void => {
  // Whoever watches a host is to hear of break-glass whatever its policy says of syslog.
  if (syslog !== false || isAlert(sink.record))
    host.sendDatagram('/dev/log', syslogText(sink, syslog === 'rfc5424' ? syslog : 'local'))
  if (journald === true) host.sendDatagram('/run/systemd/journal/socket', journalText(sink))
}
