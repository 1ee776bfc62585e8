/** Whose namespaces a container gets: the entries of linux.namespaces, compared with the host's by inode. */
import type { PathFact, Probe } from './facts.ts'
import { shownPath } from './host-paths.ts'
import type { Config } from './oci.ts'
import { type PatchOperation, place, pointer } from './patch.ts'
import { cleanPath } from './path.ts'
import type { Observation, RuleInput } from './rule.ts'

const files = { network: 'net', pid: 'pid', ipc: 'ipc', uts: 'uts', user: 'user' } as const

/** A namespace type a container can share with its host, as spelled in the runtime-spec. */
export type NamespaceType = keyof typeof files

/** `host`: the host's own. `unresolved`: a path that could not be compared. */
export type NamespaceObservation = Observation<'host' | 'unresolved'>

const listPointer = '/linux/namespaces'

/** The host paths to look at: none unless the configuration joins a namespace by path. */
export const namespaceProbes = ({ config }: RuleInput, type: NamespaceType): readonly Probe[] => {
  const joined = entriesOf(config, type).flatMap(({ path }) => (path === '' ? [] : [{ path }]))
  return joined.length === 0 ? [] : [...joined, { path: hostPath(1, type) }, { path: hostPath('self', type) }]
}

/**
 * What is wrong with the container's namespace of this type. A missing entry means the one runc was called in
 * (runtime-spec config-linux.md, Namespaces). A path means nothing by its name: CRI always writes one, so the
 * file is compared with that of pid 1 and of the caller.
 */
export const judgeNamespace = (input: RuleInput, type: NamespaceType): readonly NamespaceObservation[] => {
  const entries = entriesOf(input.config, type)
  const expected = `a ${type} namespace of its own`
  if (entries.length === 0) {
    return [{ message: 'host', pointer: listPointer, actual: `no ${type} namespace`, expected }]
  }
  return entries.flatMap(({ index, path }): readonly NamespaceObservation[] => {
    const owner = path === '' ? 'container' : ownerOf(path, type, input)
    if (owner === 'container') return []
    const at = { pointer: pointer('linux', 'namespaces', index), actual: shownPath(path), expected }
    if (owner === 'host') return [{ message: 'host', ...at }]
    return [{ message: 'unresolved', ...at, ...(owner === 'unknown' ? { unknown: true } : {}) }]
  })
}

/** True when the container is known to be in the host's namespace of this type. */
export const sharesNamespace = (input: RuleInput, type: NamespaceType): boolean =>
  judgeNamespace(input, type).some(({ message }) => message === 'host')

/** Operations that give the container a namespace of its own where it would share the host's. */
export const ownNamespace = (
  observations: readonly Observation[],
  { operation, config }: RuleInput,
  type: NamespaceType,
): readonly PatchOperation[] => {
  // A restored process comes back in the namespaces of its checkpoint, whatever the file says.
  if (operation === 'restore') return []
  return observations
    .filter(({ message }) => message === 'host')
    .map((observation): PatchOperation => {
      if (observation.pointer !== listPointer)
        return { op: 'replace', path: observation.pointer, value: { type } }
      if (config?.linux?.namespaces === undefined) return place(config, listPointer, [{ type }])
      return { op: 'add', path: `${listPointer}/-`, value: { type } }
    })
}

interface Entry {
  readonly index: number
  readonly path: string
}

const hostPath = (process: 1 | 'self', type: NamespaceType): string => `/proc/${process}/ns/${files[type]}`

const entriesOf = (config: Config | undefined, type: NamespaceType): readonly Entry[] => {
  const found: Entry[] = []
  const namespaces = config?.linux?.namespaces ?? []
  for (let index = 0; index < namespaces.length; index++) {
    const entry = namespaces[index]
    if (entry?.type === type) found.push({ index, path: entry.path ?? '' })
  }
  return found
}

type Owner = 'container' | 'host' | 'unresolved' | 'unknown'

const ownerOf = (path: string, type: NamespaceType, { facts }: RuleInput): Owner => {
  if (!facts.onHost) return ownerByName(path, type)
  const init = facts.paths[hostPath(1, type)]
  const [joined, ofCaller, ofInit] = [
    idOf(facts.paths[path]),
    idOf(facts.paths[hostPath('self', type)]),
    idOf(init),
  ]
  if (joined === '' || ofCaller === '') return 'unresolved'
  if (joined === ofCaller || joined === ofInit) return 'host'
  // Without root the namespaces of pid 1 can neither be looked at nor joined; the caller's are the host's then.
  const told = ofInit !== '' || init?.error === 'EACCES' || init?.error === 'EPERM'
  return told ? 'container' : 'unresolved'
}

const idOf = (fact: PathFact | undefined): string =>
  fact === undefined || fact.error !== null ? '' : fact.id

/** Away from the host only names that mean the host everywhere are known. */
const ownerByName = (path: string, type: NamespaceType): Owner => {
  const name = cleanPath(path)
  if (name === hostPath(1, type) || name === hostPath('self', type)) return 'host'
  // What dockerd names the namespace it runs in (moby libnetwork/osl, GenerateKey "default").
  const ofDocker = type === 'network' && name.endsWith('/docker/netns/default')
  return ofDocker ? 'host' : 'unknown'
}
