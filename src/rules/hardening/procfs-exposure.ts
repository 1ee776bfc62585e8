/** Allows one /proc and one read-only /sys, each in its place: other instances and binds escape the masks. */
import { shownPath } from '../../core/host-paths.ts'
import { hostRootProbes, reachesHostRoot } from '../../core/host-root.ts'
import { type KernelView, kernelViewProbes, kernelViews } from '../../core/kernel-views.ts'
import { appendOptions } from '../../core/mount-options.ts'
import { destinationOf } from '../../core/mounts.ts'
import { pointer } from '../../core/patch.ts'
import { isWithin } from '../../core/path.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { exposureBad, exposureGood } from '../support/procfs-exposure-examples.ts'

export const procfsExposure = defineRule({
  id: 'procfs-exposure',
  title: "Ensure that the kernel's file systems are shown once, masked and in their place",
  severity: 'critical',
  category: 'mounts',
  references: [
    { benchmark: 'pss-baseline', item: 'procMount' },
    { url: 'https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#default-filesystems' },
    { url: 'https://nvd.nist.gov/vuln/detail/CVE-2019-19921' },
    { url: 'https://docs.kernel.org/filesystems/proc.html' },
  ],
  rationale:
    "Masks and read-only paths hold for /proc and /sys where they are expected. A second instance elsewhere, or a bind of the host's, has none of them: kernel settings can be changed and memory be read through it. What is mounted over /proc lies to the runtime itself, which writes security labels there.",
  appliesTo: ['create', 'run', 'restore'],
  parameters: {
    types: {
      type: 'array',
      items: { type: 'string' },
      description: 'File systems of the kernel that may not be mounted besides the usual /proc and /sys.',
      default: [
        'proc',
        'sysfs',
        'binfmt_misc',
        'bpf',
        'configfs',
        'debugfs',
        'efivarfs',
        'fusectl',
        'pstore',
        'securityfs',
        'selinuxfs',
        'tracefs',
      ],
    },
    'allow-read-only': {
      type: 'array',
      items: { type: 'string' },
      description:
        'Paths of /proc and /sys on the host, with what is below them, that may be bound read-only.',
      default: [],
    },
    'allow-over': {
      type: 'array',
      items: { type: 'string' },
      description:
        'Paths of /proc that something else may be mounted over: those that lxcfs serves. Masked ones always may.',
      default: [
        '/proc/cpuinfo',
        '/proc/diskstats',
        '/proc/loadavg',
        '/proc/meminfo',
        '/proc/slabinfo',
        '/proc/stat',
        '/proc/swaps',
        '/proc/uptime',
      ],
    },
  },
  messages: {
    another: {
      what: 'another instance of a file system of the kernel is mounted: {actual}',
      why: 'None of the masks and read-only paths of the usual one hold there.',
      remedy: {
        docker: 'leave out that --mount',
        podman: 'leave out that --mount',
        kubernetes: 'leave out that volume',
        ctr: 'leave out that --mount',
        default: 'remove the mount',
      },
    },
    bound: {
      what: "a file system of the host's kernel is mounted: {actual}",
      why: 'It shows the processes and settings of the host, without masks.',
      remedy: {
        docker: 'leave out that -v/--mount',
        podman: 'leave out that -v/--mount',
        kubernetes: 'leave out that hostPath volume',
        ctr: 'leave out that --mount',
        default: 'remove the mount',
      },
    },
    covered: {
      what: 'something else is mounted over {actual}',
      why: 'The runtime writes the labels of AppArmor and SELinux to files below /proc; a stand-in swallows them.',
      remedy: {
        docker: 'choose another destination for that -v/--mount/--tmpfs',
        podman: 'choose another destination for that -v/--mount/--tmpfs',
        kubernetes: 'choose another mountPath',
        default: 'choose another destination for the mount',
      },
    },
    writable: {
      what: '/sys is mounted writable',
      why: 'Settings of devices and of the kernel can be changed there.',
      remedy: {
        docker: 'remove --privileged',
        podman: 'remove --privileged',
        kubernetes: 'set securityContext.privileged: false',
        ctr: 'remove --privileged',
        default: 'add "ro" to the options of that mount',
      },
    },
  },
  probes: (input) => {
    const probes = kernelViewProbes(input)
    return probes.length === 0 ? [] : [...probes, ...hostRootProbes(input)]
  },
  check: (input, parameters) => {
    const views = kernelViews(input)
    const found = new Map<number, Found>()
    for (const view of views) {
      if (found.has(view.index)) continue
      const problem =
        view.type === undefined ? judgeBind(view, input, parameters) : judgeOwn(view, parameters)
      if (problem !== undefined) found.set(view.index, problem)
    }
    return [...found.values(), ...covered(input, views, parameters)]
  },
  fix: (observations, { operation, config }) =>
    // A restored container comes back with the mounts of its checkpoint.
    operation === 'restore'
      ? []
      : (config?.mounts ?? []).flatMap((mount, index) => {
          const at = pointer('mounts', index)
          const found = observations.some(({ message, pointer: of }) => message === 'writable' && of === at)
          return found && mount.options?.includes('rrw') !== true ? appendOptions(mount, index, ['ro']) : []
        }),
  examples: { good: exposureGood, bad: exposureBad },
})

