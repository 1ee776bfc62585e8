/** The processes of this host, as /proc tells of them. */
import type { Host } from '../host/host.ts'

export interface RunningProcess {
  readonly pid: number
  readonly parent: number
  readonly uid: number
  /** Absolute path of its executable, by its own root. */
  readonly executable: string
  /** Base name of the executable; of a program that serves under many names (k3s), the name it was called by. */
  readonly name: string
  readonly argv: readonly string[]
  /** Its working folder; undefined where that cannot be read. */
  readonly folder: string | undefined
  /** True when its root folder is ours: false for what runs inside a container or a snap. */
  readonly sameRoot: boolean
}

/** Every process whose executable can be read: kernel threads have none, and only root may read other users'. */
export const runningProcesses = (host: Host): readonly RunningProcess[] => {
  const listed = host.listDirectory('/proc')
  const pids = listed.ok ? listed.value.filter((name) => /^[1-9][0-9]*$/.test(name)).map(Number) : []
  const root = host.stat('/', true)
  const rootId = root.ok ? root.value.id : ''
  return pids
    .toSorted((one, other) => one - other)
    .flatMap((pid) => {
      const process = readProcess(host, pid, rootId)
      return process === undefined ? [] : [process]
    })
}

const readProcess = (host: Host, pid: number, rootId: string): RunningProcess | undefined => {
  const folder = `/proc/${pid}`
  const exe = host.readLink(`${folder}/exe`)
  const line = host.readText(`${folder}/cmdline`, 1024 * 1024, true)
  const status = host.readText(`${folder}/status`, 64 * 1024, true)
  if (!exe.ok || !line.ok || !status.ok) return undefined
  // An executable replaced by an upgrade while it runs reads `… (deleted)`.
  const executable = exe.value.replace(/ \(deleted\)$/, '')
  const argv = line.value.split('\0').slice(0, -1)
  const cwd = host.readLink(`${folder}/cwd`)
  const root = host.stat(`${folder}/root`, true)
  return {
    pid,
    parent: numberOf(status.value, 'PPid'),
    uid: numberOf(status.value, 'Uid'),
    executable,
    name: nameOf(executable, argv),
    argv,
    folder: cwd.ok ? cwd.value : undefined,
    sameRoot: root.ok && root.value.id === rootId,
  }
}

const numberOf = (status: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? -1)

const manyNamed = new Set(['k3s', 'rke2'])

const nameOf = (executable: string, argv: readonly string[]): string => {
  const name = baseName(executable)
  return manyNamed.has(name) ? baseName(argv[0] ?? name) : name
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
