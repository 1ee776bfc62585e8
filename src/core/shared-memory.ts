/** Whose POSIX shared memory a container gets: bind mounts of the host's /dev/shm, compared by inode (shm_overview(7)). */
import type { Probe } from './facts.ts'
import { shownPath } from './host-paths.ts'
import { destinationOf, isBind } from './mounts.ts'
import { type PatchOperation, pointer } from './patch.ts'
import { cleanPath } from './path.ts'
import type { Observation, RuleInput } from './rule.ts'

const folder = '/dev/shm'

/** `shm`: the host's own. `unresolved`: a source on /dev/shm that could not be compared. */
export type SharedMemoryObservation = Observation<'shm' | 'unresolved'>

/** The host paths to look at: none unless the container has bind mounts. */
export const sharedMemoryProbes = (input: RuleInput): readonly Probe[] => {
  const sources = bindsOf(input).map(({ source }) => ({ path: source }))
  return sources.length === 0 ? [] : [...sources, { path: folder }]
}

/** The bind mounts that bring the host's shared memory into the container, wherever they put it. */
export const judgeSharedMemory = (input: RuleInput): readonly SharedMemoryObservation[] =>
  bindsOf(input).flatMap((bind) => judgeBind(bind, input))

/** Operations that put a tmpfs of the container's own on /dev/shm; the same mount elsewhere is left as it is. */
export const ownSharedMemory = (
  observations: readonly Observation[],
  input: RuleInput,
): readonly PatchOperation[] => {
  // A restored container comes back with the mounts of its checkpoint.
  if (input.operation === 'restore') return []
  const seen = observations.filter(({ message }) => message === 'shm').map(({ pointer }) => pointer)
  return bindsOf(input)
    .filter((bind) => bind.onShm && seen.includes(pointerTo(bind)))
    .map((bind): PatchOperation => ({ op: 'replace', path: pointerTo(bind), value: tmpfs }))
}

// As Docker mounts it by default (moby oci/defaults.go).
const tmpfs = {
  destination: folder,
  type: 'tmpfs',
  source: 'shm',
  options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'],
} as const

interface Bind {
  readonly index: number
  readonly source: string
  readonly onShm: boolean
}

const bindsOf = ({ config }: RuleInput): readonly Bind[] => {
  const binds: Bind[] = []
  const mounts = config?.mounts ?? []
  for (let index = 0; index < mounts.length; index++) {
    const mount = mounts[index]
    if (mount === undefined || !isBind(mount)) continue
    const onShm = destinationOf(mount) === folder
    binds.push({ index, source: mount.source || '.', onShm })
  }
  return binds
}

const pointerTo = ({ index }: Bind): string => pointer('mounts', index)

const judgeBind = (bind: Bind, input: RuleInput): readonly SharedMemoryObservation[] => {
  const found = ownerOf(bind, input)
  if (found === 'container') return []
  const about = {
    pointer: pointerTo(bind),
    actual: shownPath(bind.source),
    expected: 'shared memory of the container or its pod',
  }
  if (found === 'unknown') return [{ message: 'unresolved', ...about, unknown: true }]
  return [{ message: found, ...about }]
}

const ownerOf = (
  { source, onShm }: Bind,
  { facts }: RuleInput,
): 'container' | 'shm' | 'unresolved' | 'unknown' => {
  if (!facts.onHost) {
    const name = cleanPath(source)
    if (name === folder || name === '/run/shm') return 'shm'
    return onShm ? 'unknown' : 'container'
  }
  const fact = facts.paths[source]
  // Elsewhere than on /dev/shm a source that does not resolve is no shared memory: it cannot be mounted at all.
  if (fact === undefined || fact.error !== null) return onShm ? 'unresolved' : 'container'
  const host = facts.paths[folder]
  return host !== undefined && host.error === null && host.id === fact.id ? 'shm' : 'container'
}
