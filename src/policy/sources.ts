/** Finds a policy's files and refuses those that somebody other than root could have written (as sudo does). */
import { err, ok, type Result } from '../core/result.ts'
import type { FileStat, Host } from '../host/host.ts'

/** Where the site's policy is. */
export const defaultPolicyFile = '/etc/lintel/policy.toml'
const maxPolicyBytes = 1024 * 1024

export interface PolicySource {
  readonly path: string
  readonly text: string
}

/** Why a policy cannot serve. `insecure` refuses at once; `invalid` lets the last good policy serve. */
export interface PolicyProblem {
  readonly kind: 'insecure' | 'invalid'
  readonly message: string
}

/** `ownership` false: a policy that enforces nothing (lint) may be anybody's. */
export interface SourceChecks {
  readonly ownership: boolean
}

/** Files read, and every path whose change makes the reading stale, with what it was. */
export interface Sources {
  readonly files: readonly PolicySource[]
  readonly watched: readonly Watched[]
}

export interface Watched {
  readonly path: string
  /** Identity, owner, mode, size and change time in one text; `absent` if there was nothing. */
  readonly stamp: string
}

/** What was read of a policy, and all that is wrong with its files and folders. */
export interface SurveyedSources extends Sources {
  readonly problems: readonly PolicyProblem[]
}

/** As {@link surveySources}, for a policy that is to serve. Errors: the first problem. */
export const readSources = (
  host: Host,
  file: string | undefined,
  checks: SourceChecks,
): Result<Sources, PolicyProblem> => {
  const surveyed = surveySources(host, file, checks)
  const [first] = surveyed.problems
  return first === undefined ? ok(surveyed) : err(first)
}

/**
 * Reads the policy at `file` and, for the default one, policy.d/*.toml beside it in the order of their names.
 * `file` undefined: the default, which may be absent altogether (no files then).
 */
export const surveySources = (
  host: Host,
  file: string | undefined,
  { ownership }: SourceChecks,
): SurveyedSources => {
  const main = file ?? defaultPolicyFile
  const folder = main.slice(0, main.lastIndexOf('/')) || '/'
  const dropIns = `${folder}/policy.d`
  const listed = file === undefined ? host.listDirectory(dropIns) : ok([])
  const names = listed.ok
    ? listed.value.filter((name) => name.endsWith('.toml') && !name.startsWith('.'))
    : []
  const paths = [main, ...names.map((name) => `${dropIns}/${name}`)]
  const problems: PolicyProblem[] = []
  for (const path of ownership ? [folder, ...(names.length > 0 ? [dropIns] : [])] : []) {
    const problem = writableFolder(host, path)
    if (problem !== undefined) problems.push(problem)
  }
  // Taken before the files are read: a change in between makes the reading stale, not unnoticed.
  const watched = [...paths, folder, ...(file === undefined ? [dropIns] : [])]
  const stamps = host.stamps(watched)
  const files: PolicySource[] = []
  for (const path of paths) {
    const read = readSource(host, path, ownership)
    if (!read.ok) problems.push(read.error)
    else if (read.value !== undefined) files.push(read.value)
    else if (file !== undefined || path !== main)
      problems.push({ kind: 'invalid', message: `${path}: there is no such policy file` })
  }
  return { files, watched: watched.map((path, index) => ({ path, stamp: stamps[index] ?? '' })), problems }
}

/** What is wrong with a folder that others than root could write; undefined where nothing is, or there is none. */
export const writableFolder = (host: Host, folder: string): PolicyProblem | undefined => {
  const stat = host.stat(folder, true)
  return stat.ok ? insecurity(host, folder, stat.value) : undefined
}

/** One file of a policy; undefined where there is none. With `ownership` it must be root's own. */
export const readSource = (
  host: Host,
  path: string,
  ownership: boolean,
): Result<PolicySource | undefined, PolicyProblem> => {
  const stat = host.stat(path, true)
  if (!stat.ok) return stat.error.code === 'ENOENT' ? ok(undefined) : err(unreadable(path, stat.error.code))
  const problem = ownership ? insecurity(host, path, stat.value) : undefined
  if (problem !== undefined) return err(problem)
  const text = host.readText(path, maxPolicyBytes, true)
  return text.ok ? ok({ path, text: text.value }) : err(unreadable(path, text.error.code))
}

const unreadable = (path: string, code: string): PolicyProblem => ({
  kind: 'invalid',
  message: `${path}: cannot be read (${code})`,
})

/** In a user namespace root's files appear as nobody's (the overflow id), which is not the caller's own. */
const overflowUid = 65534

/** Why this file or folder of a policy cannot be believed; undefined where it is root's and nobody else can write it. */
export const insecurity = (host: Host, path: string, stat: FileStat): PolicyProblem | undefined => {
  const owned = stat.uid === 0 || (!host.process.initialUserNamespace && stat.uid === overflowUid)
  if (!owned) {
    const message = `${path} belongs to uid ${stat.uid}; a policy must belong to root (chown root ${path})`
    return { kind: 'insecure', message }
  }
  if ((stat.mode & 0o022) === 0) return undefined
  const message = `${path} can be written by others (mode ${stat.mode.toString(8)}); run chmod go-w ${path}`
  return { kind: 'insecure', message }
}
