/** Hosts for examples: a file tree in which every id follows from the path, and only what differs is written. */
import type { HostFacts, PathFact, PathView } from './facts.ts'

const ordinary = [
  '/',
  '/bin',
  '/boot',
  '/dev',
  '/dev/shm',
  '/etc',
  '/etc/kubernetes',
  '/etc/localtime',
  '/etc/shadow',
  '/etc/ssl/certs',
  '/home',
  '/lib',
  '/lib/modules',
  '/proc',
  '/root',
  '/run',
  '/run/containerd/containerd.sock',
  '/run/docker.sock',
  '/run/docker/plugins',
  '/sys',
  '/usr',
  '/var/lib/containerd',
  '/var/lib/containers',
  '/var/lib/docker',
  '/var/lib/docker/volumes',
  '/var/lib/kubelet',
  '/var/log',
] as const

const idOf = (path: string): string => `1:${path}`

/** The file at this place of the tree, as another mount of its file system shows it. */
export const viewOf = (path: string, id = idOf(path), fileSystem = ''): PathView => ({
  path,
  id,
  ancestors: ancestorsOf(path),
  fileSystem,
})

/**
 * Facts of a host with the usual folders and these paths. `real` makes a path a link, `id` a bind mount;
 * `/var/run` is the usual link to `/run`, and `/` is on device 2049 (/dev/sda1).
 */
export const hostTree = (paths: { readonly [path: string]: Partial<PathFact> }): Partial<HostFacts> => ({
  onHost: true,
  paths: Object.fromEntries(
    Object.entries({
      ...Object.fromEntries(ordinary.map((path) => [path, {}])),
      '/var/run': { real: '/run' },
      '/var/run/docker.sock': { real: '/run/docker.sock' },
      ...paths,
    }).map(([path, changes]) => [path, factAt(path, changes)]),
  ),
})

const ancestorsOf = (path: string): readonly string[] => {
  if (path === '/') return []
  const parent = path.slice(0, path.lastIndexOf('/')) || '/'
  return [idOf(parent), ...ancestorsOf(parent)]
}

const factAt = (path: string, changes: Partial<PathFact>): PathFact => {
  const real = changes.real ?? path
  return {
    path,
    error: null,
    real,
    id: idOf(real),
    kind: real.endsWith('.sock') ? 'socket' : 'directory',
    device: '2049',
    fileSystem: '',
    represents: '0',
    ancestors: ancestorsOf(real),
    aliases: [],
    submounts: [],
    ...changes,
  }
}
