/** Options of dockerd for what lintel writes into daemon.json: told in both places, dockerd does not start. */
import { err, ok, type Result } from '../core/result.ts'
import { type GivenOption, optionsIn } from './command-line.ts'
import { startCommand, unitFiles, variables } from './docker-hosts.ts'
import { filesIn } from './layered-toml.ts'
import { faultLine } from './operations.ts'
import type { Installation, Texts, Wanted } from './registration.ts'

/** By the flag; `runtimes` is what --add-runtime is called in the file (cmd/dockerd, findConfigurationConflicts). */
const runtimeOptions = ['--add-runtime', '--default-runtime'] as const
const tlsOptions = ['--tls', '--tlsverify', '--tlscacert', '--tlscert', '--tlskey'] as const

/**
 * The error line where dockerd runs with such options, or would be started with them by its unit or the files of
 * variables its unit or init script reads; it says what to write into daemon.json instead.
 */
export const checkFlags = (
  { daemon, configuration, argv = [] }: Installation,
  texts: Texts,
  { tls }: Wanted,
): Result<null, string> => {
  const names: readonly string[] = tls === undefined ? runtimeOptions : [...runtimeOptions, ...tlsOptions]
  const unit = startCommand(texts)
  const files = variables.filter((path) => isUsed(texts, path, unit?.command))
  const told = [unit?.command ?? '', ...files.map((path) => uncommented(texts[path]))].join(' ')
  const written = optionsIn(words(told), names)
  const given = written.length > 0 ? written : optionsIn(argv, names)
  const [first] = given
  if (first === undefined) return ok(null)
  const message = `dockerd is told ${listed(given)} on its command line, and does not start where ${configuration} says it too`
  const advice = `take that out${instead(given)}, restart dockerd, and install again`
  const place = written.length > 0 ? placeOf(texts, first.name) : undefined
  return err(
    place === undefined
      ? `process ${daemon}: ${message}; ${advice}`
      : faultLine(place.file, { ...place, message: `${message}; ${advice}` }),
  )
}

const unitPaths = (texts: Texts): readonly string[] =>
  unitFiles.flatMap((path) => (path.endsWith('/') ? filesIn(texts, path, '.conf') : [path]))

/** A file of variables counts where the unit reads it, or where there is none and init scripts do. */
const isUsed = (texts: Texts, path: string, command: string | undefined): boolean =>
  texts[path] !== undefined &&
  (command === undefined ||
    unitPaths(texts).some((unit) =>
      new RegExp(`^\\s*EnvironmentFile\\s*=\\s*-?${path}\\s*$`, 'm').test(texts[unit] ?? ''),
    ))

const uncommented = (text = ''): string => text.replaceAll(/^\s*#.*$/gm, '').replaceAll(/\\\r?\n/g, ' ')

/** Words of shell text, well enough to find options in. */
const words = (text: string): readonly string[] => text.split(/[\s"']+/)

const listed = (given: readonly GivenOption[]): string =>
  [...new Set(given.map(({ name }) => name))].join(' and ')

/** What says the same in daemon.json. */
const instead = (given: readonly GivenOption[]): string => {
  const runtimes = given.flatMap(({ name, value }) => {
    const [runtime = '', path] = value.split('=')
    return name === '--add-runtime' && path !== undefined ? [[runtime, { path }] as const] : []
  })
  if (runtimes.length === 0) return ''
  const member = JSON.stringify({ runtimes: Object.fromEntries(runtimes) }).slice(1, -1)
  return ` and write ${member} into the file instead`
}

const placeOf = (
  texts: Texts,
  name: string,
): { readonly file: string; readonly line: number; readonly column: number } | undefined => {
  for (const file of unitPaths(texts)) {
    for (const [index, line] of (texts[file] ?? '').split('\n').entries()) {
      const column = line.trimStart().startsWith('#') ? -1 : line.search(new RegExp(`${name}(?=[\\s=])`))
      if (column >= 0) return { file, line: index + 1, column: column + 1 }
    }
  }
  return undefined
}
