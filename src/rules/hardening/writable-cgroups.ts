/** Forbids cgroup file systems that a container can write to beyond its own group. */
import { cgroupVersion, cgroupVersionProbe } from '../../core/cgroup-version.ts'
import { shownPath } from '../../core/host-paths.ts'
import { hostRootProbes, reachesHostRoot } from '../../core/host-root.ts'
import { joinedNamespaces, joinedProbes, ownerOf } from '../../core/joined-namespaces.ts'
import { type KernelView, kernelViewProbes, kernelViews } from '../../core/kernel-views.ts'
import { appendOptions } from '../../core/mount-options.ts'
import { destinationOf, isBind, isWritable } from '../../core/mounts.ts'
import type { Mount } from '../../core/oci.ts'
import { type PatchOperation, pointer } from '../../core/patch.ts'
import { cleanPath, isWithin } from '../../core/path.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { cgroupsBad, cgroupsGood } from '../support/writable-cgroups-examples.ts'

const withoutMount = {
  docker:
    'leave out -v /sys/fs/cgroup, --privileged and --security-opt writable-cgroups=true; use --cgroupns private',
  podman: 'leave out -v /sys/fs/cgroup, --privileged and --cgroupns host',
  kubernetes: 'set privileged: false, and leave out the hostPath of /sys/fs/cgroup',
  ctr: 'leave out --privileged and the --mount of /sys/fs/cgroup',
  default: 'add "ro" to the options of that mount',
} as const

export const writableCgroups = defineRule({
  id: 'writable-cgroups',
  title: 'Ensure that the cgroups of the host cannot be written',
  severity: 'critical',
  category: 'mounts',
  references: [
    { url: 'https://nvd.nist.gov/vuln/detail/CVE-2022-0492' },
    { url: 'https://docs.kernel.org/admin-guide/cgroup-v1/cgroups.html' },
    { url: 'https://docs.kernel.org/admin-guide/cgroup-v2.html#delegation' },
  ],
  rationale:
    'Who writes to cgroups lifts limits, its own and those of others; and in the old hierarchies the kernel starts the program that release_agent names as root of the host.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {
    'allow-private': {
      type: 'boolean',
      description:
        'Whether a container with a cgroup namespace of its own may write to cgroups of version 2: its own group and those below.',
      default: true,
    },
    'allow-systemd': {
      type: 'boolean',
      description:
        'Whether Podman may bind the hierarchy of systemd writable into its systemd containers (version 1), with release_agent masked.',
      default: true,
    },
  },
  messages: {
    instance: {
      what: 'the cgroups at {actual} are mounted writable',
      why: 'The container can lift its limits, and those of others where it sees their groups.',
      remedy: withoutMount,
    },
    bound: {
      what: 'the cgroups of the host are mounted writable: {actual}',
      why: 'The container can change the limits of every other and, in old hierarchies, have the host start a program.',
      remedy: withoutMount,
    },
    agent: {
      what: 'the mount at {actual} names a release agent',
      why: 'The kernel starts it as root of the host when a cgroup becomes empty.',
      remedy: { default: 'remove the release_agent option of that mount' },
    },
    unknown: {
      what: 'whether {actual} can be written depends on the cgroup version of the host, which was not looked at',
      why: 'What is harmless in version 2 gives away the host in version 1.',
      remedy: { default: 'add "ro" (mounts below it: "rro") to the options of that mount' },
    },
  },
  probes: (input) => {
    const bound = kernelViewProbes(input)
    const asks = bound.length > 0 || instances(input).some(({ mount }) => isWritable(mount))
    const joined = joinedNamespaces(input.config).filter(({ type }) => type === 'cgroup')
    return asks
      ? [...bound, cgroupVersionProbe, ...hostRootProbes(input), ...joined.flatMap(joinedProbes)]
      : []
  },
  check: (input, parameters) => {
    const found = [
      ...instances(input).flatMap((one) => judgeInstance(one, input, parameters['allow-private'])),
      ...judgeBinds(input, parameters['allow-systemd']),
    ]
    const worries = found.length > 0 && reachesHostRoot(input)
    return worries ? found : []
  },
  fix: (observations, { operation, config }) =>
    // A restored container comes back with the mounts of its checkpoint.
    operation === 'restore'
      ? []
      : observations.flatMap(({ message, pointer: at }): readonly PatchOperation[] => {
          const index = Number(at.slice(at.lastIndexOf('/') + 1))
          const mount = config?.mounts?.[index]
          const helps = message !== 'agent' && mount?.options?.includes('rrw') !== true
          return helps ? appendOptions(mount, index, ['ro']) : []
        }),
  examples: { good: cgroupsGood, bad: cgroupsBad },
})

