/** Namespaces that a container joins by path, and whether they are the host's. */
import type { HostFacts, Probe } from './facts.ts'
import type { Config } from './oci.ts'
import { cleanPath } from './path.ts'

/** An entry of linux.namespaces with a path. */
export interface JoinedNamespace {
  /** Position in `linux.namespaces`. */
  readonly index: number
  readonly type: string
  readonly path: string
}

/** `unknown`: the path could not be looked at, or there is no host to look at. */
export type NamespaceOwner = 'host' | 'other' | 'unknown'

/** Every namespace joined by path. */
export const joinedNamespaces = (config: Config | undefined): readonly JoinedNamespace[] => {
  const joined: JoinedNamespace[] = []
  const namespaces = config?.linux?.namespaces ?? []
  for (let index = 0; index < namespaces.length; index++) {
    const { type = '', path = '' } = namespaces[index] ?? {}
    if (path !== '') joined.push({ index, type, path })
  }
  return joined
}

/** The files to compare: the one joined, that of pid 1 and that of the caller. */
export const joinedProbes = ({ type, path }: JoinedNamespace): readonly Probe[] => [
  { path },
  ...hostFiles(type).map((file) => ({ path: file })),
]

/** Whose namespace the path is, by inode; away from the host, by the names that mean the host's everywhere. */
export const ownerOf = ({ type, path }: JoinedNamespace, facts: HostFacts): NamespaceOwner => {
  const files = hostFiles(type)
  if (!facts.onHost) {
    const name = cleanPath(path)
    // What dockerd names the network namespace it runs in (moby libnetwork/osl, GenerateKey "default").
    return files.includes(name) || name.endsWith('/docker/netns/default') ? 'host' : 'unknown'
  }
  const fact = facts.paths[path]
  if (fact === undefined || fact.error !== null) return 'unknown'
  return files.some((file) => facts.paths[file]?.id === fact.id) ? 'host' : 'other'
}

// The spelling of the runtime-spec, and of /proc/PID/ns where it differs.
const fileNames: ReadonlyMap<string, string> = new Map([
  ['mount', 'mnt'],
  ['network', 'net'],
])

const hostFiles = (type: string): readonly string[] => {
  const file = fileNames.get(type) ?? type
  return [`/proc/1/ns/${file}`, `/proc/self/ns/${file}`]
}
