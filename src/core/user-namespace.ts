/** Whether the caller of the runtime, and so a container without a user namespace of its own, is in the initial one. */
import type { HostFacts, Probe } from './facts.ts'

const uidMap = '/proc/self/uid_map'

/** What `callerUserNamespace` is told by. */
export const uidMapProbe: Probe = { path: uidMap, kind: 'text' }

/**
 * `initial`: user ids are the host's (user_namespaces(7): the map of the initial namespace is the identity over all
 * ids). `mapped`: a rootless engine, or one that runs in a container.
 */
export const callerUserNamespace = ({ texts }: HostFacts): 'initial' | 'mapped' | 'unknown' => {
  const text = texts[uidMap]
  if (text === undefined) return 'unknown'
  return text.trim().split(/ +/).join(' ') === '0 0 4294967295' ? 'initial' : 'mapped'
}
