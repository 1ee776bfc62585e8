/** Examples of `host-devices`. */
import { hostTree, viewOf } from '../../core/example-facts.ts'
import type { PathFact } from '../../core/facts.ts'
import type { BadExample, Example } from '../../core/rule.ts'

const deny = { allow: false, access: 'rwm' }
const rule = (type: string, major: number, minor?: number): object => ({
  allow: true,
  type,
  major,
  ...(minor === undefined ? {} : { minor }),
  access: 'rwm',
})
const loop = { path: '/dev/loop-control', type: 'c', major: 10, minor: 237 }
const bind = (source: string, destination = '/x', options: readonly string[] = ['rbind']): object => ({
  mounts: [{ destination, type: 'bind', source, options }],
})
const node = (kind: 'block' | 'character', represents: number): Partial<PathFact> => ({
  kind,
  represents: String(represents),
})
const disk = node('block', 2048)
// What moby daemon/pkg/oci/defaults.go writes.
const ofDocker = [
  deny,
  rule('c', 1, 5),
  rule('c', 1, 3),
  rule('c', 1, 9),
  rule('c', 1, 8),
  rule('c', 5, 0),
  rule('c', 5, 1),
  { allow: false, type: 'c', major: 10, minor: 229, access: 'rwm' },
]

export const devicesGood: readonly Example[] = [
  { name: 'what Docker writes', resources: { devices: ofDocker } },
  {
    name: 'what ctr writes',
    resources: { devices: [deny, rule('c', 1, 7), rule('c', 136), rule('c', 5, 2)] },
  },
  {
    name: 'nodes of every container, and tun, which runc allows anyway',
    config: {
      linux: {
        devices: [
          { path: '/dev/null', type: 'c', major: 1, minor: 3 },
          { path: '/dev/net/tun', type: 'c', major: 10, minor: 200 },
          { path: '/run/pipe', type: 'p' },
        ],
      },
    },
  },
  {
    name: 'a device the site allows',
    config: { linux: { devices: [{ path: '/dev/fuse', type: 'c', major: 10, minor: 229 }] } },
    resources: { devices: [deny, rule('c', 10, 229)] },
    parameters: { allow: ['c 10:229'] },
  },
  {
    name: 'a device denied again',
    resources: { devices: [rule('b', 8), { ...rule('b', 8), allow: false }] },
  },
  { name: 'mknod alone', resources: { devices: [deny, { allow: true, type: 'b', access: 'm' }] } },
  {
    name: 'a bind of /dev/null, as rootless Podman makes them',
    config: bind('/dev/null', '/dev/null'),
    facts: hostTree({ '/dev/null': node('character', 259) }),
  },
  { name: 'the same, away from the host', config: bind('/dev/null', '/dev/null') },
  {
    name: 'the socket of the system log',
    config: bind('/dev/log', '/dev/log'),
    facts: hostTree({ '/dev/log': { real: '/run/log.sock', kind: 'socket' } }),
  },
  { name: 'shared memory, which host-ipc judges', config: bind('/dev/shm', '/dev/shm'), facts: hostTree({}) },
  {
    name: 'the whole host, which sensitive-host-mounts judges',
    config: bind('/', '/host', ['rbind', 'ro']),
    facts: hostTree({ '/': { submounts: [] } }),
  },
  { name: 'an ordinary folder', config: bind('/srv'), facts: hostTree({ '/srv': {} }) },
]

type Key = 'every' | 'nodes' | 'rules' | 'mounted'

export const devicesBad: readonly BadExample<Key>[] = [
  {
    name: 'a device, as --device writes it',
    config: { linux: { devices: [loop] } },
    resources: { devices: [...ofDocker, rule('c', 10, 237)] },
    message: 'nodes',
  },
  {
    name: 'a node without a rule',
    config: { linux: { devices: [{ path: '/dev/x', type: 'b', major: 8, minor: 0 }] } },
    message: 'nodes',
  },
  {
    name: 'a harmless name for another number',
    config: { linux: { devices: [{ path: '/dev/null', type: 'c', major: 1, minor: 1 }] } },
    message: 'nodes',
  },
  {
    name: '--device-cgroup-rule alone',
    resources: { devices: [...ofDocker, { allow: true, type: 'c', major: 42, minor: -1, access: 'rmw' }] },
    message: 'rules',
  },
  {
    name: 'reading alone',
    resources: { devices: [deny, { allow: true, type: 'b', major: 8, minor: 0, access: 'r' }] },
    message: 'rules',
  },
  {
    name: 'allowed, with a denial that takes back less',
    resources: { devices: [deny, rule('b', 8), { ...rule('b', 8, 1), allow: false }] },
    message: 'rules',
  },
  {
    name: 'allowed after the denial',
    resources: { devices: [deny, { ...rule('c', 10, 229), allow: false }, rule('c', 10, 229)] },
    message: 'rules',
  },
  {
    name: 'everything, and the nodes of the host, as --privileged writes them',
    config: { linux: { devices: [loop, { path: '/dev/sda', type: 'b', major: 8, minor: 0 }] } },
    resources: { devices: [...ofDocker, { allow: true, access: 'rwm' }] },
    message: 'every',
  },
  {
    name: 'everything, and no list before it',
    resources: { devices: [{ allow: true, type: 'a', major: 1, minor: 3, access: 'm' }] },
    message: 'every',
  },
  {
    name: 'every block device',
    resources: { devices: [deny, { allow: true, type: 'b', major: -1, minor: -1, access: 'rw' }] },
    message: 'every',
  },
  {
    name: 'a disk under another name',
    config: bind('/srv/disk', '/x', ['bind', 'ro']),
    facts: hostTree({ '/srv/disk': disk }),
    message: 'mounted',
  },
  {
    name: 'the memory of the host through a link',
    config: bind('/srv/m'),
    facts: hostTree({ '/srv/m': { real: '/dev/mem', ...node('character', 257) } }),
    message: 'mounted',
  },
  {
    name: 'all of /dev, read-only',
    config: bind('/dev', '/dev', ['rbind', 'ro']),
    facts: hostTree({}),
    message: 'mounted',
  },
  {
    name: 'a folder of devices',
    config: bind('/dev/mapper'),
    facts: hostTree({ '/dev/mapper': {} }),
    message: 'mounted',
  },
  {
    name: 'the file system of the devices, mounted anew',
    config: { mounts: [{ destination: '/d', type: 'devtmpfs', source: 'x' }] },
    facts: hostTree({}),
    message: 'mounted',
  },
  {
    name: 'a copy of /dev elsewhere on the host',
    config: bind('/srv/chroot/dev'),
    facts: hostTree({ '/srv/chroot/dev': { id: '1:/dev' } }),
    message: 'mounted',
  },
  {
    name: 'a folder that brings a copy of /dev along',
    config: bind('/srv/chroot'),
    facts: hostTree({
      '/srv/chroot': { submounts: [viewOf('/srv/chroot/dev', '1:/dev')] },
    }),
    message: 'mounted',
  },
  { name: 'a disk by name, away from the host', config: bind('/dev/sda'), message: 'mounted' },
  {
    name: 'a restore, whose nodes are those of the checkpoint',
    operation: 'restore',
    config: { linux: { devices: [loop] } },
    message: 'nodes',
    fixable: false,
  },
]
