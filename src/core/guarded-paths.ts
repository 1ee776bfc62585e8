/** Host paths a site guards, and what a mounted source does to them; the judgement of `sensitive-host-mounts`. */
import type { HostFacts, PathFact, PathView, Probe } from './facts.ts'
import { depthBelow, factOf, firstHit, type Hit, type Relation, submountsOf, viewsOf } from './host-paths.ts'
import type { Identity } from './identity.ts'
import type { HostSource } from './mounts.ts'

/** The lists as policy gives them. */
export interface GuardLists {
  /** Not to be mounted at all. */
  readonly never: readonly string[]
  /** Not to be mounted writable. */
  readonly readOnly: readonly string[]
  /** Sources that are fine, with what is below them; `:ro` at the end: only read-only. */
  readonly allowed: readonly string[]
  /** Folders of the engine's named volumes: `<root>/NAME/_data` is an ordinary source. */
  readonly volumeRoots: readonly string[]
}

/** `denied` even read-only; `writable`: would do if it were read-only; `unresolved`: could not be told. */
export type Verdict =
  | { readonly kind: 'denied' | 'writable'; readonly hit: Hit }
  | { readonly kind: 'unresolved'; readonly error: string }

/** Every path the judgement needs to know about, sources with what else shows or lies in them. */
export const guardProbes = (
  sources: readonly HostSource[],
  lists: GuardLists,
  { ownFolders }: Identity,
): readonly Probe[] => {
  // Where else `/` is shown tells which folder holds it (the /sysroot of ostree).
  const probes: Probe[] = [{ path: '/', mounts: true }]
  for (const { path } of sources) probes.push({ path, mounts: true })
  for (const list of [lists.never, lists.readOnly, lists.volumeRoots, ownFolders]) {
    for (const path of list) if (!path.includes('*')) probes.push({ path })
  }
  for (const entry of lists.allowed) probes.push({ path: entryOf(entry).path })
  return probes
}

/** A judge of sources: lists turned into facts once, then asked for each source. */
export const judgeOf = (
  lists: GuardLists,
  { identity, facts }: { readonly identity: Identity; readonly facts: HostFacts },
): ((source: HostSource) => Verdict | undefined) => {
  const fact = (path: string): PathFact => factOf(facts, path)
  const never = lists.never.map(fact)
  const readOnly = lists.readOnly.map(fact)
  const guards = { never, readOnly, excuses: () => excusesOf(lists, identity, fact), onHost: facts.onHost }
  return (source) => judge(source, fact(source.path), guards)
}

interface Excuse {
  /** Holds only for mounts that are not writable. */
  readonly readOnly: boolean
  /** A folder of the container's own. */
  readonly own: boolean
  readonly fact: PathFact
  /** How far below the path an excused source begins; 0 excuses the path itself too. */
  readonly depth: number
}

interface Guards {
  readonly never: readonly PathFact[]
  readonly readOnly: readonly PathFact[]
  /** Asked for only when something was reached. */
  readonly excuses: () => readonly Excuse[]
  readonly onHost: boolean
}

const excusesOf = (
  lists: GuardLists,
  { ownFolders }: Identity,
  fact: (path: string) => PathFact,
): readonly Excuse[] => [
  ...ownFolders.map((path): Excuse => ({ readOnly: false, own: true, fact: fact(path), depth: 1 })),
  ...lists.volumeRoots.map((path): Excuse => ({ readOnly: false, own: false, fact: fact(path), depth: 2 })),
  ...lists.allowed.map((entry): Excuse => {
    const { path, readOnly } = entryOf(entry)
    return { readOnly, own: false, fact: fact(path), depth: 0 }
  }),
]

const entryOf = (entry: string): { readonly path: string; readonly readOnly: boolean } =>
  entry.endsWith(':ro') ? { path: entry.slice(0, -3), readOnly: true } : { path: entry, readOnly: false }

const judge = (source: HostSource, fact: PathFact, guards: Guards): Verdict | undefined => {
  if (!guards.onHost && !source.path.startsWith('/')) {
    return { kind: 'unresolved', error: 'relative to the bundle' }
  }
  const views = viewsOf(fact)
  const excused = excuserOf(source, views, guards)
  const below = submountsOf(source, fact)
  const denied =
    deviceHit(fact, guards.never) ??
    firstHit(below.length === 0 ? views : [...views, ...below], guards.never, excused)
  if (denied !== undefined) return { kind: 'denied', hit: denied }
  // Read-only or not, a socket is connected to; `docker-socket` judges those.
  const writable = [
    ...(source.writable && !isSocket(fact) ? views : []),
    ...(source.submounts === 'writable' ? below : []),
  ]
  const written =
    (source.writable ? deviceHit(fact, guards.readOnly) : undefined) ??
    firstHit(writable, guards.readOnly, excused)
  if (written !== undefined) return { kind: 'writable', hit: written }
  // One that stands for nothing yet was judged by where it would be; any other failure leaves it open.
  const { error } = fact
  return error === null || error === 'ENOENT' ? undefined : { kind: 'unresolved', error }
}

const isSocket = ({ kind, real }: PathFact): boolean =>
  kind === 'socket' || (kind === null && real.endsWith('.sock'))

/**
 * Excuses hold for lying within a guarded folder, seen through this very view: a volume that is a bind of `/`
 * is `/`, and one that is a bind of /etc/cron.d is shown there too. Only an allowed path itself is excused of all.
 */
const excuserOf =
  (source: HostSource, [own]: readonly PathView[], guards: Guards) =>
  (view: PathView, relation: Relation): boolean => {
    if (relation === 'in' && source.index < 0) return true
    const excuses = guards.excuses()
    const staged = relation === 'in' && view !== own && kubelet.test(view.path)
    if (
      staged &&
      own !== undefined &&
      excuses.some((excuse) => excuse.own && depthBelow(own, excuse.fact) > 0)
    ) {
      return true
    }
    return excuses.some((excuse) => {
      if (excuse.readOnly && source.writable) return false
      const depth = depthBelow(view, excuse.fact)
      return depth >= excuse.depth && (depth === 0 || relation === 'in')
    })
  }

// A volume of the pod is shown a second time where kubelet staged it (CSI globalmount) or took a subPath of it.
const kubelet = /^\/var\/lib\/kubelet\/(?:pods|plugins)\//

/** A block device that holds a guarded path's file system shows all of it. */
const deviceHit = (fact: PathFact, targets: readonly PathFact[]): Hit | undefined => {
  if (fact.kind !== 'block') return undefined
  const target = targets.find(({ device, real }) => {
    return device === fact.represents || (real === '/' && isAnonymous(device))
  })
  const [view] = viewsOf(fact)
  return target && view && { target, relation: 'contains', view }
}

// Major 0: btrfs, overlay and ZFS do not tell which block device they are on, so it may be any.
const isAnonymous = (device: string): boolean => device !== '' && (Number(device) & 0xfff00) === 0
