/** Keeps a container out of the namespaces of other containers. */
import { shownPath } from '../../core/host-paths.ts'
import {
  type JoinedNamespace,
  joinedNamespaces,
  joinedProbes,
  ownerOf,
} from '../../core/joined-namespaces.ts'
import { cleanPath, isWithin } from '../../core/path.ts'
import { matchesGlob } from '../../core/policy.ts'
import { defineRule, type RuleInput } from '../../core/rule.ts'
import { foreignBad, foreignGood } from '../support/foreign-namespace-examples.ts'

const withoutJoin = {
  docker: 'leave out --pid, --ipc and --network container:NAME',
  podman: 'leave out --pid, --ipc, --uts and --network container:NAME, or make both members of a pod',
  ctr: 'leave out --with-ns',
  default: 'list these types without a path in linux.namespaces',
} as const

export const foreignNamespaces = defineRule({
  id: 'foreign-namespaces',
  title: 'Ensure that the container does not join the namespaces of another container',
  severity: 'medium',
  category: 'namespaces',
  references: [
    { url: 'https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#namespaces' },
    { url: 'https://man7.org/linux/man-pages/man2/setns.2.html' },
  ],
  rationale:
    'Who shares the processes of another container reads their memory and files through /proc and can take over one that has more rights; who shares its IPC or user namespace reads its data or holds its rights.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {
    allow: {
      type: 'array',
      items: { type: 'string' },
      description:
        'Types (as in linux.namespaces) that may be those of another container: sharing a network is how compose and side cars work.',
      default: ['network'],
    },
    pinned: {
      type: 'array',
      items: { type: 'string' },
      description:
        'Folders, `*` within them, where engines and CNI pin the namespaces they make for a container; joining those is ordinary.',
      default: [
        '/run/netns',
        '/run/docker/netns',
        '/run/ipcns',
        '/run/utsns',
        '/run/pidns',
        '/run/userns',
        '/run/user/*/netns',
        '/run/user/*/docker/netns',
        '/run/containers/*/netns',
      ],
    },
  },
  messages: {
    joined: {
      what: 'the container would join namespaces of another container: {actual}',
      why: 'What one of them may do or see, the other may too.',
      remedy: withoutJoin,
    },
    unknown: {
      what: 'whose namespaces the container would join could not be told: {actual}',
      why: 'They may be those of a container with more rights.',
      remedy: withoutJoin,
    },
  },
  probes: (input, { allow, pinned }) => {
    const worrying = worries(input, allow, pinned)
    const pod = podOf(input)
    const members = pod === '' ? [] : worrying.map((joined) => cgroupFileOf(joined))
    return [
      ...worrying.flatMap(joinedProbes),
      ...[...new Set(members)].map((path) => ({ path, kind: 'text' as const })),
    ]
  },
  check: (input, { allow, pinned }) => {
    const { facts } = input
    const foreign = worries(input, allow, pinned).flatMap((joined) => {
      const owner = ownerOf(joined, facts)
      return owner === 'host' || isOfSamePod(joined, input) ? [] : [{ ...joined, owner }]
    })
    if (foreign.length === 0) return []
    const actual = foreign.map(({ type, path }) => `${type} ${shownPath(path)}`).join(', ')
    const at = { pointer: '/linux/namespaces', actual, expected: 'namespaces of its own' }
    if (foreign.some(({ owner }) => owner === 'other')) return [{ message: 'joined', ...at }]
    return [{ message: 'unknown', ...at, ...(facts.onHost ? {} : { unknown: true as const }) }]
  },
  examples: { good: foreignGood, bad: foreignBad },
})

/**
 * The namespaces to look at. What the host's are is for other rules to say; a mount namespace too. In a pod of
 * Kubernetes nobody but the engine names paths, and they are the sandbox's or of a member that is debugged.
 */
const worries = (
  { config, identity }: RuleInput,
  allow: readonly string[],
  pinned: readonly string[],
): readonly JoinedNamespace[] => {
  if (identity.proven && identity.speaker === 'kubernetes') return []
  return joinedNamespaces(config).filter(
    ({ type, path }) => type !== 'mount' && !allow.includes(type) && !isPinned(path, pinned),
  )
}

const isPinned = (path: string, folders: readonly string[]): boolean => {
  const clean = cleanPath(path).replace(/^\/var\/run\//, '/run/')
  return folders.some((folder) =>
    folder.includes('*') ? matchesGlob(`${folder}/*`, clean) : isWithin(clean, folder),
  )
}

/** Podman puts the members of a pod below one cgroup: `/libpod_parent/POD/…`, `machine-libpod_pod_POD.slice:…`. */
const podOf = ({ config, identity }: RuleInput): string => {
  if (!identity.proven || identity.engine !== 'podman') return ''
  return (
    /(?:libpod_pod_|\/libpod_parent\/)([0-9a-f]{64})[./]/.exec(config?.linux?.cgroupsPath ?? '')?.[1] ?? ''
  )
}

const cgroupFileOf = ({ path }: JoinedNamespace): string =>
  cleanPath(path).replace(/^(\/proc\/[0-9]+)\/ns\/.*$/, '$1/cgroup')

const isOfSamePod = (joined: JoinedNamespace, input: RuleInput): boolean => {
  const pod = podOf(input)
  return pod !== '' && input.facts.texts[cgroupFileOf(joined)]?.includes(pod) === true
}
