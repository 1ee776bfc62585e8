/** Ways round the rules on capabilities, privileged containers, new privileges and system calls. */
import type { Json } from '../../src/core/json.ts'
import type { Attempt, Evasions } from '../support/evasion.ts'

const everyCapability = [
  ...'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE'.split(' '),
  ...'NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO'.split(' '),
  ...'SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME'.split(' '),
  ...'SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG'.split(' '),
  ...'WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'.split(' '),
].map((name) => `CAP_${name}`)

const capabilities = (sets: Json): Json => ({ process: { capabilities: sets } })

/** --privileged, as Docker writes it. */
const privileged: Json = {
  process: {
    capabilities: { bounding: everyCapability, effective: everyCapability, permitted: everyCapability },
    apparmorProfile: 'unconfined',
  },
  linux: {
    seccomp: null,
    maskedPaths: null,
    readonlyPaths: null,
    resources: { devices: [{ allow: true, access: 'rwm' }] },
  },
}

export const capabilityEvasions: Evasions['capabilities'] = {
  'put the capability in bounding or ambient only': ['bounding', 'ambient'].map((set) => ({
    by: 'capabilities',
    says: /CAP_SYS_ADMIN/,
    config: capabilities({ [set]: ['CAP_SYS_ADMIN'] }),
  })),
  'inheritable + file capabilities in the image': [
    { by: 'capabilities', says: /CAP_SYS_ADMIN/, config: capabilities({ inheritable: ['CAP_SYS_ADMIN'] }) },
  ],
  'CAP_DAC_READ_SEARCH alone (open_by_handle_at) or CAP_SYS_PTRACE with --pid=container:x': [
    { by: 'capabilities', says: /DAC_READ_SEARCH/, config: capabilities({ bounding: ['DAC_READ_SEARCH'] }) },
    {
      by: 'capabilities',
      says: /CAP_SYS_PTRACE/,
      shell: 'unshare --pid --fork sleep 600 > /dev/null 2>&1 & sleep 0.1; pgrep -P $! > pid',
      config: {
        process: { capabilities: { bounding: ['cap_sys_ptrace'] } },
        linux: {
          namespaces: [
            { type: 'pid', path: '/proc/@pid/ns/pid' },
            ...['mount', 'network', 'uts', 'ipc'].map((type) => ({ type })),
          ],
        },
      },
    },
  ],
  '--privileged instead of --cap-add leaves CapAdd empty': [
    {
      by: 'capabilities',
      says: /CAP_SYS_ADMIN|all|\+\d+/,
      as: 'docker',
      config: privileged,
      files: { '/var/lib/docker/containers/@id/hostconfig.json': { Privileged: true, CapAdd: null } },
    },
  ],
}

export const privilegedEvasions: Evasions['privileged'] = {
  "reassemble it piecewise: --cap-add ALL --security-opt apparmor=unconfined,seccomp=unconfined --device-cgroup-rule 'a *:* rwm' --security-opt systempaths=unconfined; .Privileged stays false":
    [
      {
        by: 'privileged',
        says: /all capabilities, every device/,
        as: 'docker',
        config: privileged,
        files: { '/var/lib/docker/containers/@id/hostconfig.json': { Privileged: false, CapAdd: ['ALL'] } },
      },
      {
        by: 'privileged',
        says: /no seccomp filter/,
        config: { linux: { seccomp: null, maskedPaths: [], readonlyPaths: [] } },
        mounts: [{ destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['rw'] }],
      },
    ],
  'forge annotations with --annotation': (['nobody', 'docker'] as const).map((as) => ({
    by: 'privileged',
    says: /all capabilities/,
    as,
    config: {
      ...Object(privileged),
      annotations: {
        'io.podman.annotations.privileged': 'FALSE',
        'io.kubernetes.cri-o.PrivilegedRuntime': 'false',
        'io.kubernetes.cri.container-type': 'sandbox',
      },
    },
  })),
}

const capability: Attempt = {
  by: 'no-new-privileges',
  says: /./,
  verdict: 'fix',
  config: { process: { noNewPrivileges: false } },
}

/** A process that may gain privileges by a setuid program or file capabilities: repaired, at create and again at exec. */
export const gaining: readonly Attempt[] = [
  capability,
  {
    by: 'no-new-privileges',
    says: /./,
    verdict: 'fix',
    operation: 'exec',
    process: { args: ['su'], noNewPrivileges: false },
  },
]

export const newPrivilegesEvasions = {
  "SecurityOpt 'no-new-privileges:false' satisfies grep": [
    {
      ...capability,
      as: 'docker',
      files: {
        '/var/lib/docker/containers/@id/hostconfig.json': { SecurityOpt: ['no-new-privileges:false'] },
      },
    },
  ],
} as const satisfies Evasions['no-new-privileges']

const filter = (seccomp: Json): Json => ({ linux: { seccomp: null, ...Object({ seccomp }) } })

const weak = (seccomp: Json): Attempt => ({
  by: 'seccomp',
  says: /lets through|as done/,
  verdict: 'fix',
  config: filter(seccomp),
})

/** Names some of the calls that no container needs, for lists that forget others. */
const denied = ['bpf', 'kexec_load', 'init_module', 'finit_module', 'delete_module', 'open_by_handle_at']

export const seccompEvasions: Evasions['seccomp'] = {
  'seccomp=allow-all.json (defaultAction SCMP_ACT_ALLOW, syscalls [])': [
    weak({ defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_X86_64'], syscalls: [] }),
    weak({ defaultAction: 'SCMP_ACT_ALLOW' }),
  ],
  'defaultAction LOG/TRACE/NOTIFY': ['SCMP_ACT_LOG', 'SCMP_ACT_TRACE', 'SCMP_ACT_NOTIFY'].map(
    (defaultAction) => weak({ defaultAction, architectures: ['SCMP_ARCH_X86_64'], syscalls: [] }),
  ),
  'deny list that forgets x32/i386: sub-architecture listed without rules': [
    weak({
      defaultAction: 'SCMP_ACT_ALLOW',
      architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
      syscalls: [{ names: denied, action: 'SCMP_ACT_ERRNO' }],
    }),
  ],
  'defaultErrnoRet 0': [
    weak({
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 0,
      syscalls: [{ names: ['read', 'write', 'exit', 'execve'], action: 'SCMP_ACT_ALLOW' }],
    }),
  ],
  'crun annotation run.oci.seccomp_bpf_data replaces the filter, run.oci.seccomp.plugins/receiver delegate it':
    ['run.oci.seccomp_bpf_data', 'run.oci.seccomp.plugins', 'run.oci.seccomp.receiver'].map((key) => ({
      by: 'seccomp',
      says: /replaces or delegates/,
      verdict: 'fix',
      config: { annotations: { [key]: 'x' } },
    })),
  'restore keeps the old process filter': [
    { by: 'seccomp', says: /./, operation: 'restore', config: { linux: { seccomp: null } } },
    {
      by: 'seccomp',
      says: /lets through/,
      operation: 'restore',
      config: filter({ defaultAction: 'SCMP_ACT_ALLOW' }),
    },
  ],
}
