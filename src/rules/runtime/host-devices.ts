/** Keeps the devices of the host out of containers: device nodes, device rules, binds of nodes and of /dev. */
import {
  deniesAll,
  deviceNumber,
  isOwnDevice,
  type OpenRule,
  reachesEveryDevice,
  rulesBeyond,
  splitDevice,
} from '../../core/device-rules.ts'
import { userSources } from '../../core/engine-files.ts'
import type { HostFacts, PathFact } from '../../core/facts.ts'
import { factOf, relationOf, shownPath, submountsOf, viewsOf } from '../../core/host-paths.ts'
import type { HostSource } from '../../core/mounts.ts'
import type { DeviceRule } from '../../core/oci.ts'
import { type PatchOperation, pointer } from '../../core/patch.ts'
import { isWithin } from '../../core/path.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { devicesBad, devicesGood } from '../support/host-devices-examples.ts'

export const hostDevices = defineRule({
  id: 'host-devices',
  title: 'Ensure that host devices are not directly exposed to containers',
  severity: 'high',
  category: 'devices',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.17' },
    { benchmark: 'cis-docker-1.7.0', item: '5.18' },
    { benchmark: 'stig-docker-enterprise-2', item: 'DKER-EE-002040' },
    { url: 'https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#devices' },
    { url: 'https://docs.kernel.org/admin-guide/cgroup-v1/devices.html' },
  ],
  rationale:
    'Through a device a container reads and writes what lies below every file system and permission of the host: disks, memory, other consoles. A device rule is enough, since runc always lets a container make the node; so is a bind of the node, where no device rules are kept.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {
    allow: {
      type: 'array',
      items: { type: 'string' },
      description:
        'Devices a container may have beyond those of every container, as type and numbers, `*` for any: "c 10:229" is /dev/fuse, "c 10:232" /dev/kvm, "c 226:*" /dev/dri, "c 195:*" the GPUs of NVIDIA.',
      default: [],
    },
  },
  messages: {
    every: {
      what: 'the device rules of the container open {actual}',
      why: 'It reads and writes the disks and the memory of the host.',
      remedy: {
        docker: 'remove --privileged and --device-cgroup-rule; name single devices with --device',
        podman: 'remove --privileged and --device-cgroup-rule; name single devices with --device',
        kubernetes: 'set privileged: false; use a device plugin',
        ctr: 'remove --privileged; name single devices with --device',
        default: 'allow single devices in linux.resources.devices',
      },
    },
    nodes: {
      what: 'the container would have the device {actual}',
      why: 'Below file systems and permissions a device gives what the host keeps there.',
      remedy: {
        docker: 'leave out that --device',
        podman: 'leave out that --device',
        kubernetes: 'remove the request to that device plugin, or privileged: true',
        ctr: 'leave out that --device',
        default: 'remove it from linux.devices and linux.resources.devices',
      },
    },
    rules: {
      what: 'the device rules of the container open {actual}',
      why: 'The container can make the node itself and use the device.',
      remedy: {
        docker: 'leave out that --device-cgroup-rule',
        podman: 'leave out that --device-cgroup-rule',
        default: 'remove it from linux.resources.devices',
      },
    },
    mounted: {
      what: 'the host device {actual} is mounted',
      why: 'A mount that is read-only does not keep a device from being written.',
      remedy: {
        docker: 'leave out that -v/--mount',
        podman: 'leave out that -v/--mount',
        kubernetes: 'remove the hostPath volume',
        ctr: 'leave out that --mount',
        default: 'remove the mount',
      },
    },
  },
  probes: (input) => {
    const sources = userSources(input)
    if (sources.length === 0) return []
    return [{ path: '/dev' }, ...sources.map(({ path }) => ({ path, mounts: true as const }))]
  },
  check: (input, { allow }) => {
    const { rules, nodes, mounts } = exposed(input, allow)
    const seen = [...rules.values()].map(({ number }) => number)
    const found: Observation<'every' | 'nodes' | 'rules' | 'mounted'>[] = []
    const expected = 'none of the host'
    const at = pointer('linux', 'resources', 'devices')
    if (reachesEveryDevice(rulesOf(input))) {
      found.push({ message: 'every', pointer: at, actual: everyOf(seen), expected })
    } else {
      const names = nodes.map(({ path, number }) => `${shownPath(path)} (${number})`)
      if (nodes.length > 0)
        found.push({ message: 'nodes', pointer: '/linux/devices', actual: shorten(names), expected })
      // The rule that an engine writes for a node is the same device.
      const others = seen.filter((number) => !nodes.some((node) => node.number === number))
      if (others.length > 0)
        found.push({ message: 'rules', pointer: at, actual: shorten([...new Set(others)]), expected })
    }
    for (const { index, actual } of mounts)
      found.push({ message: 'mounted', pointer: pointer('mounts', index), actual, expected })
    return found
  },
  fix: (_, input, { allow }) => {
    // A restored container comes back with the mounts and nodes of its checkpoint.
    if (input.operation === 'restore') return []
    const { rules, nodes, mounts } = exposed(input, allow)
    const left = rulesOf(input).filter((_rule, index) => !rules.some((rule) => rule.index === index))
    const closed: readonly PatchOperation[] =
      rules.length === 0 || deniesAll(left)
        ? []
        : [{ op: 'add', path: '/linux/resources/devices/0', value: { allow: false, access: 'rwm' } }]
    return [
      ...removals('/mounts', mounts),
      ...removals('/linux/devices', nodes),
      ...removals('/linux/resources/devices', rules),
      ...closed,
    ]
  },
  examples: { good: devicesGood, bad: devicesBad },
})

