/** Allows the kernel settings that are a namespace's own and harmless, in a namespace that is the container's own. */
import { shownPath } from '../../core/host-paths.ts'
import { type NamespaceType, namespaceProbes, sharesNamespace } from '../../core/namespaces.ts'
import { type PatchOperation, pointer } from '../../core/patch.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'

const withoutSysctl = {
  docker: 'leave out that --sysctl',
  podman: 'leave out that --sysctl',
  kubernetes: 'remove it from securityContext.sysctls of the pod',
  default: 'remove it from linux.sysctl',
} as const

export const sysctls = defineRule({
  id: 'sysctls',
  title: 'Ensure that only safe kernel settings are changed',
  severity: 'medium',
  category: 'namespaces',
  references: [
    { benchmark: 'pss-baseline', item: 'sysctls' },
    { url: 'https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#sysctl' },
    { url: 'https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/' },
  ],
  rationale:
    'A setting that is not known to end at the namespace may change the host or starve its neighbours; and in a namespace that others share, even a safe one changes them.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {
    safe: {
      type: 'array',
      items: { type: 'string' },
      description:
        'Settings that may be changed, spelled with dots: those of the Pod Security Standards, and kernel.domainname, which Docker writes for --domainname.',
      default: [
        'kernel.domainname',
        'kernel.shm_rmid_forced',
        'net.ipv4.ip_local_port_range',
        'net.ipv4.ip_local_reserved_ports',
        'net.ipv4.ip_unprivileged_port_start',
        'net.ipv4.ping_group_range',
        'net.ipv4.tcp_fin_timeout',
        'net.ipv4.tcp_keepalive_intvl',
        'net.ipv4.tcp_keepalive_probes',
        'net.ipv4.tcp_keepalive_time',
        'net.ipv4.tcp_rmem',
        'net.ipv4.tcp_syncookies',
        'net.ipv4.tcp_wmem',
      ],
    },
  },
  messages: {
    unsafe: {
      what: 'the kernel setting {actual} would be changed',
      why: 'It is not known to stay within the container.',
      remedy: withoutSysctl,
    },
    shared: {
      what: "the kernel setting {actual} would be changed in a namespace that is not the container's own",
      why: 'The host or another container lives in it too.',
      remedy: withoutSysctl,
    },
  },
  probes: (input) => [...typesOf(input)].flatMap((type) => namespaceProbes(input, type)),
  check: (input, { safe }) => {
    const found: Observation<'unsafe' | 'shared'>[] = []
    for (const [key, value] of Object.entries(input.config?.linux?.sysctl ?? {})) {
      const name = dotted(key)
      const message = !safe.includes(name) ? 'unsafe' : isShared(name, value, input) ? 'shared' : undefined
      if (message === undefined) continue
      const actual = `${shownPath(name)}=${shownPath(value)}`
      found.push({ message, pointer: pointer('linux', 'sysctl', key), actual, expected: 'unchanged' })
    }
    return found
  },
  fix: (observations, { operation }) =>
    // A restored container comes back with the settings of its checkpoint.
    operation === 'restore'
      ? []
      : observations.map(({ pointer: path }): PatchOperation => ({ op: 'remove', path })),
  examples: {
    good: [
      { name: 'no settings' },
      {
        name: 'what Docker and containerd set by themselves',
        config: {
          linux: {
            sysctl: {
              'net.ipv4.ip_unprivileged_port_start': '0',
              'net.ipv4.ping_group_range': '0 2147483647',
            },
          },
        },
      },
      {
        name: 'what Podman sets in the network of its pod',
        config: {
          linux: {
            namespaces: [{ type: 'network', path: '/proc/4711/ns/net' }],
            sysctl: { 'net.ipv4.ping_group_range': '0 0' },
          },
        },
      },
      {
        name: 'a safe one, spelled with slashes',
        config: { linux: { sysctl: { 'net/ipv4/tcp_syncookies': '1' } } },
      },
      {
        name: 'in a network namespace that CNI, Podman or nerdctl made for it',
        config: {
          linux: {
            namespaces: [{ type: 'network', path: '/run/netns/netns-1' }],
            sysctl: { 'net.ipv4.tcp_syncookies': '1' },
          },
        },
      },
    ],
    bad: [
      {
        name: 'a setting that opens routes',
        config: { linux: { sysctl: { 'net.ipv4.ip_forward': '1' } } },
        message: 'unsafe',
      },
      {
        name: 'spelled with slashes',
        config: { linux: { sysctl: { 'net/ipv4/ip_forward': '1', 'net/ipv4/conf/eth0.1/forwarding': '1' } } },
        message: 'unsafe',
      },
      {
        name: 'mixed separators name something else',
        config: { linux: { sysctl: { 'net/ipv4.tcp_syncookies': '1' } } },
        message: 'unsafe',
      },
      {
        name: 'a setting of the host',
        config: { linux: { sysctl: { 'kernel.core_pattern': '|/srv/run' } } },
        message: 'unsafe',
      },
      {
        name: 'a safe one in the network of the host',
        config: { linux: { namespaces: [{ type: 'mount' }], sysctl: { 'net.ipv4.tcp_syncookies': '1' } } },
        message: 'shared',
      },
      {
        name: 'a safe one in the network of another container',
        config: {
          linux: {
            namespaces: [{ type: 'network', path: '/proc/4711/ns/net' }],
            sysctl: { 'net.ipv4.ip_unprivileged_port_start': '80' },
          },
        },
        message: 'shared',
      },
      {
        name: 'a safe one in the IPC namespace of the host',
        config: {
          linux: {
            namespaces: [{ type: 'ipc', path: '/proc/1/ns/ipc' }],
            sysctl: { 'kernel/shm_rmid_forced': '1' },
          },
        },
        message: 'shared',
      },
    ],
  },
})

/** runc's reading of a name: where the first separator is a slash, slashes and dots trade places (libcontainer). */
const dotted = (key: string): string => {
  const first = key[key.search(/[./]/)]
  return first === '/' ? key.replace(/[./]/g, (separator) => (separator === '/' ? '.' : '/')) : key
}

/** The namespace a setting belongs to (namespaces(7)); nothing but these may be set at all. */
const typeOf = (name: string): NamespaceType | undefined => {
  if (name.startsWith('net.')) return 'network'
  if (name === 'kernel.domainname' || name === 'kernel.hostname') return 'uts'
  return name.startsWith('kernel.') || name.startsWith('fs.mqueue.') ? 'ipc' : undefined
}

const typesOf = ({ config }: RuleInput): ReadonlySet<NamespaceType> =>
  new Set(
    Object.keys(config?.linux?.sysctl ?? {}).flatMap((key) => {
      const type = typeOf(dotted(key))
      return type === undefined ? [] : [type]
    }),
  )

/** Docker, containerd and Podman write these for every container, whoever shares its network. */
const ofEngines: ReadonlyMap<string, readonly string[]> = new Map([
  ['net.ipv4.ip_unprivileged_port_start', ['0']],
  ['net.ipv4.ping_group_range', ['0 0', '0 2147483647']],
])

/**
 * True in the host's namespace, or another process's: that is what /proc/PID/ns means, while a namespace pinned to a
 * file was made for a container by CNI, Podman or nerdctl.
 */
const isShared = (name: string, value: string, input: RuleInput): boolean => {
  const type = typeOf(name)
  if (type === undefined) return false
  if (sharesNamespace(input, type)) return true
  if (ofEngines.get(name)?.includes(value) === true) return false
  const joined = input.config?.linux?.namespaces?.find((entry) => entry.type === type)
  return joined?.path !== undefined && /^\/+proc\//.test(joined.path)
}
