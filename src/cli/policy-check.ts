/** `lintel policy check`: is the site's policy valid, and do its exemptions and overrides still do anything. */
import { unusedRules } from '../core/exemption-use.ts'
import type { Policy } from '../core/policy.ts'
import { type Advice, exemptionName, noticeDays, policyAdvice } from '../core/policy-advice.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import type { Host } from '../host/host.ts'
import { exemptionUses, type LoggedUses } from '../log/exemption-uses.ts'
import { openFiles, openLogSoFar } from '../log/log-files.ts'
import { loadPolicy, policyProblems } from '../policy/load.ts'
import { exitStatus, type Output, wrap } from './output.ts'

export interface CheckOptions {
  /** A policy file; undefined: the site's policy, with its drop-ins. */
  readonly file: string | undefined
  /** Decision logs; empty: the policy's own, and its rotated forerunners. */
  readonly logs: readonly string[]
  readonly format: 'text' | 'json'
}

/** Checks a policy. Returns 0 for nothing to do, 1 with warnings, 2 where the policy cannot serve. */
export const checkPolicy = (
  host: AdministratorHost,
  output: Output,
  { file, logs, format }: CheckOptions,
): number => {
  const checks = { ownership: file === undefined }
  const problems = policyProblems(host, file, checks).map(({ message }) => message)
  const loaded = loadPolicy(host, file, checks)
  if (!loaded.ok) {
    if (format === 'json') output.print(JSON.stringify({ valid: false, problems }, undefined, 2))
    else for (const problem of problems) output.complain(problem)
    return exitStatus.usage
  }
  const { policy } = loaded.value
  const logged = usesIn(host, logs, policy)
  const days = { today: daysFrom(host, 0), soon: daysFrom(host, noticeDays) }
  const advice = [...policyAdvice(policy, days), ...unused(host, policy, logged)]
  if (format === 'json')
    output.print(JSON.stringify({ valid: true, ...summary(policy), advice }, undefined, 2))
  else printText(output, policy, advice)
  return advice.some(({ level }) => level === 'warning') ? exitStatus.findings : exitStatus.clean
}

/** An exemption that no record of so many days shows is reported. */
const logDays = 90

const dayMilliseconds = 86_400_000

const daysFrom = (host: Host, days: number): string =>
  new Date(host.clock().epochMilliseconds + days * dayMilliseconds).toISOString().slice(0, 10)

/** Of the logs named, or of the policy's own. Errors: one line naming a file that cannot be read. */
const usesIn = (
  host: AdministratorHost,
  logs: readonly string[],
  policy: Policy,
): Result<LoggedUses, string> => {
  const { files, problems } = logs.length > 0 ? openFiles(host, logs) : openLogSoFar(host, policy.log.file)
  const [problem] = problems
  if (problem !== undefined) return err(problem)
  const uses = exemptionUses(host, files, daysFrom(host, -logDays))
  for (const { opened } of files) host.closeLines(opened.handle)
  return ok(uses)
}

const unused = (
  host: Host,
  { exemptions }: Policy,
  logged: Result<LoggedUses, string>,
): readonly Advice[] => {
  if (exemptions.length === 0) return []
  const unread = (message: string): readonly Advice[] => [
    { level: 'note', kind: 'unused', about: 'decision log', message },
  ]
  if (!logged.ok) return unread(`what is used cannot be told: ${logged.error}`)
  const { since, uses } = logged.value
  if (since === undefined) return unread('what is used cannot be told: it holds no record')
  const isLong = since.slice(0, 10) <= daysFrom(host, -logDays)
  const span = isLong
    ? `in ${logDays} days`
    : `since ${since.slice(0, 10)}, which is as far as the log reaches`
  const today = daysFrom(host, 0)
  return exemptions.flatMap((exemption, index): readonly Advice[] => {
    const rules = exemption.expires < today ? [] : unusedRules(exemption, uses)
    if (rules.length === 0) return []
    const which = rules.length === exemption.rules.length ? '' : ` for ${rules.join(', ')}`
    const message = `was not used${which} ${span}`
    return [
      { level: isLong ? 'warning' : 'note', kind: 'unused', about: exemptionName(exemption, index), message },
    ]
  })
}

const summary = ({ profile, mode, digest, exemptions, overrides }: Policy) => ({
  profile,
  mode,
  digest,
  exemptions: exemptions.length,
  overrides: overrides.filter(({ builtIn }) => builtIn !== true).length,
})

const printText = (output: Output, policy: Policy, advice: readonly Advice[]): void => {
  const { profile, mode, exemptions, overrides } = summary(policy)
  output.print(
    `${output.bold('The policy is valid')}: profile ${profile}, mode ${mode}, ${count(exemptions, 'exemption')}, ${count(overrides, 'override')}.`,
  )
  for (const { level, about, message } of advice) {
    const paint = level === 'warning' ? output.yellow : output.dim
    output.print(wrap(`${paint(level)} ${about}: ${message}`, output.columns, '  '))
  }
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`
