/** Examples of `rootfs-symlinks`: images with usual links, and with those that attacks use. */
import type { HostFacts, InsideFact } from '../../core/facts.ts'
import type { BadExample, Example } from '../../core/rule.ts'
import { volumeAt } from './mount-examples.ts'

const plain = (path: string): InsideFact => ({ real: path, links: [], exists: true })

/** An image in which these paths are links. */
const image = (links: { readonly [path: string]: InsideFact } = {}): Partial<HostFacts> => ({
  onHost: true,
  inside: {
    ...Object.fromEntries(
      ['/dev', '/proc', '/sys', '/dev/null', '/dev/shm'].map((path) => [path, plain(path)]),
    ),
    ...links,
  },
})

const link = (real: string, ...links: readonly string[]): InsideFact => ({ real, links, exists: true })

const tmpfsOnDev = { mounts: [{ destination: '/dev', type: 'tmpfs', source: 'tmpfs' }] }

export const symlinksGood: readonly Example[] = [
  { name: 'an ordinary image', facts: image() },
  {
    name: 'a volume in a plain folder',
    config: volumeAt('/data'),
    facts: image({ '/data': plain('/data') }),
  },
  {
    name: 'usual links on the way',
    config: volumeAt('/var/run/app'),
    facts: image({ '/var/run/app': link('/run/app', '/var/run -> /run') }),
  },
  {
    name: 'a destination that does not exist yet',
    config: volumeAt('/data'),
    facts: image({ '/data': { real: '/data', links: [], exists: false } }),
  },
  {
    name: 'a link that nearly every image has',
    config: volumeAt('/etc/mtab'),
    facts: image({ '/etc/mtab': link('/proc/mounts', '/etc/mtab -> /proc/mounts') }),
  },
  {
    name: 'links below a /dev that a file system of its own covers',
    config: tmpfsOnDev,
    facts: image({ '/dev/null': link('/x', '/dev/null -> /x') }),
  },
]

export const symlinksBad: readonly BadExample<'replaced' | 'diverted' | 'unseen'>[] = [
  { name: '/proc is a link', facts: image({ '/proc': link('/x', '/proc -> x') }), message: 'replaced' },
  {
    name: '/dev is a link, under a file system of its own',
    config: tmpfsOnDev,
    facts: image({ '/dev': link('/proc/self', '/dev -> /proc/self') }),
    message: 'replaced',
  },
  {
    name: '/dev/null is a link to a setting of the kernel, to be bound where paths are masked',
    facts: image({
      '/dev/null': link('/proc/sys/kernel/core_pattern', '/dev/null -> ../proc/sys/kernel/core_pattern'),
    }),
    message: 'replaced',
  },
  {
    name: 'a volume over the labels of AppArmor and SELinux',
    config: volumeAt('/data'),
    facts: image({ '/data': link('/proc/self/attr', '/data -> /proc/self/attr') }),
    message: 'diverted',
  },
  {
    name: 'by two links',
    config: volumeAt('/data/x'),
    facts: image({ '/data/x': link('/proc/x', '/data -> /run/d', '/run/d -> ../proc') }),
    message: 'diverted',
  },
  {
    name: 'a file system over a folder of a volume that is a link to all processes',
    config: { mounts: [...volumeAt('/volume').mounts, { destination: '/volume/target', type: 'tmpfs' }] },
    facts: image({
      '/volume': plain('/volume'),
      '/volume/target': link('/proc', '/volume/target -> /proc'),
    }),
    message: 'diverted',
  },
  {
    name: 'through the descriptors of the runtime, whatever comes after them',
    config: volumeAt('/data'),
    facts: image({
      '/data': {
        real: '/proc/self/fd/7/../../..',
        links: ['/data -> /proc/self/fd/7/../../..'],
        exists: false,
        descriptors: '/proc/self/fd/7',
      },
    }),
    message: 'diverted',
  },
  {
    name: 'a volume over everything',
    config: volumeAt('/data'),
    facts: image({ '/data': link('/', '/data -> ../../..') }),
    message: 'diverted',
  },
  {
    name: 'links without end',
    config: volumeAt('/data'),
    facts: image({
      '/data': { real: '/a', links: Array.from({ length: 41 }, () => '/a -> a'), exists: false },
    }),
    message: 'diverted',
  },
  {
    name: "the folder of the engine's own files",
    config: {
      mounts: [{ destination: '/etc/hosts', type: 'bind', source: '/srv/c/hosts', options: ['rbind'] }],
    },
    identity: { engine: 'docker', proven: true, ownFolders: ['/srv/c'] },
    facts: image({ '/etc': link('/proc/self', '/etc -> proc/self') }),
    message: 'diverted',
  },
  { name: 'away from the host', message: 'unseen' },
]
