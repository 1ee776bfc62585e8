/** Where decisions and refusals are written: the decision log, syslog, and the engine's own log file. */

import type { LogSettings } from '../core/policy.ts'
import type { DecisionRecord } from '../core/record.ts'
import type { Host } from '../host/host.ts'
import type { GlobalFlags } from './argv.ts'

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

/**
 * Tells the caller: one error line in the engine's log file, the same text on stderr. Each engine reads only
 * one of the two (facts of containerd, conmon and CRI-O), and not the same one.
 */
export const tellCaller = (
  host: Host,
  globals: Pick<GlobalFlags, 'log' | 'logFormat'>,
  text: string,
): void => {
  const path = logPath(globals.log)
  if (path !== '')
    host.append(path, engineLogLine(text, globals.logFormat ?? 'text', host.clock().timestamp), 0o600)
  host.write(2, `${text}\n`)
}

/** The file of a `--log` value; crun also takes `file:PATH`, and journald and syslog targets, which are no files. */
export const logPath = (log: string | undefined): string => {
  if (log === undefined || log.startsWith('journald:') || log.startsWith('syslog:')) return ''
  return log.startsWith('file:') ? log.slice('file:'.length) : log
}

/** One line of runc's log: logrus JSON or text. containerd decodes the former and takes the last error. */
export const engineLogLine = (text: string, format: string, time: string): string =>
  format === 'json'
    ? `${JSON.stringify({ level: 'error', msg: text, time })}\n`
    : `time="${time}" level=error msg=${JSON.stringify(text)}\n`