type Found = Observation<'instance' | 'bound' | 'agent' | 'unknown'>

interface Instance {
  readonly index: number
  readonly mount: Mount
}

const instances = ({ config }: RuleInput): readonly Instance[] =>
  (config?.mounts ?? []).flatMap((mount, index) =>
    (mount.type === 'cgroup' || mount.type === 'cgroup2') && !isBind(mount) ? [{ index, mount }] : [],
  )

const judgeInstance = (
  { index, mount }: Instance,
  input: RuleInput,
  allowPrivate: boolean,
): readonly Found[] => {
  const at = { pointer: pointer('mounts', index), actual: shownPath(destinationOf(mount)) }
  const agent = mount.options?.some((option) => option.split(',').some(isAgent)) === true
  const found: readonly Found[] = agent ? [{ message: 'agent', ...at, expected: 'no release agent' }] : []
  if (!isWritable(mount)) return found
  const version = mount.type === 'cgroup2' ? 2 : cgroupVersion(input.facts)
  if (version === 1 || !allowPrivate || !hasOwnCgroups(input))
    return [...found, { message: 'instance', ...at, expected: 'read-only' }]
  return version === 2
    ? found
    : [...found, { message: 'unknown', ...at, expected: 'read-only', unknown: true }]
}

const isAgent = (option: string): boolean => option.startsWith('release_agent')

const hasOwnCgroups = ({ config, facts }: RuleInput): boolean =>
  config?.linux?.namespaces?.some(({ type }) => type === 'cgroup') === true &&
  joinedNamespaces(config).every((joined) => joined.type !== 'cgroup' || ownerOf(joined, facts) === 'other')

/** One finding for each mount: what lies below it comes with it. */
const judgeBinds = (input: RuleInput, allowSystemd: boolean): readonly Found[] => {
  const found = new Map<number, Found>()
  for (const view of kernelViews(input)) {
    if (view.type !== undefined || found.has(view.index) || !isWithin(view.shows, '/sys/fs/cgroup')) continue
    const at = { pointer: pointer('mounts', view.index), actual: shownPath(view.destination) }
    const excused = allowSystemd && isOfSystemd(view, input)
    if (view.writable && !excused) found.set(view.index, { message: 'bound', ...at, expected: 'read-only' })
    else if (!view.writable && bringsOldOnes(view, input))
      found.set(view.index, { message: 'unknown', ...at, expected: 'read-only', unknown: true })
  }
  return [...found.values()]
}

/** Podman on version 1: libpod binds the one hierarchy and masks its release_agent (container_internal_linux.go). */
const isOfSystemd = ({ shows, destination }: KernelView, { config, identity }: RuleInput): boolean => {
  const agent = `${destination}/release_agent`
  return (
    shows === '/sys/fs/cgroup/systemd' &&
    identity.engine === 'podman' &&
    identity.proven &&
    config?.linux?.maskedPaths?.some((path) => cleanPath(path) === agent) === true
  )
}

/** A plain `ro` covers the topmost mount only, and each hierarchy of version 1 is one below it. */
const bringsOldOnes = ({ index, shows }: KernelView, { config, facts }: RuleInput): boolean => {
  const options = config?.mounts?.[index]?.options ?? []
  return !facts.onHost && shows === '/sys/fs/cgroup' && options.includes('rbind') && !options.includes('rro')
}
