/** Examples of `sensitive-host-mounts`: every way around a comparison of names that the catalogue knows. */
import { hostTree, viewOf } from '../../core/example-facts.ts'
import type { BadExample, Example } from '../../core/rule.ts'
import { binds, bound, mounted } from './mount-examples.ts'

const ownFolder = `/var/lib/docker/containers/${'0'.repeat(64)}`
const podFolder = '/var/lib/kubelet/pods/9b1e4f5c-7b1c-4b53-a3a4-0ff1d0b9c3aa'
const proven = (...ownFolders: readonly string[]) => ({ proven: true, ownFolders })

export const sensitiveGood: readonly Example[] = [
  { name: 'no mount of the host', config: { mounts: [] } },
  { name: 'a folder of its own', ...bound('/srv/data') },
  { name: 'a folder of its own, by path', config: binds('/srv/data') },
  { name: 'the logs, read-only', ...bound('/var/log', {}, 'ro') },
  {
    name: 'programs, read-only with all below',
    ...bound('/usr', { submounts: [viewOf('/usr/local')] }, 'rro'),
  },
  { name: 'the time zone', ...bound('/etc/localtime', { real: '/usr/share/zoneinfo/UTC', kind: 'file' }) },
  { name: 'certificates, read-only', ...bound('/etc/ssl/certs', {}, 'ro') },
  { name: 'a named volume', ...bound('/var/lib/docker/volumes/db/_data') },
  { name: 'a named volume, by path', config: binds('/var/lib/docker/volumes/db/_data') },
  {
    name: 'the engine binds its own hosts file',
    config: binds(`${ownFolder}/hosts`),
    identity: proven(ownFolder),
    facts: hostTree({}),
  },
  {
    name: 'a CSI volume of the own pod, staged by kubelet elsewhere',
    config: binds(`${podFolder}/volumes/kubernetes.io~csi/pv/mount`),
    facts: hostTree({
      [podFolder]: {},
      [`${podFolder}/volumes/kubernetes.io~csi/pv/mount`]: {
        aliases: [viewOf('/var/lib/kubelet/plugins/kubernetes.io/csi/driver/1/globalmount')],
      },
    }),
    identity: proven(podFolder),
  },
  {
    name: 'a socket is for docker-socket to judge',
    ...bound('/run/docker.sock'),
  },
  {
    name: 'the init binary of the engine',
    config: {
      mounts: [
        {
          destination: '/sbin/docker-init',
          type: 'bind',
          source: '/usr/bin/docker-init',
          options: ['bind', 'ro'],
        },
      ],
    },
  },
  {
    name: 'layers of its own',
    config: mounted('overlay', 'overlay', 'lowerdir=/srv/a:/srv/b,upperdir=/srv/u,workdir=/srv/w'),
    facts: hostTree({ '/srv/a': {}, '/srv/b': {}, '/srv/u': {}, '/srv/w': {} }),
  },
  {
    name: 'a root file system of the engine',
    config: { root: { path: '/var/lib/docker/overlay2/0/merged', readonly: true } },
    facts: hostTree({}),
  },
]

