/** The files of a diversion: what lies at its paths, and every change of them, each one rename and none with a gap. */
import { ok } from '../core/result.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import type { Host, HostResult } from '../host/host.ts'
import { baseName, type Diversion, folderOf, foldersOf, linksBeside } from './diversion.ts'

/** What lies at a path. */
export type Lying = 'lintel' | 'runtime' | 'absent' | 'other'

/** What lies at a path, without following a link: only an executable file counts as a runtime. */
export const lyingAt = (host: AdministratorHost, path: string): Lying => {
  const found = host.stat(path, false)
  if (!found.ok) return found.error.code === 'ENOENT' || found.error.code === 'ENOTDIR' ? 'absent' : 'other'
  if (found.value.kind !== 'file') return 'other'
  if (host.isLintel(path)) return 'lintel'
  return (found.value.mode & 0o111) === 0 ? 'other' : 'runtime'
}

/** Size and modification time of a file, which links and copies of lintel keep; empty where there is none. */
export const stampOf = (host: Host, path: string): string => {
  const found = host.stat(path, false)
  return found.ok ? `${found.value.size} ${found.value.modified}` : ''
}

/** Whether two paths hold the same file, or a copy of it. */
export const areSame = (host: AdministratorHost, one: string, other: string): boolean => {
  const equal = host.areEqual(one, other)
  return equal.ok && equal.value
}

/**
 * Puts a file at a path, in place of what is there, by one rename: a second link to it or, on another file system, a
 * copy with bytes, owner, mode, times and extended attributes. The file also stays where it was.
 */
export const put = (host: AdministratorHost, source: string, path: string): HostResult<null> => {
  const staged = stagedFor(path)
  const cleared = removeIfThere(host, staged)
  if (!cleared.ok) return cleared
  const made = linkOrCopy(host, source, staged)
  if (!made.ok) return made
  const renamed = host.rename(staged, path)
  // rename(2) does nothing where both names are links to one file; after a failure the name is of no use either.
  const tidied = removeIfThere(host, staged)
  return renamed.ok ? tidied : renamed
}

const linkOrCopy = (host: AdministratorHost, source: string, path: string): HostResult<null> => {
  if (host.link(source, path).ok) return ok(null)
  // The link may have been made and only not have been flushed.
  const cleared = removeIfThere(host, path)
  return cleared.ok ? host.copyFile(source, path) : cleared
}

/** Where a file waits to be renamed to a path. */
export const stagedFor = (path: string): string => `${folderOf(path)}/.${baseName(path)}.lintel-divert`

/** Removes a file or an empty folder; one that is not there is fine, on a read-only file system too. */
export const removeIfThere = (host: AdministratorHost, path: string): HostResult<null> =>
  host.stat(path, false).ok ? host.remove(path) : ok(null)

/** Makes the links by which a kept runtime is found under its other names. */
export const makeLinks = (host: AdministratorHost, kept: string): HostResult<null> => {
  for (const link of linksBeside(kept)) {
    const made = host.symbolicLink(baseName(kept), link)
    if (!made.ok && made.error.code !== 'EEXIST') return made
  }
  return ok(null)
}

/** Takes a kept runtime away, with its links and the folders it leaves empty. */
export const removeKept = (host: AdministratorHost, { kept }: Pick<Diversion, 'kept'>): HostResult<null> => {
  for (const path of [kept, stagedFor(kept), ...linksBeside(kept)]) {
    const removed = removeIfThere(host, path)
    if (!removed.ok) return removed
  }
  for (const folder of foldersOf(kept)) if (!host.remove(folder).ok) break
  return ok(null)
}
