/** `lintel break-glass`: switches the host to mode warn for a stated time and reason, ends that, or says how it stands. */
import type { LogSettings } from '../core/policy.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { BreakGlass, Host } from '../host/host.ts'
import { builtIn } from '../policy/built-in.ts'
import { loadPolicy } from '../policy/load.ts'
import { endBreakGlass, recordBreakGlass } from '../runtime/break-glass.ts'
import { exitStatus, type Output } from './output.ts'

export interface BreakGlassOptions {
  /** A duration such as `30m`; undefined: nothing is begun. */
  readonly for: string | undefined
  readonly reason: string | undefined
  readonly end: boolean
  readonly format: 'text' | 'json'
}

/** Begins, ends or shows break-glass. Returns 0, or 2 where the options make no sense or it could not be done. */
export const breakGlass = (host: Host, output: Output, options: BreakGlassOptions): number => {
  const done = act(host, output, options)
  if (done.ok) return exitStatus.clean
  output.complain(done.error)
  return exitStatus.usage
}

const act = (host: Host, output: Output, options: BreakGlassOptions): Result<null, string> => {
  const begins = options.for !== undefined || options.reason !== undefined
  if (begins && options.end) return err('give --for and --reason to begin, or --end to end, not both')
  if (!begins && !options.end) return show(host, output, options)
  const { effectiveUid, initialUserNamespace } = host.process
  if (effectiveUid !== 0 || !initialUserNamespace) return err('only root can begin or end break-glass')
  return begins ? begin(host, output, options) : end(host, output)
}

const minute = 60_000
const longest = 24 * 60 * minute

const begin = (host: Host, output: Output, options: BreakGlassOptions): Result<null, string> => {
  const duration = durationOf(options.for)
  if (!duration.ok) return duration
  const reason = reasonOf(options.reason)
  if (!reason.ok) return reason
  const begun = host.beginBreakGlass(duration.value, caller(host), reason.value)
  if (!begun.ok) return err(`${begun.error.path} could not be written (${begun.error.code})`)
  const running = host.readBreakGlass()
  if (running?.running !== true) return err('break-glass was written but does not count; see its file')
  const unwritten = recordBreakGlass(host, logOf(host), { event: 'break-glass-began', breakGlass: running })
  if (unwritten !== undefined) output.complain(unwritten)
  output.print(
    `break-glass runs until ${running.until}: nothing is refused or repaired, every record says so.`,
  )
  output.print('End it with: lintel break-glass --end')
  return ok(null)
}

const end = (host: Host, output: Output): Result<null, string> => {
  const found = host.readBreakGlass()
  if (found === undefined) {
    // A file that does not count would only be in the way.
    host.endBreakGlass()
    return err('break-glass does not run')
  }
  const ended = endBreakGlass(host, { log: logOf(host), breakGlass: found, endedBy: caller(host) })
  if (!ended) return err('break-glass could not be ended: its file in /var/lib/lintel cannot be removed')
  output.print('break-glass has ended; the policy is in force again.')
  return ok(null)
}

const show = (host: Host, output: Output, { format }: BreakGlassOptions): Result<null, string> => {
  const found = host.readBreakGlass()
  const running = found?.running === true ? found : undefined
  if (format === 'json') output.print(JSON.stringify(running ?? { running: false }, undefined, 2))
  else output.print(running === undefined ? 'break-glass does not run.' : status(running))
  return ok(null)
}

const status = ({ since, until, by, reason }: BreakGlass): string =>
  `break-glass runs since ${since} until ${until}, begun by ${by}: ${reason}`

/** Milliseconds of `90m`, `2h` or `1h30m`: at least one minute, at most a day. */
const durationOf = (text: string | undefined): Result<number, string> => {
  if (text === undefined) return err('say for how long: --for 30m (at least 1m, at most 24h)')
  const [, hours = '0', minutes = '0'] = /^(?=\d)(?:(\d{1,4})h)?(?:(\d{1,4})m)?$/.exec(text) ?? []
  const duration = (Number(hours) * 60 + Number(minutes)) * minute
  return duration < minute || duration > longest
    ? err(`--for ${JSON.stringify(text)} is no time from 1m to 24h, written like 30m or 1h30m`)
    : ok(duration)
}

const longestReason = 200

const reasonOf = (text: string | undefined): Result<string, string> => {
  const reason = text?.trim() ?? ''
  if (reason === '') return err('say why: --reason TEXT')
  if ([...reason].length > longestReason)
    return err(`the reason is over ${longestReason} characters long; every record carries it`)
  if (/[^\P{C}]|[\u2028\u2029]/u.test(reason)) return err('the reason must be one line of text')
  return ok(reason)
}

/** Who acts: the user who logged in, which sudo does not change (audit's loginuid); unset for services. */
const caller = (host: Host): string => {
  const login = host.readText('/proc/self/loginuid', 64, true)
  const uid = login.ok ? login.value.trim() : ''
  if (uid === '' || uid === unsetLogin) return 'uid 0'
  const name = nameOf(host, uid)
  return `uid 0, logged in as uid ${uid}${name === undefined ? '' : ` (${name})`}`
}

const unsetLogin = '4294967295'

const nameOf = (host: Host, uid: string): string | undefined => {
  const accounts = host.readText('/etc/passwd', 1024 * 1024, true)
  const lines = accounts.ok ? accounts.value.split('\n').map((line) => line.split(':')) : []
  return lines.find((fields) => fields[2] === uid)?.[0]
}

const logOf = (host: Host): LogSettings => {
  const loaded = loadPolicy(host, undefined)
  return loaded.ok ? loaded.value.policy.log : builtIn.log
}
