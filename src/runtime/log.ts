/** Where decisions are written: the decision log, and syslog. */

import type { LogSettings } from '../core/policy.ts'
import type { DecisionRecord } from '../core/record.ts'
import type { Host } from '../host/host.ts'

/**
 * Appends the record, flushed to disk. Returns what went wrong as one line where the policy requires the log,
 * else undefined. Rootless callers cannot write root's log; theirs lies in their own state folder.
 */
export const writeRecord = (
  host: Host,
  settings: LogSettings,
  record: DecisionRecord,
): string | undefined => {
  const line = JSON.stringify(record)
  const file = logFile(host, settings)
  const written = append(host, file, `${line}\n`)
  if (settings.syslog) sendToSyslog(host, line)
  return written || !settings.required
    ? undefined
    : `the decision log ${file} cannot be written; see [log] in the policy`
}

const logFile = (host: Host, settings: LogSettings): string => {
  const { effectiveUid, initialUserNamespace } = host.process
  if (effectiveUid === 0 && initialUserNamespace) return settings.file
  const home = host.environment('HOME') ?? '/'
  return `${host.environment('XDG_STATE_HOME') ?? `${home}/.local/state`}/lintel/decisions.jsonl`
}

const append = (host: Host, file: string, line: string): boolean => {
  const first = host.appendLocked(file, line, 0o600, true)
  if (first.ok || first.error.code !== 'ENOENT') return first.ok
  host.makeDirectory(file.slice(0, file.lastIndexOf('/')), 0o700)
  return host.appendLocked(file, line, 0o600, true).ok
}

/** Facility authpriv (10), severity notice (5): RFC 5424 section 6.2.1. Never waits, never fails a container. */
const sendToSyslog = (host: Host, line: string): void => {
  host.sendDatagram('/dev/log', `<85>lintel[${host.process.pid}]: ${line}`)
}
