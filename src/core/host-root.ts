/** Whether anyone in a container can be the root of the host: user namespaces (user_namespaces(7)). */
import type { Probe } from './facts.ts'
import { idMapProbes, parseIdMap } from './id-mappings.ts'
import type { IdMapping } from './oci.ts'
import type { RuleInput } from './rule.ts'

/** The id maps that tell: of whoever called, and of the process whose user namespace is joined. */
export const hostRootProbes = (input: Pick<RuleInput, 'config'>): readonly Probe[] =>
  idMapProbes(input, 'user')

/**
 * False when it is certain that no id of the container is the host's root: the caller is rootless, or the
 * container's own user namespace leaves id 0 of the host out. The kernel's settings and the host's files then stay
 * closed to it, whatever is mounted.
 */
export const reachesHostRoot = ({ config, facts }: Pick<RuleInput, 'config' | 'facts'>): boolean => {
  const [ofCaller, ofJoined] = hostRootProbes({ config }).map(({ path }) => facts.texts[path])
  if (ofCaller !== undefined && !mapsRoot(parseIdMap(ofCaller))) return false
  if (config?.linux?.namespaces?.some(({ type }) => type === 'user') !== true) return true
  if (ofJoined !== undefined) return mapsRoot(parseIdMap(ofJoined))
  const declared = config.linux.uidMappings ?? []
  return declared.length === 0 || mapsRoot(declared)
}

const mapsRoot = (mappings: readonly IdMapping[]): boolean =>
  mappings.some(({ hostID, size }) => hostID === 0 && size > 0)
