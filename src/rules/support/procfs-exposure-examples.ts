/** Examples of `procfs-exposure`: instances elsewhere, binds by any name, mounts over /proc. */

import { hostFacts } from '../../core/example.ts'
import { hostTree, viewOf } from '../../core/example-facts.ts'
import type { Mount } from '../../core/oci.ts'
import type { BadExample, Example } from '../../core/rule.ts'
import { bound, mounted } from './mount-examples.ts'

const usual: readonly Mount[] = [
  { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
  { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
]

const besides = (mount: Mount): { readonly mounts: readonly Mount[] } => ({ mounts: [...usual, mount] })

const tmpfsAt = (destination: string): { readonly mounts: readonly Mount[] } =>
  besides({ destination, type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'ro'] })

const bindOf = (source: string, destination = '/x'): { readonly mounts: readonly Mount[] } =>
  besides({ destination, type: 'bind', source, options: ['rbind', 'ro'] })

const volume = '/var/lib/docker/volumes/v/_data'

const rootless = { onHost: true, texts: { '/proc/self/uid_map': '0 1000 1\n1 100000 65536\n' } }

export const exposureGood: readonly Example[] = [
  { name: 'one /proc and one read-only /sys' },
  { name: 'no file system of the kernel at all', config: { mounts: [] } },
  { name: 'files of lxcfs over /proc', config: bindOf('/var/lib/lxcfs/proc/meminfo', '/proc/meminfo') },
  { name: 'a mount that hides what engines hide', config: tmpfsAt('/proc/acpi') },
  { name: 'a folder of its own', ...bound('/srv/data') },
  { name: 'the cgroups are judged by writable-cgroups', ...bound('/sys/fs/cgroup', {}, 'ro') },
  {
    name: 'a FUSE file system of lxcfs, whose mount lies below',
    ...bound('/var/lib/lxcfs', { submounts: [viewOf('/var/lib/lxcfs/proc', '9:1')] }, 'ro'),
  },
  {
    name: 'another cgroup file system is judged by writable-cgroups',
    ...bound(volume, { id: '9:1', fileSystem: 'cgroup2' }),
  },
  {
    name: "the host's /sys and /proc in their places, as rootless engines bind them for --net and --pid host",
    config: {
      mounts: [
        { destination: '/proc', type: 'bind', source: '/proc', options: ['rbind'] },
        { destination: '/sys', type: 'bind', source: '/sys', options: ['rbind', 'ro'] },
      ],
    },
    facts: { ...hostTree({}), ...rootless },
  },
  {
    name: 'a part that the policy allows, read-only',
    ...bound('/sys/class/net', {}, 'ro'),
    parameters: { 'allow-read-only': ['/sys/class'] },
  },
]

export const exposureBad: readonly BadExample<'another' | 'bound' | 'covered' | 'writable'>[] = [
  {
    name: 'a second /proc',
    config: besides({ destination: '/x', type: 'proc', source: 'proc' }),
    message: 'another',
    fixable: false,
  },
  {
    name: 'a second /sys, read-only',
    config: besides({ destination: '/x/../mnt/sys', type: 'sysfs', source: 'none', options: ['ro'] }),
    message: 'another',
    fixable: false,
  },
  {
    name: 'the debugging files of the kernel, even in their place',
    config: besides({ destination: '/sys/kernel/debug', type: 'debugfs', source: 'none' }),
    message: 'another',
    fixable: false,
  },
  {
    name: 'programs started by the kernel',
    config: mounted('binfmt_misc', 'none'),
    message: 'another',
    fixable: false,
  },
  { name: '/proc of the host, read-only', ...bound('/proc', {}, 'ro'), message: 'bound', fixable: false },
  { name: '/proc of the host, by path', config: bindOf('/proc/'), message: 'bound', fixable: false },
  {
    name: "a folder of it alone, over the container's own",
    config: bindOf('/proc/sys/kernel', '/proc/sys/kernel'),
    facts: hostTree({ '/proc/sys/kernel': {} }),
    message: 'bound',
    fixable: false,
  },
  {
    name: "another process's, through its root",
    config: bindOf('/proc/4711/root/proc'),
    facts: hostTree({ '/proc/4711/root/proc': { real: '/proc', id: '9:1' } }),
    message: 'bound',
    fixable: false,
  },
  {
    name: 'a bind of /proc somewhere else on the host',
    ...bound('/srv/p', { id: '1:/proc', ancestors: ['1:/srv', '1:/'] }),
    message: 'bound',
    fixable: false,
  },
  {
    name: 'a volume that is another /proc (docker volume create -o type=proc -o device=proc)',
    ...bound(volume, { id: '9:1', fileSystem: 'proc' }, 'ro'),
    message: 'bound',
    fixable: false,
  },
  {
    name: 'a volume that is another /sys, by a folder of it, in place of the usual one',
    config: bindOf(`${volume}/kernel`, '/sys/kernel'),
    facts: hostTree({
      [`${volume}/kernel`]: { id: '9:2', fileSystem: 'sysfs', ancestors: ['9:1', '1:/'] },
    }),
    message: 'bound',
    fixable: false,
  },
  {
    name: 'pinned BPF programs of another mount',
    ...bound('/srv/pins', { id: '9:1', fileSystem: 'bpf' }),
    message: 'bound',
    fixable: false,
  },
  {
    name: 'debugging files that the host shows nowhere else',
    ...bound('/srv/debug', { id: '9:1', fileSystem: 'debugfs' }, 'ro'),
    message: 'bound',
    fixable: false,
  },
  {
    name: 'a folder that brings another /proc along',
    ...bound('/srv', { submounts: [viewOf('/srv/chroot/proc', '9:1', 'proc')] }),
    message: 'bound',
    fixable: false,
  },
  {
    name: 'the root of the host brings it along',
    ...bound('/', { submounts: [viewOf('/proc')] }),
    message: 'bound',
    fixable: false,
  },
  { name: 'the root of the host, by path', config: bindOf('/'), message: 'bound', fixable: false },
  {
    name: "in its place, but as the host's root",
    config: { mounts: [{ destination: '/sys', type: 'bind', source: '/sys', options: ['rbind', 'ro'] }] },
    facts: { ...hostFacts({ '/sys': {}, '/proc': {} }), texts: { '/proc/self/uid_map': '0 0 4294967295\n' } },
    message: 'bound',
    fixable: false,
  },
  { name: 'a tmpfs over /proc', config: tmpfsAt('/proc'), message: 'covered', fixable: false },
  {
    name: 'a tmpfs over the labels',
    config: tmpfsAt('/proc//self/attr'),
    message: 'covered',
    fixable: false,
  },
  {
    name: 'a file over a setting',
    config: bindOf('/srv/fake', '/proc/sys/kernel/cap_last_cap'),
    message: 'covered',
    fixable: false,
  },
  {
    name: 'a writable /sys',
    config: { mounts: [{ destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid'] }] },
    message: 'writable',
  },
  {
    name: 'a writable /sys, the last flag winning',
    config: { mounts: [{ destination: '/sys/', type: 'sysfs', source: 'sysfs', options: ['ro', 'rw'] }] },
    message: 'writable',
  },
  {
    name: 'a writable /sys that no flag repairs',
    config: { mounts: [{ destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['rrw'] }] },
    message: 'writable',
    fixable: false,
  },
]
