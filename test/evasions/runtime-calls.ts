/** Ways round the rules on hooks, annotations, flags, environment, checkpoints, and on how texts are read. */
import type { Json } from '../../src/core/json.ts'
import type { Attempt, Evasions } from '../support/evasion.ts'
import { hiddenSecret, imageMade, otherRuntime, runtimeFault } from './beyond.ts'

const hook = (hooks: Json, says: RegExp): Attempt => ({ by: 'hooks', says, config: { hooks } })

const annotated = (by: string, annotations: Json, more: Partial<Attempt>): Attempt => ({
  by,
  says: /./,
  config: { annotations },
  ...more,
})

const sandbox = { 'io.kubernetes.cri.container-type': 'sandbox' } as const

const runtimeKeys = [
  'run.oci.handler',
  'run.oci.hooks.stdout',
  'org.systemd.property.ExecStartPre',
  'krun.cpus',
]

const directory = (cwd: string, more: Partial<Attempt>): Attempt => ({
  by: 'working-directory',
  says: /descriptors of a process/,
  config: { process: { cwd } },
  ...more,
})

const variable = (by: string, text: string, says: RegExp): Attempt => ({
  by,
  says,
  config: { process: { env: ['PATH=/bin', text] } },
})

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** A made-up token of the shape a forge issues. */
const token = `ghp_${'A1b2C3d4E5f6'.repeat(3)}`

export const secretEvasions: Evasions = {
  'env-secrets': {
    '*_B64': [
      variable('env-secrets', `DB_PASSWORD_B64=${base64('correct horse battery')}`, /DB_PASSWORD_B64/),
      variable('env-secrets', `SETTINGS_B64=${base64(token)}`, /SETTINGS_B64/),
    ],
  },
  'dockerfile-secrets': {
    base64: [variable('env-secrets', `API_KEY=${base64('4f1c9e7b2a')}`, /API_KEY/)],
    'whiteout-deleted file still in lower layer': [imageMade],
    'ENV split in two': [
      {
        by: 'env-secrets',
        says: /DB_PASSWORD_1/,
        config: { process: { env: ['DB_PASSWORD_1=correct hor', 'DB_PASSWORD_2=se battery'] } },
      },
      hiddenSecret,
    ],
  },
}

