/** Parameters of `sensitive-host-mounts`: which host paths are guarded, and what is excused. */
import type { GuardLists } from '../../core/guarded-paths.ts'
import type { ParametersOf, ParametersSchema } from '../../core/parameters.ts'

/** Defaults as in the rule catalogue; `deny-rw` is what CIS lists, with the state of the engines and homes. */
export const guardParameters = {
  'deny-rw': {
    type: 'array',
    items: { type: 'string' },
    description:
      'Host paths not to be mounted writable, nor what is above or below them; "/" stands for itself.',
    default: [
      '/',
      '/boot',
      '/dev',
      '/etc',
      '/lib',
      '/lib64',
      '/proc',
      '/sys',
      '/usr',
      '/bin',
      '/sbin',
      '/root',
      '/run',
      '/var/run',
      '/var/lib/docker',
      '/var/lib/containerd',
      '/var/lib/containers',
      '/var/lib/kubelet',
      '/var/log',
      '/home',
    ],
  },
  'deny-ro': {
    type: 'array',
    items: { type: 'string' },
    description: 'Host paths not to be mounted at all, nor what is above or below them.',
    default: ['/', '/proc', '/root', '/etc/shadow', '/etc/kubernetes'],
  },
  allow: {
    type: 'array',
    items: { type: 'string' },
    description:
      'Sources that may be mounted, with what is below them; ":ro" at the end: only read-only. The host\'s /dev/shm is judged by host-ipc.',
    default: [
      '/dev/shm',
      '/etc/localtime',
      '/etc/timezone',
      '/etc/pki/ca-trust/extracted:ro',
      '/etc/ssl/certs:ro',
      '/lib/modules:ro',
    ],
  },
  'volume-roots': {
    type: 'array',
    items: { type: 'string' },
    description:
      "Folders of the engines' named volumes: what lies two levels or more below is an ordinary source.",
    default: [
      '/var/lib/docker/volumes',
      '/var/lib/docker/*/volumes',
      '/var/lib/containers/storage/volumes',
      '/var/lib/kubelet/pods/*/volume-subpaths',
    ],
  },
} as const satisfies ParametersSchema

/** The parameters as the lists they are. */
export const listsOf = (parameters: ParametersOf<typeof guardParameters>): GuardLists => ({
  never: parameters['deny-ro'],
  readOnly: parameters['deny-rw'],
  allowed: parameters.allow,
  volumeRoots: parameters['volume-roots'],
})
