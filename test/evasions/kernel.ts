/** Ways round the rules on what the kernel shows and takes: /proc, /sys, cgroups, settings. */
import type { Json } from '../../src/core/json.ts'
import type { Attempt, Evasions } from '../support/evasion.ts'
import { withUnifiedCgroups } from './simulated.ts'

const mount = (destination: string, type: string, ...options: readonly string[]): Json => ({
  destination,
  type,
  source: type,
  options,
})

const bind = (source: string, destination: string, ...options: readonly string[]): Json => ({
  destination,
  type: 'bind',
  source,
  options: ['rbind', ...options],
})

const unmasked = (masked: Json, readOnly: Json): Attempt => ({
  by: 'masked-paths',
  says: /could (read|write)/,
  verdict: 'fix',
  config: { linux: { maskedPaths: masked, readonlyPaths: readOnly } },
})

const exposed = (...mounts: readonly Json[]): Attempt => ({ by: 'procfs-exposure', says: /./, mounts })

const writable = (more: Partial<Attempt>): Attempt => ({ by: 'kernel-helpers', says: /could write/, ...more })

/** A container whose cgroup namespace is its own, as all have on version 2. */
const ownCgroups: Json = {
  linux: { namespaces: ['mount', 'network', 'uts', 'pid', 'ipc', 'cgroup'].map((type) => ({ type })) },
}

const cgroups = (more: Partial<Attempt>): Attempt => ({ by: 'writable-cgroups', says: /writable/, ...more })

export const kernelEvasions: Evasions = {
  'masked-paths': {
    '--security-opt systempaths=unconfined': [
      unmasked(null, null),
      { ...unmasked(null, null), as: 'docker' },
    ],
    'podman unmask=ALL': [{ ...unmasked([], []), as: 'podman' }],
    'second bind of /proc elsewhere': [
      exposed(bind('/proc', '/elsewhere')),
      { by: 'sensitive-host-mounts', says: /is mounted/, mounts: [bind('/proc', '/elsewhere', 'ro')] },
    ],
    'API MaskedPaths: []': [
      unmasked([], ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']),
      unmasked(['/proc/kcore'], []),
      unmasked(['/proc/kcore2', '/proc/keys.d', '/proc/acpi/'], ['/proc/system']),
    ],
  },
  'procfs-exposure': {
    '-v /proc:/host/proc => core_pattern, sysrq': [
      exposed(bind('/proc', '/host/proc')),
      exposed(bind('/proc', '/host/proc', 'ro')),
      writable({ mounts: [bind('/proc', '/host/proc')] }),
      {
        ...exposed(bind('@here/proc', '/x')),
        shell: 'mkdir proc; mount -t proc proc proc',
      },
    ],
    'type proc at another destination escapes masks': [
      exposed(mount('/elsewhere', 'proc')),
      exposed(mount('/elsewhere', 'proc', 'ro')),
      exposed(mount('/elsewhere', 'sysfs', 'ro')),
      writable({ mounts: [mount('/elsewhere', 'proc')] }),
    ],
    'tmpfs over /proc hides masked checks': [
      exposed(mount('/proc', 'tmpfs')),
      exposed(mount('/proc/sys/', 'tmpfs')),
    ],
  },
  'core-pattern-writable': {
    'bind of /proc/sys/kernel only': [
      writable({ mounts: [bind('/proc/sys/kernel', '/x')] }),
      writable({ mounts: [bind('/proc/sys/kernel/core_pattern', '/x')] }),
      writable({ shell: 'ln -s /proc/sys/kernel link', mounts: [bind('@here/link', '/x')] }),
      writable({
        shell: 'mkdir copy; mount --bind /proc/sys/kernel copy',
        mounts: [bind('@here/copy', '/x')],
      }),
      writable({ config: { linux: { readonlyPaths: ['/proc/bus'] } } }),
    ],
  },
  'cgroup-release-agent': {
    '--security-opt writable-cgroups=true': [
      cgroups({ mounts: [mount('/sys/fs/cgroup', 'cgroup', 'nosuid', 'rw')], as: 'docker' }),
      cgroups({ mounts: [mount('/sys/fs/cgroup', 'cgroup', 'ro', 'rw')], as: 'docker' }),
      cgroups({
        mounts: [mount('/sys/fs/cgroup', 'cgroup', 'rw')],
        as: 'docker',
        behind: withUnifiedCgroups,
      }),
      // docker volume create -o type=cgroup2 -o device=cgroup2
      cgroups({
        shell: 'mkdir volume; mount -t cgroup2 cgroup2 volume',
        mounts: [bind('@here/volume', '/x')],
      }),
      cgroups({
        shell: 'mkdir volume; mount -t cgroup -o pids cgroup volume || mount -t cgroup2 cgroup2 volume',
        mounts: [bind('@here/volume', '/x')],
      }),
      cgroups({
        mounts: [mount('/sys/fs/cgroup', 'cgroup2', 'rw')],
        config: ownCgroups,
        policy: 'allow-private = false',
      }),
    ],
    'cgroup2-mount-hierarchy-rw.crio.io': [
      cgroups({
        mounts: [mount('/sys/fs/cgroup', 'cgroup2', 'rw')],
        config: { annotations: { 'cgroup2-mount-hierarchy-rw.crio.io': 'true' } },
      }),
    ],
    'mount it later with SYS_ADMIN': [
      {
        by: 'capabilities',
        says: /CAP_SYS_ADMIN/,
        config: { process: { capabilities: { bounding: ['CAP_SYS_ADMIN'] } } },
      },
      cgroups({ mounts: [bind('/sys/fs/cgroup', '/x')] }),
    ],
  },
  'seccomp-dangerous-syscalls': {
    'x32/compat numbers': ['SCMP_ARCH_X32', 'SCMP_ARCH_X86'].map((architecture) => ({
      by: 'seccomp',
      says: /lets through/,
      verdict: 'fix',
      config: {
        linux: {
          seccomp: {
            defaultAction: 'SCMP_ACT_ALLOW',
            architectures: ['SCMP_ARCH_X86_64', architecture],
            syscalls: [{ names: ['bpf', 'keyctl', 'add_key', 'request_key'], action: 'SCMP_ACT_ERRNO' }],
          },
        },
      },
    })),
  },
  sysctls: {
    'net/ipv4/ip_forward slash spelling': [
      'net/ipv4/ip_forward',
      'net.ipv4.ip_forward',
      'net/ipv4.ip_forward',
    ].map((name) => ({ by: 'sysctls', says: /ip_forward/, config: { linux: { sysctl: { [name]: '1' } } } })),
  },
  'host-path-kernel': {
    'rw bpffs pins': [
      {
        by: 'sensitive-host-mounts',
        says: /mounted writable/,
        mounts: [bind('/sys/fs/bpf', '/sys/fs/bpf', 'rw')],
      },
      exposed(mount('/sys/fs/bpf', 'bpf', 'rw')),
      { ...exposed(bind('@here/pins', '/x')), shell: 'mkdir pins; mount -t bpf bpf pins' },
    ],
  },
}
