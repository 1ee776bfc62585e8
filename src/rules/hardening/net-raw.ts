/** Forbids CAP_NET_RAW, which ping no longer needs. */
import { normalCapability } from '../../core/capabilities.ts'
import type { CapabilitySets, Process } from '../../core/oci.ts'
import { type PatchOperation, pointer } from '../../core/patch.ts'
import { defineRule } from '../../core/rule.ts'

export const netRaw = defineRule({
  id: 'net-raw',
  title: 'Ensure that containers cannot forge packets with CAP_NET_RAW',
  severity: 'low',
  category: 'capabilities',
  references: [
    { benchmark: 'pss-restricted', item: 'capabilities' },
    { url: 'https://man7.org/linux/man-pages/man7/capabilities.7.html' },
    { url: 'https://man7.org/linux/man-pages/man7/icmp.7.html' },
    { url: 'https://nvd.nist.gov/vuln/detail/CVE-2020-14386' },
  ],
  rationale:
    'With raw and packet sockets a container sends packets in the name of its neighbours (ARP, DNS, router advertisements) and reaches code of the kernel that had holes. Engines gave the capability away for ping, which works without it where net.ipv4.ping_group_range covers the group; Docker sets that by itself since 20.10.',
  appliesTo: ['create', 'run', 'restore', 'exec'],
  parameters: {},
  messages: {
    held: {
      what: 'the container would hold CAP_NET_RAW ({actual})',
      why: 'It could send packets in the name of its neighbours.',
      remedy: {
        docker: 'add --cap-drop NET_RAW',
        podman: 'add --cap-drop NET_RAW',
        kubernetes: 'add NET_RAW to securityContext.capabilities.drop',
        ctr: 'add --cap-drop CAP_NET_RAW',
        default: 'take CAP_NET_RAW out of every set of process.capabilities',
      },
    },
    exec: {
      what: 'the command would hold CAP_NET_RAW, which its container does not',
      why: 'An exec may do what its container was admitted to do, and no more.',
      remedy: {
        docker: 'leave out --privileged of docker exec',
        podman: 'leave out --privileged and --cap-add of podman exec',
        default: 'take CAP_NET_RAW out of every capability set of the process',
      },
    },
  },
  check: ({ operation, process, config, asked }) => {
    if (!holds(process)) return []
    const expected = 'in no set'
    if (operation === 'exec') {
      // An exec may do what its container was admitted to do; without sets it gets those of its container.
      if (holds(config?.process)) return []
      const found = { message: 'exec' as const, pointer: '/capabilities', actual: 'CAP_NET_RAW', expected }
      return [holds(asked) ? { ...found, standing: true } : found]
    }
    const ping = 'net.ipv4.ping_group_range'
    const range = config?.linux?.sysctl?.[ping] ?? config?.linux?.sysctl?.[ping.replaceAll('.', '/')]
    const actual =
      range === undefined ? `without it ping needs ${ping}` : `ping works without it: ${ping} is set`
    return [{ message: 'held', pointer: '/process/capabilities', actual, expected }]
  },
  fix: (observations, { operation, process }) => {
    // A restored process comes back with the credentials of its checkpoint, whatever the file says.
    if (operation === 'restore') return []
    return observations.flatMap(({ pointer: at }) => removals(process?.capabilities ?? {}, at))
  },
  examples: {
    good: [
      { name: 'none', process: { capabilities: { bounding: ['CAP_CHOWN', 'CAP_NET_ADMIN'] } } },
      { name: 'sets left to the runtime, which is for capabilities to say', process: { capabilities: null } },
      {
        name: 'an exec with what its container holds by exemption',
        operation: 'exec',
        config: { process: { capabilities: { bounding: ['CAP_NET_RAW'] } } },
        process: { capabilities: { bounding: ['CAP_NET_RAW'], effective: ['CAP_NET_RAW'] } },
      },
      { name: 'an exec that leaves the sets to its container', operation: 'exec', process: {} },
    ],
    bad: [
      {
        name: 'in every set of an engine, beside others that stay',
        config: { linux: { sysctl: { 'net.ipv4.ping_group_range': '0 2147483647' } } },
        process: {
          capabilities: {
            bounding: ['CAP_KILL', 'CAP_NET_RAW', 'CAP_CHOWN'],
            effective: ['CAP_NET_RAW', 'CAP_CHOWN'],
            permitted: ['CAP_CHOWN', 'CAP_NET_RAW'],
          },
        },
        message: 'held',
      },
      {
        name: 'in the ambient set only',
        process: { capabilities: { ambient: ['CAP_NET_RAW'] } },
        message: 'held',
      },
      {
        name: 'in the inheritable set only, for a program with file capabilities',
        process: { capabilities: { inheritable: ['CAP_NET_RAW'] } },
        message: 'held',
      },
      {
        name: 'spelled for libcap, and twice',
        process: { capabilities: { bounding: ['net_raw', 'CAP_NET_RAW'] } },
        message: 'held',
      },
      {
        name: 'a restore, whose credentials are those of the checkpoint',
        operation: 'restore',
        process: { capabilities: { bounding: ['CAP_NET_RAW'] } },
        message: 'held',
        fixable: false,
      },
      {
        name: 'an exec built from the configuration before it was repaired',
        operation: 'exec',
        config: { process: { capabilities: { bounding: ['CAP_CHOWN'] } } },
        asked: { capabilities: { bounding: ['CAP_CHOWN', 'CAP_NET_RAW'] } },
        process: { capabilities: { bounding: ['CAP_CHOWN', 'CAP_NET_RAW'] } },
        message: 'exec',
      },
      {
        name: 'a privileged exec',
        operation: 'exec',
        config: { process: { capabilities: { bounding: ['CAP_CHOWN'] } } },
        process: { capabilities: { bounding: ['CAP_NET_RAW'], effective: ['CAP_NET_RAW'] } },
        message: 'exec',
      },
    ],
  },
})

const sets = ['bounding', 'effective', 'permitted', 'inheritable', 'ambient'] as const

const isRaw = (name: string): boolean => name === 'CAP_NET_RAW' || normalCapability(name) === 'CAP_NET_RAW'

const holds = (process: Process | undefined): boolean =>
  sets.some((set) => process?.capabilities?.[set]?.some(isRaw) === true)

/** From the last to the first, so that each index still means what it meant. */
const removals = (capabilities: CapabilitySets, at: string): readonly PatchOperation[] =>
  sets.flatMap((set) =>
    (capabilities[set] ?? [])
      .flatMap((name, index): readonly PatchOperation[] =>
        isRaw(name) ? [{ op: 'remove', path: at + pointer(set, index) }] : [],
      )
      .toReversed(),
  )
