/** Examples of `kernel-helpers`: every way a mount table leaves a setting of the kernel writable. */
import { hostTree, viewOf } from '../../core/example-facts.ts'
import type { Mount } from '../../core/oci.ts'
import type { BadExample, Example } from '../../core/rule.ts'
import { bound } from './mount-examples.ts'

const proc: Mount = { destination: '/proc', type: 'proc', source: 'proc' }
const sys: Mount = { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['ro'] }

const bind = (source: string, destination: string, ...options: readonly string[]): Mount => ({
  destination,
  type: 'bind',
  source,
  options: ['rbind', ...options],
})

const besides = (...mounts: readonly Mount[]): { readonly mounts: readonly Mount[] } => ({
  mounts: [proc, sys, ...mounts],
})

const unmasked = { linux: { readonlyPaths: [], maskedPaths: [] } }

const ofRoot = (map: string) => ({ onHost: true, texts: { '/proc/self/uid_map': map } })

export const helpersGood: readonly Example[] = [
  { name: 'what engines make read-only' },
  { name: 'no /proc', config: { mounts: [sys], ...unmasked } },
  {
    name: 'masked instead',
    config: { linux: { readonlyPaths: [], maskedPaths: ['/proc/sys/', '/proc/sysrq-trigger'] } },
  },
  {
    name: 'something else over a writable bind',
    config: besides(bind('/proc/sys', '/x'), bind('/srv', '/x/kernel', 'ro'), bind('/srv', '/x')),
  },
  {
    name: 'pinned BPF programs of another mount are judged by procfs-exposure',
    ...bound('/srv/pins', { id: '9:1', fileSystem: 'bpf' }),
  },
  { name: '/proc of the host, read-only, is judged by procfs-exposure', ...bound('/proc', {}, 'rro') },
  {
    name: "nothing read-only, but whoever calls is not the host's root",
    config: unmasked,
    facts: ofRoot('0 1000 1\n1 100000 65536\n'),
  },
  {
    name: "nothing read-only, in a user namespace without the host's root (procMount: Unmasked)",
    config: {
      linux: {
        ...unmasked.linux,
        namespaces: [{ type: 'user' }, { type: 'mount' }],
        uidMappings: [{ containerID: 0, hostID: 65536, size: 65536 }],
      },
    },
    facts: ofRoot('         0          0 4294967295\n'),
  },
  {
    name: 'the same, joined from the sandbox',
    config: { linux: { ...unmasked.linux, namespaces: [{ type: 'user', path: '/proc/4711/ns/user' }] } },
    facts: { onHost: true, texts: { '/proc/4711/uid_map': '0 65536 65536\n' } },
  },
]

export const helpersBad: readonly BadExample<'writable'>[] = [
  { name: 'no read-only paths', config: { linux: { readonlyPaths: [] } }, message: 'writable' },
  { name: 'no Linux section', config: { linux: null }, message: 'writable' },
  {
    name: 'read-only paths beside the point',
    config: { linux: { readonlyPaths: ['/proc/sys/net', '/proc/sysrq-trigger', '/process/sys'] } },
    message: 'writable',
  },
  {
    name: 'a second /proc that no list covers',
    config: besides({ destination: '/x/./p', type: 'proc', source: 'proc' }),
    message: 'writable',
  },
  {
    name: 'a writable /sys',
    config: { mounts: [proc, { ...sys, options: ['ro', 'rw'] }] },
    message: 'writable',
  },
  {
    name: 'the debugging files of the kernel',
    config: besides({ destination: '/d', type: 'debugfs', source: 'none' }),
    message: 'writable',
  },
  {
    name: 'one folder of settings',
    ...bound('/proc/sys/kernel', { ancestors: ['1:/proc/sys', '1:/proc', '1:/'] }),
    message: 'writable',
  },
  {
    name: 'a volume that is another /proc (docker volume create -o type=proc -o device=proc)',
    ...bound('/var/lib/docker/volumes/v/_data', { id: '9:1', fileSystem: 'proc' }),
    message: 'writable',
  },
  {
    name: 'one setting of another /proc',
    ...bound('/srv/p/sys/kernel/core_pattern', {
      id: '9:4',
      fileSystem: 'proc',
      ancestors: ['9:3', '9:2', '9:1', '1:/srv', '1:/'],
    }),
    message: 'writable',
  },
  {
    name: 'the formats of programs, mounted elsewhere on the host',
    ...bound('/srv/formats', { id: '9:1', fileSystem: 'binfmt_misc' }),
    message: 'writable',
  },
  {
    name: 'one setting, by path',
    config: besides(bind('/proc/sys/kernel/core_pattern', '/c')),
    message: 'writable',
  },
  {
    name: 'mounted below a read-only path, which leaves it as it is',
    config: besides(bind('/proc/sys/kernel', '/proc/sys/kernel')),
    message: 'writable',
  },
  {
    name: 'the root of the host, with what is mounted below it left writable',
    ...bound('/', { submounts: [viewOf('/proc')] }, 'ro'),
    message: 'writable',
    fixable: false,
  },
  {
    name: "a mapping that keeps the host's root",
    config: {
      linux: {
        ...unmasked.linux,
        namespaces: [{ type: 'user' }],
        uidMappings: [
          { containerID: 1, hostID: 100000, size: 65536 },
          { containerID: 0, hostID: 0, size: 1 },
        ],
      },
    },
    facts: { ...hostTree({}), texts: { '/proc/self/uid_map': '0 0 4294967295\n' } },
    message: 'writable',
  },
]
