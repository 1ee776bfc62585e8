/** Where the executable lies that engines are told to call, and whether it may lie there. */
import { err, ok, type Result } from '../core/result.ts'
import type { FileStat, Host } from '../host/host.ts'

/** Folders that engines clear, move or give to containers: a runtime in one of them has gone with an upgrade before. */
const engineFolders = [
  '/var/lib/docker',
  '/var/lib/containerd',
  '/var/lib/containers',
  '/var/lib/buildkit',
  '/var/lib/kubelet',
  '/var/lib/rancher',
  '/run',
] as const

/**
 * Absolute path of `lintel-runtime` beside the running executable, links in its folder resolved. Errors: one line where
 * it is missing, is another program, or could be changed by others than root.
 */
export const installedRuntime = (host: Host): Result<string, string> => {
  const self = host.realPath('/proc/self/exe')
  if (!self.ok) return err(`where this program lies cannot be told (/proc/self/exe: ${self.error.code})`)
  const folder = self.value.slice(0, self.value.lastIndexOf('/'))
  const path = `${folder}/lintel-runtime`
  const [own, runtime] = [host.stat(self.value, true), host.stat(path, true)]
  if (!runtime.ok) return err(`${path} is missing; make it: ln -s lintel ${path}`)
  if (!own.ok || own.value.id !== runtime.value.id)
    return err(`${path} is not this lintel; make it a link to ${self.value}`)
  const problem = misplaced(host, folder, self.value)
  return problem === undefined ? ok(path) : err(problem)
}

const advice = 'install lintel to /usr/local/sbin or /usr/bin and call it from there'

const misplaced = (host: Host, folder: string, executable: string): string | undefined => {
  const engine = engineFolders.find((each) => folder === each || folder.startsWith(`${each}/`))
  if (engine !== undefined)
    return `lintel lies in ${folder}, which belongs to an engine or does not last; ${advice}`
  for (const path of [...ancestors(folder), executable]) {
    const stat = host.stat(path, true)
    if (!stat.ok) return `${path} cannot be looked at (${stat.error.code})`
    const problem = changeable(path, stat.value)
    if (problem !== undefined) return `${problem}; ${advice}`
  }
  return undefined
}

const changeable = (path: string, { uid, mode }: FileStat): string | undefined => {
  if (uid !== 0) return `${path} belongs to uid ${uid}, who could put another program in lintel's place`
  return (mode & 0o022) === 0
    ? undefined
    : `${path} can be written by others (mode ${mode.toString(8)}), who could put another program in lintel's place`
}

/** `/a/b` as `/`, `/a`, `/a/b`. */
const ancestors = (folder: string): readonly string[] => {
  const parts = folder.split('/').slice(1)
  return ['/', ...parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)]
}
