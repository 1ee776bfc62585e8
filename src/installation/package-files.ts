/** What dpkg and rpm know of a file: whose it is, whether it is as its package has it, and where dpkg puts it. */
import { err, ok, type Result } from '../core/result.ts'
import type { Host, SpawnResult } from '../host/host.ts'

/** The package a file is of. */
export interface PackageFile {
  readonly owner: string
  /** The path as dpkg lists it, which on a merged /usr may be without `/usr`; undefined: rpm's file. */
  readonly dpkg: string | undefined
}

const patience = 60_000

/** Runs a package tool with untranslated messages; undefined where it is not there or does not come back. */
const ask = (host: Host, argv: readonly string[]): SpawnResult | undefined => {
  const done = host.spawn(['env', 'LC_ALL=C', ...argv], '', patience)
  return done.ok && !done.value.timedOut ? done.value : undefined
}

/**
 * The package a path is of; undefined where none lists it. `rpm` is not asked where `askRpm` is false: inside its own
 * transaction it may wait for itself.
 */
export const packageOf = (host: Host, path: string, askRpm: boolean): PackageFile | undefined => {
  for (const listed of spellings(path)) {
    const owner = ownerIn(ask(host, ['dpkg-query', '--search', listed])?.stdout ?? '', listed)
    if (owner !== undefined) return { owner, dpkg: listed }
  }
  if (!askRpm) return undefined
  const asked = ask(host, ['rpm', '-qf', '--queryformat', '%{NAME}\\n', path])
  const [owner = ''] = asked?.status === 0 ? asked.stdout.split('\n') : []
  return owner === '' ? undefined : { owner, dpkg: undefined }
}

/** On a merged /usr a package may still list its file without `/usr`, and dpkg goes by what is listed. */
const spellings = (path: string): readonly string[] =>
  path.startsWith('/usr/') ? [path, path.slice('/usr'.length)] : [path]

const ownerIn = (answer: string, path: string): string | undefined => {
  const named = answer
    .split('\n')
    .filter((line) => line.endsWith(`: ${path}`))
    .map((line) => line.slice(0, -`: ${path}`.length).split(', '))
  // Lines about a diversion have words where others have the names of packages.
  return named.find((names) => names.every((name) => !name.includes(' ')))?.[0]
}

/** Whether the package is installed; without a word from either tool it is taken to be. */
export const isInstalled = (host: Host, { owner, dpkg }: PackageFile): boolean => {
  if (dpkg === undefined) return ask(host, ['rpm', '-q', owner])?.status !== 1
  const asked = ask(host, ['dpkg-query', '--status', owner])
  return asked === undefined || (asked.status === 0 && asked.stdout.includes('\nStatus: install ok '))
}

/** Whether a file is byte for byte as its package brought it. */
export const isIntact = (host: Host, path: string, { owner, dpkg }: PackageFile): boolean => {
  const check = dpkg === undefined ? ['rpm', '-V', '--nodeps', '--noscripts'] : ['dpkg', '--verify']
  const asked = ask(host, [...check, owner])
  const changed = asked?.stdout.split('\n').some((line) => line.endsWith(` ${dpkg ?? path}`))
  return asked !== undefined && changed === false
}

/** Where dpkg puts a file that packages list at this path: the path itself unless it is diverted. */
export const dpkgPlace = (host: Host, listed: string): string => {
  const asked = ask(host, ['dpkg-divert', '--truename', listed])
  return asked?.status === 0 ? asked.stdout.trim() : listed
}

/** Who diverted the path, as dpkg-divert says it. */
export const dpkgDiverter = (host: Host, listed: string): string => {
  const name = ask(host, ['dpkg-divert', '--listpackage', listed])?.stdout.trim() ?? ''
  return name === 'LOCAL' || name === '' ? 'the administrator' : `package ${name}`
}

/** Tells dpkg to put the file of this path at another from now on; nothing is moved. Errors: one line. */
export const addDpkgDiversion = (host: Host, listed: string, kept: string): Result<null, string> =>
  dpkgDivert(host, ['--divert', kept, '--add', listed])

/** Takes that back; nothing is moved. Errors: one line. */
export const removeDpkgDiversion = (host: Host, listed: string, kept: string): Result<null, string> =>
  dpkgDivert(host, ['--divert', kept, '--remove', listed])

const dpkgDivert = (host: Host, words: readonly string[]): Result<null, string> => {
  const named = ask(host, ['dpkg-divert', '--local', '--no-rename', '--quiet', ...words])
  // dpkg before 1.19.1 has no such option, and does not rename by itself.
  const old = named !== undefined && named.status !== 0 && named.stderr.includes('no-rename')
  const done = old ? ask(host, ['dpkg-divert', '--local', '--quiet', ...words]) : named
  if (done?.status === 0) return ok(null)
  const [said = ''] = done?.stderr.split('\n') ?? []
  return err(said === '' ? 'dpkg-divert could not be run' : said)
}
