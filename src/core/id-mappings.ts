/** Who a user of the container is on the host: user namespaces and their maps (user_namespaces(7)). */
import type { Probe } from './facts.ts'
import type { IdMapping } from './oci.ts'
import type { RuleInput } from './rule.ts'

const kinds = {
  user: { file: 'uid_map', member: 'uidMappings' },
  group: { file: 'gid_map', member: 'gidMappings' },
} as const

/** Users or groups. */
export type IdKind = keyof typeof kinds

/** The ranges of a uid_map or gid_map file: lines of `inside outside count`. */
export const parseIdMap = (text: string): readonly IdMapping[] =>
  text.split('\n').flatMap((line) => {
    const [containerID = Number.NaN, hostID = Number.NaN, size = Number.NaN] = line
      .trim()
      .split(/ +/)
      .map(Number)
    return Number.isNaN(containerID + hostID + size) || line.trim() === ''
      ? []
      : [{ containerID, hostID, size }]
  })

/** The id outside; undefined where no range holds it. */
export const mappedId = (id: number, mappings: readonly IdMapping[]): number | undefined => {
  const range = mappings.find(({ containerID, size }) => id >= containerID && id < containerID + size)
  return range && range.hostID + id - range.containerID
}

/** The map files to look at: the caller's own, and that of a user namespace joined by its process. */
export const idMapProbes = ({ config }: Pick<RuleInput, 'config'>, kind: IdKind): readonly Probe[] => {
  const path = userNamespace(config)?.path ?? ''
  const joined = joinedMap(path, kind)
  const own: Probe = { path: `/proc/self/${kinds[kind].file}`, kind: 'text' }
  return joined === undefined ? [own] : [own, { path: joined, kind: 'text' }]
}

/**
 * The id on the host of one in the container, through its user namespace and that of the caller (rootless). An id no
 * range holds stays itself: nothing maps it away. Undefined where a namespace is joined whose map is not known.
 */
export const hostId = (
  id: number,
  kind: IdKind,
  { config, facts }: Pick<RuleInput, 'config' | 'facts'>,
): number | undefined => {
  const namespace = userNamespace(config)
  const declared = config?.linux?.[kinds[kind].member]
  const joined = joinedMap(namespace?.path ?? '', kind)
  const text = joined === undefined ? undefined : facts.texts[joined]
  const mappings = text === undefined ? declared : parseIdMap(text)
  if (namespace !== undefined && (namespace.path ?? '') !== '' && mappings === undefined) return undefined
  const outside = namespace === undefined ? id : (mappedId(id, mappings ?? []) ?? id)
  const own = facts.texts[`/proc/self/${kinds[kind].file}`]
  return own === undefined ? outside : (mappedId(outside, parseIdMap(own)) ?? outside)
}

const userNamespace = (config: RuleInput['config']): { readonly path?: string } | undefined =>
  config?.linux?.namespaces?.find(({ type }) => type === 'user')

const joinedMap = (path: string, kind: IdKind): string | undefined => {
  const [, process] = /^\/proc\/(\d+|self)\/ns\/user$/.exec(path) ?? []
  return process === undefined ? undefined : `/proc/${process}/${kinds[kind].file}`
}