type Found = Observation<'another' | 'bound' | 'covered' | 'writable'>

interface Lists {
  readonly types: readonly string[]
  readonly 'allow-read-only': readonly string[]
  readonly 'allow-over': readonly string[]
}

const judgeOwn = (
  { index, type = '', shows, destination, writable }: KernelView,
  { types }: Lists,
): Found | undefined => {
  const at = pointer('mounts', index)
  const usual = destination === shows && (type === 'proc' || type === 'sysfs')
  if (!usual) {
    const actual = `${type} at ${shownPath(destination)}`
    return types.includes(type)
      ? { message: 'another', pointer: at, actual, expected: 'not mounted' }
      : undefined
  }
  return type === 'sysfs' && writable
    ? { message: 'writable', pointer: at, actual: 'writable', expected: 'read-only' }
    : undefined
}

const judgeBind = (view: KernelView, input: RuleInput, lists: Lists): Found | undefined => {
  const { index, shows, destination, writable } = view
  // `writable-cgroups` judges those.
  if (isWithin(shows, '/sys/fs/cgroup')) return undefined
  if (!writable && lists['allow-read-only'].some((path) => isWithin(shows, path))) return undefined
  // Without an id of the host's root no new instance can be mounted: engines then bind the host's in its place.
  if (shows === destination && !reachesHostRoot(input)) return undefined
  const name = shows === destination ? '' : ` (${shownPath(shows)} of the host)`
  const actual = `${shownPath(destination)}${name}${input.facts.onHost ? '' : ', by path'}`
  return { message: 'bound', pointer: pointer('mounts', index), actual, expected: 'not mounted' }
}

/** Mounts over /proc that are no file system of the kernel: those are judged as what they are. */
const covered = ({ config }: RuleInput, views: readonly KernelView[], lists: Lists): readonly Found[] => {
  const found: Found[] = []
  const mounts = config?.mounts ?? []
  for (let index = 0; index < mounts.length; index++) {
    const mount = mounts[index]
    if (mount === undefined) continue
    const path = destinationOf(mount)
    if (!isWithin(path, '/proc') || views.some((view) => view.index === index)) continue
    const fine = [...lists['allow-over'], ...masked].some((allowed) => isWithin(path, allowed))
    const at = { pointer: pointer('mounts', index), actual: shownPath(path) }
    if (!fine) found.push({ message: 'covered', ...at, expected: 'not mounted over' })
  }
  return found
}

// What engines hide: hiding it by a mount is as good.
const masked = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
] as const
