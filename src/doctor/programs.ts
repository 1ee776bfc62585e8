/** Programs of this host: where they lie, which of them are lintel, and what a bare name comes to. */
import type { AdministratorHost } from '../host/administrator.ts'
import type { Host } from '../host/host.ts'
import { candidates } from '../installation/diversion.ts'

/** The folders of a usual PATH, in its order. */
export const pathFolders = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
] as const

/** True for an executable file, links followed. */
export const isProgram = (host: Host, path: string): boolean => {
  const found = host.stat(path, true)
  return found.ok && found.value.kind === 'file' && (found.value.mode & 0o111) !== 0
}

/** True for a program that is lintel, this build or another, and that nobody but root can change. */
export const isLintel = (host: AdministratorHost, path: string): boolean => {
  const found = host.stat(path, true)
  const isRoots = found.ok && found.value.uid === 0 && (found.value.mode & 0o022) === 0
  return isRoots && isProgram(host, path) && host.isLintel(path)
}

/** What `lintel install --divert` does about calls of this program. */
export const diverting = (path: string): 'closes' | 'leaves open' =>
  candidates.some((each) => each.path === path) ? 'closes' : 'leaves open'

/** The first program of this name in the folders. */
export const lookUp = (host: Host, name: string, folders: readonly string[]): string | undefined =>
  folders.map((folder) => `${folder}/${name}`).find((path) => isProgram(host, path))

/** Programs of these names in these folders, each file once, by the first path that leads to it. */
export const programsNamed = (
  host: Host,
  names: readonly string[],
  folders: readonly string[],
): readonly string[] => {
  const seen = new Set<string>()
  return folders
    .flatMap((folder) => names.map((name) => `${folder}/${name}`))
    .filter((path) => {
      const found = host.stat(path, true)
      if (!found.ok || !isProgram(host, path) || seen.has(found.value.id)) return false
      seen.add(found.value.id)
      return true
    })
}

/** A variable of a process's environment as it was started; undefined where it has none. */
export const environmentOf = (host: Host, pid: number, name: string): string | undefined => {
  const text = host.readText(`/proc/${pid}/environ`, 1024 * 1024, true)
  if (!text.ok) return undefined
  return text.value
    .split('\0')
    .find((each) => each.startsWith(`${name}=`))
    ?.slice(name.length + 1)
}

/** The folders in which a daemon looks a bare name up: its own PATH, the usual one where it has none. */
export const foldersOf = (host: Host, pid: number | undefined): readonly string[] => {
  const path = pid === undefined ? undefined : environmentOf(host, pid, 'PATH')
  const folders = (path ?? '').split(':').filter((folder) => folder.startsWith('/'))
  return folders.length > 0 ? folders : pathFolders
}
