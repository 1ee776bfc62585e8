/** The commands as yargs reads them: words, options, help; each hands on to its own file. */
import type { Argv } from 'yargs'
import type { AdministratorHost } from '../host/administrator.ts'
import { recover } from '../installation/change.ts'
import { profiles } from '../profiles/index.ts'
import { breakGlass } from './break-glass.ts'
import { divertRuntimes } from './divert.ts'
import { doctor } from './doctor.ts'
import { explain } from './explain.ts'
import { addInstall, addUninstall } from './install-commands.ts'
import { lint, severities } from './lint.ts'
import { addLog } from './log-commands.ts'
import type { Output } from './output.ts'
import { checkPolicy } from './policy-check.ts'
import { testPolicy } from './policy-test.ts'
import { diffProfiles, listProfiles, showProfile } from './profile.ts'
import { listRules } from './rules.ts'
import { status } from './status.ts'

/** Takes the exit status of the command that ran. */
type Settle = (status: number) => void

interface Scene {
  readonly host: AdministratorHost
  readonly output: Output
  readonly settle: Settle
}

/** Stands for `-` while yargs reads: a list of positionals would lose it, and nothing would be judged. */
export const standardInput = ' -'

const format = { choices: ['text', 'json'], default: 'text', describe: 'how to print' } as const

const policyOptions = {
  profile: { type: 'string', choices: Object.keys(profiles), describe: 'judge by this profile alone' },
  policy: { type: 'string', describe: 'judge by this policy file', requiresArg: true },
  format,
} as const

const text = { type: 'string', demandOption: true } as const

/** Adds a command to the parser. */
export type Add = (parser: Argv, scene: Scene) => Argv

const addLint: Add = (parser, { host, output, settle }) =>
  parser.command(
    'lint <paths..>',
    'judge bundles, config.json files, tarred bundles or - (standard input)',
    (command) =>
      command
        .positional('paths', { ...text, array: true })
        .options(policyOptions)
        .option('fail-on', {
          choices: severities,
          default: 'low' as const,
          describe: 'least severity that exits 1',
        }),
    ({ paths, failOn, ...options }) => {
      const named = paths.map((path) => (path === standardInput ? '-' : path))
      const { profile, policy, format } = options
      settle(lint(host, output, { paths: named, profile, policy, format, failOn }))
    },
  )

const addRules: Add = (parser, { host, output, settle }) =>
  parser.command(
    'rules',
    'list every rule, its number and what the policy does about it',
    (command) => command.options(policyOptions),
    ({ profile, policy, format }) => settle(listRules(host, output, { profile, policy, format })),
  )

const addExplain: Add = (parser, { output, settle }) =>
  parser.command(
    'explain <rule>',
    'why a rule is there, what to change, how profiles set it, how to override and exempt it',
    (command) => command.positional('rule', text),
    ({ rule }) => settle(explain(output, rule)),
  )

const addProfile: Add = (parser, { output, settle }) =>
  parser.command('profile', 'list, show and compare the profiles a policy can start from', (command) =>
    command
      .command(
        'list',
        'every profile',
        (inner) => inner.option('format', format),
        (options) => settle(listProfiles(output, options.format)),
      )
      .command(
        'show <name>',
        'every rule as a profile sets it',
        (inner) => inner.positional('name', text).option('format', format),
        (options) => settle(showProfile(output, options.name, options.format)),
      )
      .command(
        'diff <before> <after>',
        'the rules that two profiles set differently',
        (inner) => inner.positional('before', text).positional('after', text).option('format', format),
        ({ before, after, ...options }) => settle(diffProfiles(output, [before, after], options.format)),
      )
      .demandCommand(1, 'list, show or diff is needed'),
  )

const addPolicy: Add = (parser, { host, output, settle }) =>
  parser.command('policy', 'check the policy, or test it with cases', (command) =>
    command
      .command(
        'check [file]',
        'is the policy valid; which exemptions have run out or are not used',
        (inner) =>
          inner
            .positional('file', { type: 'string', describe: "policy file; default: the site's policy" })
            .option('log', {
              type: 'string',
              array: true,
              requiresArg: true,
              describe: 'decision log to look in',
            })
            .option('format', format),
        ({ file, log = [], ...options }) =>
          settle(checkPolicy(host, output, { file, logs: log, format: options.format })),
      )
      .command(
        'test <dir>',
        'judge the cases (*.toml) of a folder and compare with what they expect',
        (inner) => inner.positional('dir', text).options(policyOptions),
        ({ dir: path, profile, policy, ...options }) =>
          settle(testPolicy(host, output, { path, profile, policy, format: options.format })),
      )
      .demandCommand(1, 'check or test is needed'),
  )

const addBreakGlass: Add = (parser, { host, output, settle }) =>
  parser.command(
    'break-glass',
    'switch the host to mode warn for a while, end that, or say how it stands',
    (command) =>
      command
        .option('for', { type: 'string', requiresArg: true, describe: 'how long, such as 30m; at most 24h' })
        .option('reason', { type: 'string', requiresArg: true, describe: 'why; every record carries it' })
        .option('end', { type: 'boolean', default: false, describe: 'end it now' })
        .option('format', format),
    ({ reason, end, ...options }) =>
      settle(breakGlass(host, output, { for: options.for, reason, end, format: options.format })),
  )

const addDivert: Add = (parser, { host, output, settle }) =>
  parser.command(
    'divert',
    'take the path of runc and crun, so that no call of them passes by',
    (command) =>
      command
        .option('undo', { type: 'boolean', default: false, describe: 'put the real ones back' })
        .option('repair', {
          type: 'boolean',
          default: false,
          describe: 'after an upgrade: divert again what was diverted; packages call this',
        })
        .option('dry-run', { type: 'boolean', default: false, describe: 'only say what would be done' }),
    ({ undo, repair, dryRun }) => settle(divertRuntimes(host, output, { undo, repair, dryRun })),
  )

/** The host, after what an interrupted install or uninstall left there was put back. */
const settled = (host: AdministratorHost, output: Output): AdministratorHost => {
  const recovered = recover({ host, say: output.complain, restartCommand: undefined })
  if (!recovered.ok) output.complain(recovered.error)
  return host
}

const addDoctor: Add = (parser, { host, output, settle }) =>
  parser.command(
    'doctor',
    'is lintel in the way of every engine here, and what gets round it',
    (command) =>
      command
        .option('prove', {
          type: 'boolean',
          default: false,
          describe: 'start a throw-away container of an empty image and look for its record',
        })
        .option('fail-on', {
          choices: ['way-round', 'problem'] as const,
          default: 'way-round' as const,
          describe: 'least finding that exits 1',
        })
        .option('format', format),
    ({ prove, failOn, ...options }) =>
      settle(doctor(settled(host, output), output, { prove, failOn, format: options.format })),
  )

const addStatus: Add = (parser, { host, output, settle }) =>
  parser.command(
    'status',
    'version, policy, engines and the last decisions on one screen',
    (command) => command.option('format', format),
    (options) => settle(status(settled(host, output), output, options.format)),
  )

/** Every command, in the order help lists them. */
const all: readonly Add[] = [
  addLint,
  addRules,
  addExplain,
  addProfile,
  addPolicy,
  addBreakGlass,
  addLog,
  addInstall,
  addUninstall,
  addDivert,
  addDoctor,
  addStatus,
]

/** Adds every command to the parser. */
export const addCommands = (parser: Argv, scene: Scene): Argv => {
  let extended = parser
  for (const add of all) extended = add(extended, scene)
  return extended
}
