/** Forbids the host's user namespace where the engine remaps users, and maps that lead to root of the host. */
import { shownPath } from '../../core/host-paths.ts'
import { judgeNamespace, namespaceProbes } from '../../core/namespaces.ts'
import type { Config, IdMapping } from '../../core/oci.ts'
import { pointer } from '../../core/patch.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { callerUserNamespace, uidMapProbe } from '../../core/user-namespace.ts'
import { usernsBad, usernsGood } from '../support/host-userns-examples.ts'

export const hostUserns = defineRule({
  id: 'host-userns',
  title: "Ensure that the host's user namespaces are not shared",
  severity: 'medium',
  category: 'namespaces',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.30' },
    { benchmark: 'cis-docker-1.7.0', item: '5.31' },
    { benchmark: 'stig-docker-enterprise-2', item: 'DKER-EE-002120' },
    {
      url: 'https://docs.docker.com/engine/security/userns-remap/#disable-namespace-remapping-for-a-container',
    },
    { url: 'https://man7.org/linux/man-pages/man7/user_namespaces.7.html' },
  ],
  rationale:
    'Where users are remapped, root of a container is an ordinary user of the host when it gets out. The benchmark asks that no container opts out of that (--userns=host). Where the engine does not remap, which is the default of every engine, all containers are in the namespace of the host and none opted out: that is a finding about the engine, and for containers only if require-remapping asks for it.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {
    'require-remapping': {
      type: 'boolean',
      description:
        'Whether every container must have a user namespace of its own, also where the engine does not remap users. Containers of rootless engines have one.',
      default: false,
    },
    'min-host-id': {
      type: 'integer',
      minimum: 1,
      maximum: 4294967295,
      description:
        'The lowest user or group id of the host that a map may lead to; 65536 also keeps maps from the users of the host.',
      default: 1,
    },
  },
  messages: {
    declined: {
      what: 'the container opts out of the remapping of its engine ({actual})',
      why: 'Its root is root of the host as soon as it gets out.',
      remedy: { docker: 'leave out --userns host', default: 'list {"type":"user"} in linux.namespaces' },
    },
    shared: {
      what: "the container would share the host's user namespace ({actual})",
      why: 'Its root is root of the host as soon as it gets out.',
      remedy: {
        docker: 'set "userns-remap" in daemon.json',
        podman: 'add --userns auto',
        kubernetes: 'set hostUsers: false',
        ctr: 'add --uidmap and --gidmap',
        default: 'list {"type":"user"} in linux.namespaces, with uidMappings and gidMappings',
      },
    },
    host: {
      what: "the container would join the host's user namespace ({actual})",
      why: 'Its root is root of the host as soon as it gets out.',
      remedy: {
        podman: 'leave out --userns ns:',
        kubernetes: 'set hostUsers: false',
        default: 'list {"type":"user"} without the host path in linux.namespaces',
      },
    },
    mapped: {
      what: 'the user namespace of the container leads to the host: {actual}',
      why: 'A map to root of the host is no map: what it owns, the container owns.',
      remedy: {
        podman: 'change --uidmap and --gidmap, or use --userns auto',
        ctr: 'change --uidmap and --gidmap',
        default: 'map to host ids from {expected} on',
      },
    },
    unresolved: {
      what: "{actual} could not be compared with the host's user namespace",
      why: "A namespace that cannot be looked at may be the host's, whatever its path says.",
      remedy: { default: 'check that the container whose namespace is joined still runs' },
    },
  },
  probes: (input, parameters) => {
    const asks = parameters['require-remapping'] || entryOf(input.config) !== undefined
    return asks ? [...namespaceProbes(input, 'user'), uidMapProbe] : []
  },
  check: (input, parameters) => {
    const entry = entryOf(input.config)
    if (entry === undefined) return judgeAbsence(input, parameters['require-remapping'])
    if ((entry.path ?? '') === '') return judgeMaps(input, parameters['min-host-id'])
    // A rootless engine's own namespace is mapped already.
    const mapped = callerUserNamespace(input.facts) === 'mapped'
    return judgeNamespace(input, 'user').filter(({ message }) => message !== 'host' || !mapped)
  },
  examples: { good: usernsGood, bad: usernsBad },
})

type Key = 'declined' | 'shared' | 'host' | 'mapped' | 'unresolved'

const entryOf = (config: Config | undefined): { readonly path?: string } | undefined =>
  config?.linux?.namespaces?.find(({ type }) => type === 'user')

const judgeAbsence = (
  { config, facts, identity }: RuleInput,
  required: boolean,
): readonly Observation<Key>[] => {
  const at = { pointer: '/linux/namespaces', expected: 'a user namespace of its own' }
  const root = remappedRoot(config)
  const isDocker = identity.engine === 'docker' || !identity.proven
  if (root !== undefined && isDocker)
    return [{ message: 'declined', ...at, actual: `its engine keeps its files in ${shownPath(root)}` }]
  const caller = callerUserNamespace(facts)
  if (!required || caller === 'mapped') return []
  const found = { message: 'shared' as const, ...at, actual: 'no user namespace' }
  return [caller === 'unknown' ? { ...found, unknown: true } : found]
}

/**
 * The data root of a dockerd that remaps users: it is named after the ids root is mapped to, and holds every
 * container's files, those of containers that opt out too (moby daemon/daemon_unix.go, setupDaemonRoot).
 */
const remappedRoot = (config: Config | undefined): string | undefined => {
  const files = (config?.mounts ?? []).filter(({ destination }) => destination.startsWith('/etc/host'))
  for (const path of [config?.root?.path ?? '', ...files.map(({ source = '' }) => source)]) {
    const root =
      /^\/.+\/[0-9]+\.[0-9]+(?=\/(?:containers|overlay2|overlay|fuse-overlayfs|vfs|btrfs|zfs|aufs|rootfs)\/)/.exec(
        path,
      )?.[0]
    if (root !== undefined) return root
  }
  return undefined
}

/** Ids are those of the caller's namespace, so only in the initial one are they the host's. */
const judgeMaps = ({ config, facts }: RuleInput, lowest: number): readonly Observation<Key>[] => {
  const caller = callerUserNamespace(facts)
  if (caller === 'mapped') return []
  const lists = [
    ['uidMappings', 'user', config?.linux?.uidMappings],
    ['gidMappings', 'group', config?.linux?.gidMappings],
  ] as const
  return lists.flatMap(([list, kind, mappings = []]) =>
    mappings.flatMap((mapping, index): readonly Observation<Key>[] => {
      if (!reaches(mapping, lowest)) return []
      const { containerID, hostID } = mapping
      const actual = `${kind} ${containerID} is ${kind} ${hostID} of the host`
      const found = {
        message: 'mapped' as const,
        pointer: pointer('linux', list, index),
        expected: String(lowest),
      }
      return caller === 'unknown'
        ? [{ ...found, actual: `${actual}, if root calls`, unknown: true }]
        : [{ ...found, actual }]
    }),
  )
}

const reaches = ({ hostID, size }: IdMapping, lowest: number): boolean => size > 0 && hostID < lowest
