/** The operator's command line: parsed by yargs, one file a verb. */
import yargs from 'yargs'
import type { AdministratorHost } from '../host/administrator.ts'
import { addCommands, standardInput } from './commands.ts'
import { exitStatus, outputOf } from './output.ts'
import { shellKnownBy } from './platform/yargs-platform.ts'

declare const LINTEL_VERSION: string

/** Runs the command of the process's arguments and returns its exit status. */
export const main = (host: AdministratorHost): number => {
  const output = outputOf(host)
  let status: number = exitStatus.clean
  const settle = (result: number): void => {
    status = result
  }
  shellKnownBy(host.environment)
  const parser = yargs([])
    .scriptName('lintel')
    .usage('$0 COMMAND: container policy at the last door before the runtime')
    .version(LINTEL_VERSION)
    .exitProcess(false)
    .wrap(output.columns ?? 100)
    .strict()
    .demandCommand(1, 'a command is needed')
  addCommands(parser, { host, output, settle }).completion(
    'completion',
    'print the completion script for the shell in $SHELL: bash, zsh or fish',
  )
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
