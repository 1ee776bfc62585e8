/** Forbids privileged containers, by what they can do: no runtime configuration carries a flag that says so. */
import { holdsEverything } from '../../core/capabilities.ts'
import { reachesEveryDevice } from '../../core/device-rules.ts'
import { destinationOf, isBind, isWritable } from '../../core/mounts.ts'
import type { Config, Device, Mount, Seccomp } from '../../core/oci.ts'
import { cleanPath } from '../../core/path.ts'
import { defineRule, type RuleInput } from '../../core/rule.ts'

export const privileged = defineRule({
  id: 'privileged',
  title: 'Ensure that privileged containers are not used',
  severity: 'critical',
  category: 'privilege',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.4' },
    { benchmark: 'cis-docker-1.7.0', item: '5.5' },
    { benchmark: 'pss-baseline', item: 'privileged' },
    { benchmark: 'stig-docker-enterprise-2', item: 'DKER-EE-001960' },
    { url: 'https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities' },
    { url: 'https://docs.kernel.org/admin-guide/cgroup-v1/devices.html' },
  ],
  rationale:
    'A privileged container holds every capability and reaches every device: its root mounts the disk of the host and is root there. The same is put together piece by piece without the flag, so the pieces are counted: every device or all capabilities alone, or any three of them.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {},
  messages: {
    equivalent: {
      what: 'the container would be as good as privileged: {actual}',
      why: 'Its root is root on the host: it can mount the disks, load modules or write to the devices.',
      remedy: {
        docker: 'remove --privileged, or the options that add up to it; add single capabilities',
        podman: 'remove --privileged, or the options that add up to it; add single capabilities',
        kubernetes: 'set securityContext.privileged: false; add single capabilities or a device plugin',
        ctr: 'remove --privileged and --allow-new-privs; use --cap-add',
        default: 'restrict capabilities, linux.resources.devices, maskedPaths and seccomp',
      },
    },
  },
  check: (input) => {
    const pieces = piecesOf(input)
    const alone = pieces.some(({ alone }) => alone)
    if (!alone && pieces.length < 3) return []
    const actual = pieces.map(({ name }) => name).join(', ')
    return [{ message: 'equivalent', pointer: '/linux', actual, expected: 'an unprivileged container' }]
  },
  examples: {
    good: [
      { name: 'an ordinary container' },
      {
        name: 'two of the pieces',
        config: { linux: { seccomp: null, maskedPaths: [], readonlyPaths: [] } },
      },
      {
        name: 'every device allowed and then denied again',
        resources: {
          devices: [
            { allow: true, access: 'rwm' },
            { allow: false, access: 'rwm' },
          ],
        },
      },
    ],
    bad: [
      {
        name: 'every device, however late in the list',
        resources: {
          devices: [
            { allow: false, access: 'rwm' },
            { allow: true, type: 'a', major: -1, minor: -1, access: 'rwm' },
            { allow: false, type: 'c', major: 10, minor: 229, access: 'rwm' },
          ],
        },
        message: 'equivalent',
      },
      {
        name: 'every block device by a device rule of its own',
        resources: { devices: [{ allow: true, type: 'b', access: 'rw' }] },
        message: 'equivalent',
      },
      {
        name: 'no capability sets: those of the runtime',
        process: { capabilities: null },
        message: 'equivalent',
      },
      {
        name: 'the capabilities that make root of the host, harmless ones left out',
        process: {
          capabilities: {
            bounding: [
              'CAP_SYS_ADMIN',
              'CAP_SYS_MODULE',
              'CAP_SYS_RAWIO',
              'CAP_SYS_PTRACE',
              'CAP_DAC_READ_SEARCH',
              'CAP_NET_ADMIN',
            ],
          },
        },
        message: 'equivalent',
      },
      {
        name: 'every device by two rules (--device-cgroup-rule), whatever annotations say',
        config: { annotations: { 'io.podman.annotations.privileged': 'FALSE' } },
        resources: {
          devices: [
            { allow: false, access: 'rwm' },
            { allow: true, type: 'b', major: -1, minor: -1, access: 'rwm' },
            { allow: true, type: 'c', major: -1, minor: -1, access: 'rwm' },
          ],
        },
        message: 'equivalent',
      },
      {
        name: 'reassembled from seccomp=unconfined, systempaths=unconfined and a disk (--device)',
        config: {
          linux: {
            seccomp: null,
            maskedPaths: null,
            readonlyPaths: null,
            devices: [{ path: '/dev/disk', type: 'b', major: 8, minor: 0 }],
          },
        },
        message: 'equivalent',
      },
      {
        name: 'reassembled with a filter that allows everything and a list that hides nothing of use',
        config: {
          linux: {
            seccomp: { defaultAction: 'SCMP_ACT_ALLOW', architectures: null, syscalls: [] },
            maskedPaths: ['/proc/scsi'],
            readonlyPaths: [],
            devices: [{ path: '/dev/disk', type: 'b', major: 8, minor: 0 }],
          },
        },
        message: 'equivalent',
      },
      {
        name: 'reassembled without capabilities or device rules',
        config: {
          mounts: [{ destination: '/sys/', type: 'sysfs', source: 'sysfs', options: ['ro', 'rw'] }],
          linux: { seccomp: null, maskedPaths: [], readonlyPaths: [] },
        },
        message: 'equivalent',
      },
    ],
  },
})

