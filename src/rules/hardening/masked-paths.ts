/** Requires that the parts of /proc and /sys that tell of or change the host are masked or read-only. */
import { place } from '../../core/patch.ts'
import { cleanPath, isWithin } from '../../core/path.ts'
import { defineRule } from '../../core/rule.ts'

export const maskedPaths = defineRule({
  id: 'masked-paths',
  title: 'Ensure that sensitive paths of /proc and /sys are masked or read-only',
  severity: 'high',
  category: 'filesystem',
  references: [
    { benchmark: 'pss-baseline', item: 'procMount' },
    { url: 'https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#masked-paths' },
    { url: 'https://github.com/moby/moby/blob/master/daemon/pkg/oci/defaults.go' },
  ],
  rationale:
    'These files belong to the host whatever the namespaces: kernel memory, keys, timers and power sensors tell its secrets, and /proc/sys and /proc/sysrq-trigger change or halt it. Engines mask them unless told not to.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {
    masked: {
      type: 'array',
      items: { type: 'string' },
      description:
        'Paths that must be masked, themselves or by a parent. The default is what Docker, containerd and Podman have all had for years; newer ones add /proc/asound (read-only for Podman), /proc/interrupts, /sys/devices/virtual/powercap and /sys/fs/selinux.',
      default: [
        '/proc/acpi',
        '/proc/kcore',
        '/proc/keys',
        '/proc/latency_stats',
        '/proc/sched_debug',
        '/proc/scsi',
        '/proc/timer_list',
        '/proc/timer_stats',
        '/sys/firmware',
      ],
    },
    'read-only': {
      type: 'array',
      items: { type: 'string' },
      description: 'Paths that must be read-only or masked, themselves or by a parent.',
      default: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  },
  messages: {
    unmasked: {
      what: 'the container could read {actual}',
      why: 'These files show the memory, keys or sensors of the host.',
      remedy: {
        docker: 'remove --security-opt systempaths=unconfined',
        podman: 'remove --security-opt unmask',
        kubernetes: 'remove securityContext.procMount: Unmasked',
        default: 'list {actual} in linux.maskedPaths',
      },
    },
    writable: {
      what: 'the container could write to {actual}',
      why: 'These files change the kernel of the host.',
      remedy: {
        docker: 'remove --security-opt systempaths=unconfined',
        podman: 'remove --security-opt unmask',
        kubernetes: 'remove securityContext.procMount: Unmasked',
        default: 'list {actual} in linux.readonlyPaths',
      },
    },
  },
  check: ({ config }, { masked, 'read-only': readOnly }) => {
    const hidden = config?.linux?.maskedPaths ?? []
    const fixed = config?.linux?.readonlyPaths ?? []
    const seen = uncovered(masked, hidden)
    const written = uncovered(uncovered(readOnly, fixed), hidden)
    return [
      ...(seen.length === 0 ? [] : [{ message: 'unmasked' as const, ...at('maskedPaths', seen) }]),
      ...(written.length === 0 ? [] : [{ message: 'writable' as const, ...at('readonlyPaths', written) }]),
    ]
  },
  fix: (observations, { operation, config }, { masked, 'read-only': readOnly }) => {
    // A restored container comes back with the mounts of its checkpoint.
    if (operation === 'restore') return []
    if (config?.linux === undefined)
      return [place(config, '/linux', { maskedPaths: masked, readonlyPaths: readOnly })]
    const { maskedPaths: hidden = [], readonlyPaths: fixed = [] } = config.linux
    return observations.map(({ message, pointer }) => {
      if (message === 'unmasked') return place(config, pointer, [...hidden, ...uncovered(masked, hidden)])
      return place(config, pointer, [...fixed, ...uncovered(uncovered(readOnly, fixed), hidden)])
    })
  },
  examples: {
    good: [
      { name: 'what an engine masks' },
      {
        name: 'a masked parent, spelled differently',
        config: { linux: { maskedPaths: ['/proc/', '/sys//firmware/.'], readonlyPaths: [] } },
      },
    ],
    bad: [
      {
        name: 'systempaths=unconfined, unmask=ALL, or empty lists through the API',
        config: { linux: { maskedPaths: [], readonlyPaths: [] } },
        message: 'unmasked',
      },
      {
        name: 'no lists',
        config: { linux: { maskedPaths: null, readonlyPaths: null } },
        message: 'writable',
      },
      { name: 'no Linux section', config: { linux: null }, message: 'unmasked' },
      {
        name: 'names that only begin alike',
        config: { linux: { maskedPaths: ['/process', '/proc/kcore2', '/sys/firmwares'] } },
        message: 'unmasked',
      },
      {
        name: 'one sensitive path left writable',
        config: { linux: { readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys/kernel'] } },
        message: 'writable',
      },
    ],
  },
})

/** The required paths that no listed path is or holds. */
const uncovered = (required: readonly string[], listed: readonly string[]): readonly string[] => {
  const missing = required.filter((path) => !listed.includes(path))
  if (missing.length === 0) return missing
  const cleaned = listed.map(cleanPath)
  return missing.filter((path) => !cleaned.some((above) => isWithin(cleanPath(path), above)))
}

const at = (
  list: 'maskedPaths' | 'readonlyPaths',
  missing: readonly string[],
): { readonly pointer: string; readonly actual: string; readonly expected: string } => {
  const more = missing.length - 3
  const actual = missing.slice(0, 3).join(', ') + (more > 0 ? `, +${more} more` : '')
  return { pointer: `/linux/${list}`, actual, expected: `in ${list}` }
}
