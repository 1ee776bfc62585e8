/** Telling the caller that a call is refused: the engine's log file and stderr, since each engine reads only one. */
import { failureText } from '../core/failure-text.ts'
import type { Host } from '../host/host.ts'
import type { GlobalFlags } from './argv.ts'

const refusedStatus = 1

type Logged = Pick<GlobalFlags, 'log' | 'logFormat'>

/** Refuses a call that could not be judged: what, where, what to do. Returns the exit status. */
export const refuse = (
  host: Host,
  { operation, globals }: { readonly operation: string; readonly globals: Logged },
  reason: string,
): number => tellCaller(host, globals, failureText(operation, reason))

/** Writes one error line to the engine's log file and the same text to stderr. Returns the exit status. */
export const tellCaller = (host: Host, { log, logFormat }: Logged, text: string): number => {
  const path = logPath(log)
  if (path !== '') host.append(path, logLine(text, logFormat ?? 'text', host.clock().timestamp), 0o600)
  host.write(2, `${text}\n`)
  return refusedStatus
}

/** The file of a `--log` value; crun also takes `file:PATH`, and journald and syslog targets, which are no files. */
export const logPath = (log: string | undefined): string => {
  if (log === undefined || log.startsWith('journald:') || log.startsWith('syslog:')) return ''
  return log.startsWith('file:') ? log.slice('file:'.length) : log
}

/** One line of runc's log: logrus JSON or text. containerd decodes the former and takes the last error. */
const logLine = (text: string, format: string, time: string): string =>
  format === 'json'
    ? `${JSON.stringify({ level: 'error', msg: text, time })}\n`
    : `time="${time}" level=error msg=${JSON.stringify(text)}\n`