interface Piece {
  readonly name: string
  /** Makes a container privileged by itself. */
  readonly alone: boolean
}

const piecesOf = ({ config, process, facts }: RuleInput): readonly Piece[] => {
  const linux = config?.linux
  const pieces: Piece[] = []
  const add = (name: string, alone = false): void => void pieces.push({ name, alone })
  if (process?.capabilities === undefined || holdsEverything(process.capabilities))
    add('all capabilities', true)
  if (reachesEveryDevice(linux?.resources?.devices ?? [])) add('every device allowed', true)
  if (!hidesKernel(config)) add('no masked or read-only paths')
  if (!filters(linux?.seccomp) && facts.seccompSupported) add('no seccomp filter')
  if (config?.mounts?.some(isWritableSys) === true) add('writable /sys')
  if (holdsHostDevices(config)) add('host devices')
  return pieces
}

/** One harmless path in the lists hides nothing: what root would write to the kernel by must be among them. */
const hidesKernel = (config: Config | undefined): boolean => {
  const { maskedPaths = [], readonlyPaths = [] } = config?.linux ?? {}
  const covered = [...maskedPaths, ...readonlyPaths].map(cleanPath)
  return ['/proc/sys', '/proc/kcore'].every((path) => covered.includes(path) || covered.includes('/proc'))
}

/** A filter that lets everything through by default, and names next to nothing, is none. */
const filters = (seccomp: Seccomp | undefined): boolean =>
  seccomp !== undefined &&
  !(
    permissive.has(seccomp.defaultAction) &&
    (seccomp.syscalls ?? []).flatMap(({ names }) => names).length < 10
  )

/** Actions under which the call is made all the same (seccomp(2)). */
const permissive = new Set(['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE', 'SCMP_ACT_NOTIFY'])

const isWritableSys = (mount: Mount): boolean =>
  (mount.type === 'sysfs' || (isBind(mount) && destinationOf(mount) === '/sys')) && isWritable(mount)

const holdsHostDevices = (config: Config | undefined): boolean => {
  const devices = config?.linux?.devices ?? []
  return devices.length > 20 || devices.some(isHostDevice)
}

/** A disk, or the memory and ports of the machine (c 1:1, 1:2, 1:4). */
const isHostDevice = ({ type, major, minor }: Device): boolean =>
  type === 'b' || (major === 1 && (minor === 1 || minor === 2 || minor === 4))
