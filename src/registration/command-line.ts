/** What a daemon is told on its command line that its file is to say. */
import { err, ok, type Result } from '../core/result.ts'
import type { Installation } from './registration.ts'

/** One option as given. */
export interface GivenOption {
  readonly name: string
  readonly value: string
}

/** Those of these options (`--default-runtime`) that stand in an argument list, as `--option VALUE` or `--option=VALUE`. */
export const optionsIn = (argv: readonly string[], names: readonly string[]): readonly GivenOption[] =>
  argv.flatMap((word, index): readonly GivenOption[] => {
    const [name = '', ...rest] = word.split('=')
    if (!names.includes(name)) return []
    return [{ name, value: rest.length > 0 ? rest.join('=') : (argv[index + 1] ?? '') }]
  })

/** The error line where the daemon runs with one of these options, which its program puts above its file. */
export const checkOverruling = (
  { engine, argv = [], daemon, configuration }: Installation,
  names: readonly string[],
): Result<null, string> => {
  const [given] = optionsIn(argv, names)
  if (given === undefined) return ok(null)
  return err(
    `${engine} (process ${daemon}) runs with ${given.name}, which counts for more than ${configuration}; start it without, and install again`,
  )
}
