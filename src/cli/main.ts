/** The operator's command line: parsed by yargs, one file a verb. */
import yargs from 'yargs'
import type { Host } from '../host/host.ts'
import { profiles } from '../profiles/index.ts'
import { explain } from './explain.ts'
import { lint, severities } from './lint.ts'
import { exitStatus, type Output, outputOf } from './output.ts'
import { listRules } from './rules.ts'

declare const LINTEL_VERSION: string

const policyOptions = {
  profile: { type: 'string', choices: Object.keys(profiles), describe: 'judge by this profile alone' },
  policy: { type: 'string', describe: 'judge by this policy file', requiresArg: true },
  format: { choices: ['text', 'json'], default: 'text', describe: 'how to print' },
} as const

/** Stands for `-` while yargs reads: a list of positionals would lose it, and nothing would be judged. */
const standardInput = ' -'

/** Runs the command of the process's arguments and returns its exit status. */
export const main = (host: Host): number => {
  const output = outputOf(host)
  let status: number = exitStatus.clean
  const settle = (result: number): void => {
    status = result
  }
  const parser = commands(host, output, settle)
  const argv = host.process.argv.slice(1).map((word) => (word === '-' ? standardInput : word))
  void parser.parse(argv.length === 0 ? ['--help'] : [...argv], {}, (error, _parsed, text) => {
    if (error !== undefined && error !== null) {
      const message = error.message.replaceAll(/\s*\n\s*/g, ' ')
      output.complain(`${message} (lintel --help shows what there is)`)
      settle(exitStatus.usage)
    } else if (text !== '') output.print(text)
  })
  return status
}

const commands = (host: Host, output: Output, settle: (status: number) => void) =>
  yargs([])
    .scriptName('lintel')
    .usage('$0 COMMAND: container policy at the last door before the runtime')
    .version(LINTEL_VERSION)
    .exitProcess(false)
    .wrap(output.columns ?? 100)
    .strict()
    .demandCommand(1, 'a command is needed')
    .command(
      'lint <paths..>',
      'judge bundles, config.json files, tarred bundles or - (standard input)',
      (command) =>
        command
          .positional('paths', { type: 'string', array: true, demandOption: true })
          .options(policyOptions)
          .option('fail-on', {
            choices: severities,
            default: 'low' as const,
            describe: 'least severity that exits 1',
          }),
      ({ paths, profile, policy, format, failOn }) => {
        const named = paths.map((path) => (path === standardInput ? '-' : path))
        settle(lint(host, output, { paths: named, profile, policy, format, failOn }))
      },
    )
    .command(
      'rules',
      'list every rule, its number and what the policy does about it',
      (command) => command.options(policyOptions),
      ({ profile, policy, format }) => settle(listRules(host, output, { profile, policy, format })),
    )
    .command(
      'explain <rule>',
      'why a rule is there, what to change, how to set and exempt it',
      (command) => command.positional('rule', { type: 'string', demandOption: true }),
      ({ rule }) => settle(explain(output, rule)),
    )
