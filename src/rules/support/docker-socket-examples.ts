/** Examples of `docker-socket`. */
import { hostTree, viewOf } from '../../core/example-facts.ts'
import type { FileKind } from '../../core/facts.ts'
import type { BadExample, Example } from '../../core/rule.ts'
import { binds, bound } from './mount-examples.ts'

const configured = (source: string, kind: FileKind): Pick<Example, 'config' | 'facts'> => {
  const { config, facts } = bound(source, { kind })
  const hosts = '{ "hosts": ["fd://", "unix:///srv/engine/api"] }'
  return { config, facts: { ...facts, texts: { '/etc/docker/daemon.json': hosts } } }
}

export const socketGood: readonly Example[] = [
  { name: 'no mount of the host', config: { mounts: [] } },
  { name: 'a folder of its own', ...bound('/srv/data') },
  { name: 'a socket of a program', ...bound('/run/app/app.sock') },
  {
    name: 'a folder beside a socket that Docker is told to listen on',
    ...configured('/srv/data', 'directory'),
  },
  { name: 'a device plug-in’s socket folder of kubelet', ...bound('/var/lib/kubelet/device-plugins') },
]

export const socketBad: readonly BadExample<'socket' | 'folder'>[] = [
  { name: 'the socket', ...bound('/run/docker.sock'), message: 'socket' },
  { name: 'the socket, by path', config: binds('/var/run/docker.sock'), message: 'socket' },
  { name: 'the socket read-only', ...bound('/run/docker.sock', {}, 'ro'), message: 'socket' },
  { name: 'a link to the socket', ...bound('/srv/s', { real: '/run/docker.sock' }), message: 'socket' },
  {
    name: 'a hard link',
    ...bound('/run/s', { id: '1:/run/docker.sock', kind: 'socket' }),
    message: 'socket',
  },
  {
    name: 'two of them',
    config: binds('/run/docker.sock', '/srv', '/run/crio/crio.sock'),
    message: 'socket',
  },
  { name: 'its folder', ...bound('/run'), message: 'folder', fixable: false },
  {
    name: 'its folder by the old name',
    ...bound('/var/run', { real: '/run' }),
    message: 'folder',
    fixable: false,
  },
  { name: 'the root of the host', config: binds('/'), message: 'folder', fixable: false },
  { name: 'a plug-in’s socket', ...bound('/run/docker/plugins/p.sock'), message: 'socket' },
  { name: 'a user’s own engine', ...bound('/run/user/1000/docker.sock'), message: 'socket' },
  {
    name: 'a folder a user’s engine may be in',
    config: binds('/run/user/1000'),
    message: 'folder',
    fixable: false,
  },
  {
    name: 'a volume that is a bind of /run',
    ...bound('/vol', { id: '1:/run' }),
    message: 'folder',
    fixable: false,
  },
  {
    name: 'a folder the socket is mounted into',
    ...bound('/srv', { submounts: [viewOf('/srv/s', '1:/run/docker.sock')] }),
    message: 'folder',
    fixable: false,
  },
  {
    name: 'a socket moved elsewhere, by who listens',
    config: binds('/srv/api'),
    facts: {
      ...hostTree({ '/srv/api': {}, '/srv/api/docker.sock': {} }),
      listeners: ['/srv/api/docker.sock'],
    },
    message: 'folder',
    fixable: false,
  },
  {
    name: 'a socket under a name of the site’s own, by Docker’s settings',
    ...configured('/srv/engine/api', 'socket'),
    message: 'socket',
  },
  {
    name: 'a folder of such a socket',
    ...configured('/srv/engine', 'directory'),
    message: 'folder',
    fixable: false,
  },
]