export const sensitiveBad: readonly BadExample<'denied' | 'writable' | 'unresolved'>[] = [
  {
    name: 'the root of the host, even read-only',
    ...bound('/', {}, 'ro'),
    message: 'denied',
    fixable: false,
  },
  { name: 'a link to the root', ...bound('/srv/link', { real: '/' }), message: 'denied', fixable: false },
  { name: 'a path that climbs', ...bound('/var/..', { real: '/' }), message: 'denied', fixable: false },
  { name: 'a path that climbs, by path', config: binds('/var/./..//'), message: 'denied', fixable: false },
  {
    name: 'a volume that is a bind of the root',
    ...bound('/var/lib/docker/volumes/v/_data', { id: '1:/' }),
    message: 'denied',
    fixable: false,
  },
  {
    name: 'a volume that is a bind of a guarded folder',
    ...bound('/var/lib/docker/volumes/v/_data', { id: '1:/etc/cron.d', aliases: [viewOf('/etc/cron.d')] }),
    message: 'writable',
  },
  {
    name: 'a volume that is a bind of the volumes',
    ...bound('/var/lib/docker/volumes/v/_data', {
      id: '1:/var/lib/docker/volumes',
      aliases: [viewOf('/var/lib/docker/volumes')],
    }),
    message: 'writable',
  },
  {
    name: 'a subPath that is a bind of the shadow file',
    ...bound(`${podFolder}/volume-subpaths/v/c/0`, { id: '1:/etc/shadow' }, 'ro'),
    identity: proven(podFolder),
    message: 'denied',
    fixable: false,
  },
  { name: 'the parent of guarded folders', ...bound('/var'), message: 'writable' },
  { name: 'a folder within a guarded one', ...bound('/etc/cron.d'), message: 'writable' },
  { name: 'a home, by path', config: binds('/home/user/project'), message: 'writable' },
  { name: 'rw after ro', ...bound('/usr', {}, 'ro', 'rw'), message: 'writable' },
  {
    name: 'a configuration folder, for what lies in it',
    ...bound('/etc', {}, 'ro'),
    message: 'denied',
    fixable: false,
  },
  { name: 'process files unmasked', ...bound('/proc'), message: 'denied', fixable: false },
  {
    name: 'a folder not there yet',
    ...bound('/etc/new', { error: 'ENOENT', id: '', kind: null }),
    message: 'writable',
  },
  {
    name: 'a read-only mount with a writable one below',
    ...bound('/srv/data', { submounts: [viewOf('/srv/data/run', '1:/run')] }, 'ro'),
    message: 'writable',
    fixable: false,
  },
  {
    name: 'a guarded folder mounted below the source',
    ...bound('/srv/data', { submounts: [viewOf('/srv/data/all', '1:/')] }, 'rro'),
    message: 'denied',
    fixable: false,
  },
  {
    name: 'another view of the disk',
    ...bound('/mnt/disk/etc/ssh', { aliases: [viewOf('/etc/ssh')] }),
    message: 'writable',
  },
  {
    name: 'what holds the root (ostree)',
    config: mounted('bind', '/sysroot', 'rbind', 'ro'),
    facts: hostTree({ '/sysroot': {}, '/': { aliases: [viewOf('/sysroot/deploy/1', '1:/')] } }),
    message: 'denied',
    fixable: false,
  },
  {
    name: 'the disk of the host',
    config: mounted('ext4', '/dev/sda1'),
    facts: hostTree({ '/dev/sda1': { kind: 'block', device: '6', represents: '2049' } }),
    message: 'denied',
    fixable: false,
  },
  {
    name: 'any disk where the root does not tell its own',
    config: mounted('btrfs', '/dev/sdb'),
    facts: hostTree({
      '/': { device: '35' },
      '/dev/sdb': { kind: 'block', device: '6', represents: '2064' },
    }),
    message: 'denied',
    fixable: false,
  },
  {
    name: 'an overlay of the host',
    config: mounted('overlay', 'overlay', 'lowerdir=/srv/a:/,upperdir=/u'),
    facts: hostTree({ '/srv/a': {}, '/u': {} }),
    message: 'denied',
    fixable: false,
  },
  {
    name: 'the kernel’s one devtmpfs',
    config: mounted('devtmpfs', 'devtmpfs'),
    facts: hostTree({}),
    message: 'writable',
  },
  {
    name: 'the root of the host as root file system',
    config: { root: { path: '/srv/link', readonly: true } },
    facts: hostTree({ '/srv/link': { real: '/' } }),
    message: 'denied',
    fixable: false,
  },
  {
    name: 'a mount without options',
    config: { mounts: [{ destination: '/x', type: 'bind', source: '/var/log' }] },
    facts: hostTree({}),
    message: 'writable',
  },
  {
    name: 'a source that cannot be followed',
    ...bound('/srv/loop', { error: 'ELOOP', id: '', kind: null }),
    message: 'unresolved',
    fixable: false,
  },
  {
    name: 'a source relative to a bundle nobody knows',
    config: binds('../../etc'),
    message: 'unresolved',
    fixable: false,
  },
]
