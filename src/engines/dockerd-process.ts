/** The dockerd that keeps a container: found by its pid file, failing that among all processes, and looked at in /proc. */
import {
  type DockerdOptions,
  dockerdConfiguration,
  dockerdOptions,
  servesInherited,
} from '../core/dockerd.ts'
import type { DockerdFact } from '../core/facts.ts'
import type { Json } from '../core/json.ts'
import type { Host } from '../host/host.ts'

const usualPidFile = '/run/docker.pid'
const maxSettingsBytes = 1024 * 1024
const maxSocketsBytes = 16 * 1024 * 1024

/**
 * The dockerd whose data root holds this folder of a container, as root runs it; undefined where there is none. Ports are
 * looked at only where its options leave open what it serves.
 */
export const dockerdOf = (host: Host, folder: string): DockerdFact | undefined => {
  const first = processIn(host, usualPidFile)
  const found = first === undefined ? undefined : runningDockerd(host, first, folder)
  return found ?? othersOf(host, first, folder)
}

/** Where the usual pid file names none, or the dockerd of another data root. */
const othersOf = (host: Host, first: string | undefined, folder: string): DockerdFact | undefined => {
  const listed = host.listDirectory('/proc')
  for (const pid of listed.ok ? listed.value : []) {
    if (!/^\d+$/.test(pid) || pid === first) continue
    const found = runningDockerd(host, pid, folder)
    if (found !== undefined) return found
  }
  return undefined
}

const processIn = (host: Host, path: string): string | undefined => {
  const text = host.readText(path, 64, true)
  return text.ok ? /^\d+(?=\s*$)/.exec(text.value)?.[0] : undefined
}

/** Undefined for another program, one that is not root's or lives in a container, and one that keeps other containers. */
const runningDockerd = (host: Host, pid: string, folder: string): DockerdFact | undefined => {
  const place = `/proc/${pid}`
  const executable = host.readLink(`${place}/exe`)
  // An executable replaced by an upgrade while it runs reads `… (deleted)`.
  if (!executable.ok || !/\/dockerd(?:-[a-z]+)?(?: \(deleted\))?$/.test(executable.value)) return undefined
  const owner = host.stat(place, true)
  const line = host.readText(`${place}/cmdline`, 1024 * 1024, true)
  if (!owner.ok || owner.value.uid !== 0 || !line.ok || !hasOurRoot(host, place)) return undefined
  const argv = line.value.split('\0').slice(0, -1)
  const configuration = asSeenBy(place, dockerdConfiguration(argv))
  const settings = readSettings(host, configuration)
  const options = dockerdOptions(argv, settings ?? {})
  if (!keeps(host, options, folder)) return undefined
  const isCurrent = isOlder(host, configuration, asSeenBy(place, options.pidFile))
  const ports = !isCurrent || servesInherited(options) ? listeningPorts(host, place) : undefined
  return {
    argv,
    isCurrent,
    ...(settings === undefined ? {} : { settings }),
    ...(ports === undefined ? {} : { ports }),
  }
}

const hasOurRoot = (host: Host, place: string): boolean => {
  const [ours, theirs] = [host.stat('/', true), host.stat(`${place}/root`, true)]
  return ours.ok && theirs.ok && ours.value.id === theirs.value.id
}

/** A path as a process means it, in its own root and current folder. */
const asSeenBy = (place: string, path: string): string =>
  path.startsWith('/') ? `${place}/root${path}` : `${place}/cwd/${path}`

/** `{}` where there is no file; undefined where it cannot be read as dockerd would. */
const readSettings = (host: Host, path: string): Json | undefined => {
  const text = host.readText(path, maxSettingsBytes, true)
  if (!text.ok) return text.error.code === 'ENOENT' ? {} : undefined
  const parsed = host.parseJson(text.value, 64, '')
  return parsed.ok ? parsed.value : undefined
}

const keeps = (host: Host, { dataRoot }: DockerdOptions, folder: string): boolean => {
  const real = host.realPath(dataRoot)
  return folder.startsWith(`${real.ok ? real.value : dataRoot}/`)
}

/**
 * Whether the file is as it was when dockerd wrote its pid file, which it does once, after it has read it; of one that is
 * not there the folder tells. Nanoseconds of our time all have as many digits.
 */
const isOlder = (host: Host, configuration: string, pidFile: string): boolean => {
  const began = host.stat(pidFile, true)
  if (!began.ok) return false
  const file = host.stat(configuration, true)
  if (file.ok) return file.value.changed < began.value.modified
  const folder = host.stat(configuration.slice(0, configuration.lastIndexOf('/')), true)
  return file.error.code === 'ENOENT' && folder.ok && folder.value.modified < began.value.modified
}

/** Ports of listening TCP sockets that the process holds; undefined where that cannot be seen. */
const listeningPorts = (host: Host, place: string): readonly number[] | undefined => {
  const sockets = new Map<string, number>()
  for (const name of ['tcp', 'tcp6']) {
    const text = host.readText(`${place}/net/${name}`, maxSocketsBytes, true)
    // A kernel without IPv6 has no such file.
    if (!text.ok && (name === 'tcp' || text.error.code !== 'ENOENT')) return undefined
    for (const [, port = '', inode = ''] of (text.ok ? text.value : '').matchAll(listening))
      sockets.set(`socket:[${inode}]`, Number.parseInt(port, 16))
  }
  if (sockets.size === 0) return []
  const held = host.listDirectory(`${place}/fd`)
  if (!held.ok) return undefined
  const ports = held.value.flatMap((descriptor) => {
    const target = host.readLink(`${place}/fd/${descriptor}`)
    return (target.ok ? sockets.get(target.value) : undefined) ?? []
  })
  return [...new Set(ports)]
}

/** proc_pid_net(5): local address and port in hexadecimal, state 0A, six fields, and the inode. */
const listening = /^\s*\d+: [0-9A-F]+:([0-9A-F]+) [0-9A-F]+:[0-9A-F]+ 0A(?: +\S+){5} +(\d+)/gm
