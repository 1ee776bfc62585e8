/** Gathers the host facts the active rules ask for, in as few calls as possible. */
import { followInside, treeOf } from '../core/container-tree.ts'
import type { HostFacts, OwnershipFact, PathFact, Probe } from '../core/facts.ts'
import type { Mount } from '../core/oci.ts'
import { dockerdOf } from '../engines/dockerd-process.ts'
import type { Host } from '../host/host.ts'
import { hostFiles } from './inside.ts'
import { type LevelAsker, levelFacts } from './levels.ts'

/** Where the container lies: its bundle folder, `root.path` and the mounts as the configuration has them; and whose it is. */
export interface Place {
  readonly bundle: string
  readonly root: string
  readonly mounts: readonly Mount[]
  readonly asker: LevelAsker
}

/**
 * Facts for what the rules want to know: `wanted` is asked again once listening sockets are known, if anything of
 * the host is mounted, and then only by rules that look at them. A relative path (a mount source) is looked for in the bundle, as the runtime does.
 */
export const gatherFacts = (
  host: Host,
  wanted: (listeners: readonly string[]) => readonly Probe[],
  place: Place,
): HostFacts => {
  const first = wanted([])
  const sockets = first.some(({ mounts }) => mounts === true) ? listeners(host) : []
  const probes = sockets.length > 0 ? withMore(first, wanted(sockets)) : first
  const ofKind = (kind: Probe['kind']): readonly string[] =>
    probes.filter((probe) => probe.kind === kind).map(({ path }) => path)
  return {
    onHost: true,
    paths: pathFacts(host, probes, place),
    texts: factsOf(ofKind('text'), (path) => textOf(host, path)),
    inside: insideFacts(host, ofKind('inside'), place),
    ownership: factsOf(ofKind('ownership'), (path) => ownershipOf(host, path)),
    labels: factsOf(ofKind('label'), (path) => labelOf(host, inBundle(place, path))),
    contexts: contextFacts(host, ofKind('context')),
    ...levelFacts(host, place.asker, { levels: ofKind('level'), ranges: ofKind('free-level') }),
    dockerds: factsOf(ofKind('dockerd'), (folder) => dockerdOf(host, folder)),
    memoryTotal: memoryTotal(host),
    listeners: sockets,
    seccompSupported: seccompSupported(host),
    architecture: host.process.architecture,
  }
}

const withMore = (first: readonly Probe[], more: readonly Probe[]): readonly Probe[] => {
  const known = new Set(first.filter(({ kind }) => kind === undefined).map(({ path }) => path))
  return [...first, ...more.filter(({ path, kind }) => kind !== undefined || !known.has(path))]
}

const inBundle = ({ bundle }: Pick<Place, 'bundle'>, path: string): string =>
  path.startsWith('/') ? path : `${bundle}/${path}`

const pathFacts = (host: Host, probes: readonly Probe[], place: Place): HostFacts['paths'] => {
  const asked = probes.filter(({ kind }) => kind === undefined)
  const facts = host.probe(asked.map((probe) => ({ ...probe, path: inBundle(place, probe.path) })))
  const paths: { [path: string]: PathFact } = {}
  for (const [index, { path }] of asked.entries()) {
    const fact = facts[index]
    if (fact !== undefined) paths[path] = fact
  }
  return paths
}

const insideFacts = (host: Host, paths: readonly string[], place: Place): HostFacts['inside'] => {
  if (paths.length === 0) return {}
  const root = place.root.startsWith('/') ? place.root : `${place.bundle}/${place.root}`
  const tree = treeOf({ ...place, root }, hostFiles(host))
  return factsOf(paths, (path) => followInside(tree, path))
}

const factsOf = <Fact>(
  paths: readonly string[],
  read: (path: string) => Fact | undefined,
): { readonly [path: string]: Fact } => {
  const facts: { [path: string]: Fact } = {}
  for (const path of paths) {
    const fact = read(path)
    if (fact !== undefined) facts[path] = fact
  }
  return facts
}

const maxTextBytes = 256 * 1024

const textOf = (host: Host, path: string): string | undefined => {
  const text = host.readText(path, maxTextBytes, true)
  return text.ok ? text.value : undefined
}

const ownershipOf = (host: Host, path: string): OwnershipFact | undefined => {
  const stat = host.stat(path, true)
  if (!stat.ok) return undefined
  const { uid, gid, mode, kind } = stat.value
  return { uid, gid, mode, kind }
}

const labelOf = (host: Host, path: string): string | undefined => {
  const label = host.fileLabel(path)
  return label.ok ? label.value : undefined
}

const contextFacts = (host: Host, labels: readonly string[]): HostFacts['contexts'] => {
  const contexts: { [label: string]: string | null } = {}
  for (const label of labels) {
    const canonical = host.canonicalLabel(label)
    if (canonical.ok) contexts[label] = canonical.value
    else if (canonical.error.code === 'EINVAL') contexts[label] = null
  }
  return contexts
}

/** MemTotal of /proc/meminfo (proc_meminfo(5)), its first line, in bytes. */
const memoryTotal = (host: Host): number | undefined => {
  const text = host.readText('/proc/meminfo', 64 * 1024, true)
  const kibibytes = text.ok ? /^MemTotal: +([0-9]+) kB/.exec(text.value)?.[1] : undefined
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024
}

/** Paths in /proc/net/unix whose flags say a server listens there (__SO_ACCEPTCON, 0x10000). */
const listeners = (host: Host): readonly string[] => {
  const text = host.readText('/proc/net/unix', 4 * 1024 * 1024, true)
  if (!text.ok) return []
  return text.value.split('\n').flatMap((line) => {
    const [, , , flags, , , , path] = line.trim().split(/ +/)
    return flags === '00010000' && path?.startsWith('/') === true ? [path] : []
  })
}

/** The kernel has seccomp filters where it shows a process's (proc_pid_status(5), `Seccomp`). */
const seccompSupported = (host: Host): boolean => {
  const text = host.readText('/proc/self/status', 64 * 1024, true)
  return !text.ok || text.value.includes('\nSeccomp:')
}