interface Node {
  readonly index: number
  readonly path: string
  readonly number: string
}

interface MountedDevice {
  readonly index: number
  readonly actual: string
}

interface Exposed {
  readonly rules: readonly OpenRule[]
  readonly nodes: readonly Node[]
  readonly mounts: readonly MountedDevice[]
}

const rulesOf = ({ config }: RuleInput): readonly DeviceRule[] => config?.linux?.resources?.devices ?? []

const exposed = (input: RuleInput, allow: readonly string[]): Exposed => ({
  rules: rulesBeyond(rulesOf(input), allow),
  nodes: (input.config?.linux?.devices ?? []).flatMap(({ path, type, major, minor }, index) => {
    const number = deviceNumber(type, major, minor)
    return type === 'p' || isOwnDevice(number, allow) ? [] : [{ index, path, number }]
  }),
  mounts: mountedDevices(input, allow),
})

const mountedDevices = (input: RuleInput, allow: readonly string[]): readonly MountedDevice[] => {
  const { facts } = input
  const found = new Map<number, MountedDevice>()
  for (const source of userSources(input)) {
    const note = judgeSource(source, facts, allow)
    if (note === undefined || found.has(source.index)) continue
    const actual = `${shownPath(source.path)} at ${shownPath(source.destination)} (${note})`
    found.set(source.index, { index: source.index, actual })
  }
  return [...found.values()]
}

/** What of the host's devices the source is; undefined: none. */
const judgeSource = (source: HostSource, facts: HostFacts, allow: readonly string[]): string | undefined => {
  const fact = factOf(facts, source.path)
  // Who mounts all of the host hears it from sensitive-host-mounts.
  if (fact.real === '/') return undefined
  const { kind } = fact
  if (kind === 'block' || kind === 'character') {
    const { major, minor } = splitDevice(fact.represents)
    const number = deviceNumber(kind === 'block' ? 'b' : 'c', major, minor)
    return isOwnDevice(number, allow) ? undefined : number
  }
  if (kind !== 'directory' && kind !== null) return undefined
  return inDev(source, fact, facts)
}

const inDev = (source: HostSource, fact: PathFact, facts: HostFacts): string | undefined => {
  const dev = factOf(facts, '/dev')
  if (dev.error !== null) return undefined
  for (const view of [...viewsOf(fact), ...submountsOf(source, fact)]) {
    const relation = relationOf(view, dev)
    if (relation === 'is') return 'the devices of the host'
    const harmless = (fact.kind === null ? harmlessByName : harmlessFolders).some((path) =>
      isWithin(view.path, path),
    )
    if (relation === 'in' && !harmless) return fact.kind === null ? 'by path' : 'devices of the host'
  }
  return undefined
}

// File systems of their own without device nodes.
const harmlessFolders = ['/dev/shm', '/dev/mqueue', '/dev/hugepages'] as const
// Away from the host, names that stand for what every container has, or for no device.
const harmlessByName = [
  ...harmlessFolders,
  '/dev/null',
  '/dev/zero',
  '/dev/full',
  '/dev/random',
  '/dev/urandom',
  '/dev/tty',
  '/dev/log',
  '/dev/net/tun',
] as const

const everyOf = (numbers: readonly string[]): string => {
  if (numbers.includes('a *:*') || (numbers.includes('b *:*') && numbers.includes('c *:*')))
    return 'every device of the host'
  return numbers.includes('b *:*') ? 'every block device of the host' : 'every character device of the host'
}

const shorten = (names: readonly string[]): string => {
  const more = names.length - 4
  return names.slice(0, 4).join(', ') + (more > 0 ? `, +${more} more` : '')
}

/** From the last to the first, so that each index still means what it meant. */
const removals = (list: string, entries: readonly { readonly index: number }[]): readonly PatchOperation[] =>
  entries
    .map(({ index }) => index)
    .toSorted((a, b) => b - a)
    .map((index) => ({ op: 'remove', path: `${list}/${index}` }))