export const callEvasions: Evasions = {
  'cwd-proc-fd': {
    'symlink in the image to /proc/self/fd/8': [
      directory('/work', { shell: 'ln -s /proc/self/fd/8 bundle/rootfs/work' }),
      directory('/work', { shell: 'ln -s /proc/self/fd/8/../../.. bundle/rootfs/work' }),
      directory('/work/../../..', { shell: 'ln -s /proc/self/fd/8 bundle/rootfs/work' }),
      directory('/volume/x', {
        shell: 'mkdir volume; ln -s /proc/self/fd/8 volume/x',
        mounts: [{ destination: '/volume', type: 'bind', source: '@here/volume', options: ['rbind'] }],
      }),
      directory('/work/../work/x', {
        shell: 'ln -s /a bundle/rootfs/work; ln -s proc/self/fd/8 bundle/rootfs/a',
      }),
    ],
    'cwd through a bind of /proc': [
      directory('/host/proc/self/fd/8', {
        mounts: [{ destination: '/host/proc', type: 'bind', source: '/proc', options: ['rbind'] }],
      }),
      directory('/host/x/self/fd/8', {
        shell: 'ln -s /proc link',
        mounts: [{ destination: '/host/x', type: 'bind', source: '@here/link', options: ['rbind'] }],
      }),
    ],
    'runc exec --cwd': [
      '/proc/self/fd/7',
      '/proc/self/task/1/fd/7',
      '/proc/../proc//self/fd/7/',
      '/dev/fd/7',
      '/proc/1/root',
      '/proc/1/cwd',
      '/proc/self/fd/7/../../..',
    ].flatMap((cwd) => [
      directory('/', { operation: 'exec', flags: ['--cwd', cwd] }),
      directory('/', { operation: 'exec', process: { cwd } }),
    ]),
  },
  'rootfs-symlink-mountpoints': {
    'race between two containers sharing a volume (mount target inside a shared volume)': [
      {
        // The link that the race would put there, put there before.
        by: 'rootfs-symlinks',
        says: /\/volume\/target/,
        shell: 'mkdir volume; ln -s /proc volume/target',
        mounts: [
          { destination: '/volume', type: 'bind', source: '@here/volume', options: ['rbind'] },
          { destination: '/volume/target', type: 'tmpfs', source: 'tmpfs', options: [] },
        ],
      },
      runtimeFault,
    ],
  },
  'shim-bypass': {
    'docker run --runtime=runc': [otherRuntime],
    'docker run --runtime=io.containerd.runc.v2': [otherRuntime],
    'podman --runtime /usr/bin/crun': [otherRuntime],
    'nerdctl --runtime': [otherRuntime],
  },
  'hooks-allowlist': {
    'hook env LD_PRELOAD': [
      hook(
        {
          createRuntime: [{ path: '/usr/bin/nvidia-container-runtime-hook', env: ['LD_PRELOAD=/tmp/x.so'] }],
        },
        /LD_PRELOAD/,
      ),
    ],
    'args to an allowed interpreter: /bin/sh -c': [
      hook({ prestart: [{ path: '/bin/sh', args: ['sh', '-c', 'id > /root/x'] }] }, /arguments|sh/),
      {
        ...hook({ poststop: [{ path: '/bin/sh', args: ['sh', '-c', 'id > /root/x'] }] }, /arguments|sh/),
        policy: 'allow = ["/bin/sh"]',
      },
      hook({ createContainer: [{ path: '/usr/bin/env', args: ['env', 'sh'] }] }, /./),
    ],
  },
  'crun-annotations': {
    'docker run --annotation (Docker >= 24) passes any key': runtimeKeys.map((key) =>
      annotated('runtime-annotations', { [key]: 'x' }, { as: 'docker' }),
    ),
    'pod annotations pass only when the handler allows them': runtimeKeys.map((key) =>
      annotated('runtime-annotations', { [key]: 'x' }, { as: 'pod' }),
    ),
  },
  'forged-engine-annotations': {
    '--annotation io.kubernetes.cri.container-type=sandbox to gain the pause exemption': [
      annotated('forged-annotations', sandbox, { as: 'docker', says: /sandbox/ }),
      annotated('forged-annotations', sandbox, { as: 'pod', says: /sandbox/ }),
      // One that the engine did make a sandbox, and somebody has filled.
      {
        by: 'forged-annotations',
        says: /its root file system is writable/,
        as: 'sandbox',
        config: { root: { readonly: false } },
      },
      {
        by: 'forged-annotations',
        says: /\/srv mounted/,
        as: 'sandbox',
        mounts: [{ destination: '/srv', type: 'bind', source: '/srv', options: ['rbind'] }],
      },
      ...(['nobody', 'docker', 'ctr', 'pod'] as const).map(
        (as): Attempt => ({
          by: 'memory-limit',
          says: /no memory limit/,
          verdict: 'fix',
          as,
          config: { annotations: sandbox, linux: { resources: { memory: null } } },
        }),
      ),
    ],
  },
  'time-offsets': {
    'license or certificate expiry tricks': [
      {
        by: 'time-offsets',
        says: /clocks/,
        config: {
          linux: {
            namespaces: ['mount', 'network', 'uts', 'pid', 'ipc', 'time'].map((type) => ({ type })),
            timeOffsets: { boottime: { secs: -31536000, nanosecs: 0 } },
          },
        },
      },
    ],
  },
  'oversize-process': {
    "duplicate keys and case variants: Go's decoder matches field names case-insensitively ('Process','PROCESS') - parse the same way":
      [
        { unread: /duplicate member "process"/, text: '{"process":{"cwd":"/"},"process":{}}' },
        { unread: /"PROCESS"/, text: '{"process":{"cwd":"/"},"PROCESS":{}}' },
        { unread: /"Process"/, text: '{"Process":{"cwd":"/"}}' },
        { unread: /"ſeccomp"|"\\u017f|linux/i, text: '{"linux":{"\\u017feccomp":{}}}' },
      ],
  },
  'ld-preload-env': {
    'NVIDIA env grants devices through the hook (CVE-2025-23266: LD_PRELOAD reaches the hook)': [
      {
        ...variable('loader-environment', 'LD_PRELOAD=/volume/x.so', /LD_PRELOAD/),
        shell: 'mkdir volume; echo > volume/x.so',
        mounts: [{ destination: '/volume', type: 'bind', source: '@here/volume', options: ['rbind'] }],
      },
      variable('loader-environment', 'NVIDIA_MIG_CONFIG_DEVICES=all', /NVIDIA_MIG_CONFIG_DEVICES/),
      {
        by: 'loader-environment',
        says: /LD_PRELOAD/,
        config: {
          process: { env: ['LD_PRELOAD=./poc.so'] },
          hooks: {
            createContainer: [
              { path: '/usr/bin/nvidia-ctk', args: ['nvidia-ctk', 'hook', 'enable-cuda-compat'] },
            ],
          },
        },
      },
    ],
  },
  'no-pivot-keyring': {
    'fd to host directory preserved': [
      {
        by: 'runtime-flags',
        says: /the folder .*\/etc/,
        flags: ['--preserve-fds', '1'],
        behind: '3</etc',
      },
      {
        by: 'runtime-flags',
        says: /the folder .*\/etc/,
        flags: ['--preserve-fds=2'],
        behind: '3</etc/hosts 4</etc',
        policy: 'max-descriptors = 2',
      },
    ],
  },
  'restore-checks': {
    'config.json clean, CRIU image holds full caps and no seccomp': [
      {
        by: 'restore-checkpoint',
        says: /not lie in a trusted folder/,
        operation: 'restore',
        harmless: { policy: 'trusted-checkpoints = ["@here"]' },
      },
      {
        by: 'restore-checkpoint',
        says: /belongs to user 1234/,
        operation: 'restore',
        shell: 'chown 1234 checkpoint',
        policy: 'trusted-checkpoints = ["@here"]',
      },
    ],
  },
}
