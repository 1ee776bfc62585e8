/** The options by which every `lintel log` command chooses logs and records. */
import { engineIds } from '../core/identity.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import { instantOf } from '../log/instant.ts'
import { type LogFile, openFiles, openLog } from '../log/log-files.ts'
import type { Selection } from '../log/selection.ts'
import { builtIn } from '../policy/built-in.ts'
import { loadPolicy } from '../policy/load.ts'
import { rules } from '../rules/index.ts'

const several = { type: 'string', array: true, requiresArg: true } as const
const one = { type: 'string', requiresArg: true } as const

/** As yargs takes them. */
export const selectionOptions = {
  verdict: { ...several, choices: ['allow', 'fix', 'deny', 'would_deny'], describe: 'only these verdicts' },
  rule: { ...several, describe: 'only what these rules found something in' },
  engine: { ...several, choices: engineIds, describe: 'only calls of these engines' },
  operation: {
    ...several,
    choices: ['create', 'run', 'restore', 'exec', 'update'],
    describe: 'only these calls',
  },
  image: { ...one, describe: 'only of this image; * stands for any characters' },
  container: { ...one, describe: 'only this container: its name, * allowed, or how its id begins' },
  user: { ...one, describe: 'only on behalf of this user, or called by this user number' },
  since: { ...one, describe: 'from then on: 2h, 7d (ago), 2027-03-31, 2027-03-31T12:00:00Z' },
  until: { ...one, describe: 'before then' },
  log: {
    ...several,
    describe: "logs to read, in this order; default: the policy's own, with what was rotated",
  },
} as const

/** What yargs makes of them. */
export interface SelectionWords {
  readonly verdict?: readonly string[] | undefined
  readonly rule?: readonly string[] | undefined
  readonly engine?: readonly string[] | undefined
  readonly operation?: readonly string[] | undefined
  readonly image?: string | undefined
  readonly container?: string | undefined
  readonly user?: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly log?: readonly string[] | undefined
}

/** Reads them. Errors: one line that names the option and what can be written. */
export const selectionOf = (host: AdministratorHost, words: SelectionWords): Result<Selection, string> => {
  const unknown = (words.rule ?? []).find((id) => !rules.some((rule) => rule.id === id))
  if (unknown !== undefined)
    return err(`--rule ${JSON.stringify(unknown)}: there is no such rule; lintel rules lists them`)
  const now = host.clock().epochMilliseconds
  const since = words.since === undefined ? ok(undefined) : instantOf('--since', words.since, now)
  if (!since.ok) return since
  const until = words.until === undefined ? ok(undefined) : instantOf('--until', words.until, now)
  if (!until.ok) return until
  const { verdict = [], rule = [], engine = [], operation = [], image, container, user } = words
  const lists = { verdicts: verdict, rules: rule, engines: engine, operations: operation }
  return ok({ ...lists, image, container, user, since: since.value, until: until.value })
}

/** The log of the policy in force. */
export const ownLog = (host: AdministratorHost): string => {
  const loaded = loadPolicy(host, undefined)
  return (loaded.ok ? loaded.value.policy.log : builtIn.log).file
}

/**
 * Opens the logs named, or the policy's own with its rotated forerunners; tells of those that cannot be read.
 * Undefined where none can.
 */
export const logsOf = (
  host: AdministratorHost,
  { log = [] }: SelectionWords,
  complain: (text: string) => void,
): readonly LogFile[] | undefined => {
  const { files, problems } = log.length > 0 ? openFiles(host, log) : openLog(host, ownLog(host))
  for (const problem of problems) complain(problem)
  return files.length === 0 ? undefined : files
}
