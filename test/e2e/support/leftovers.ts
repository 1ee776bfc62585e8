/** What a container leaves on a private host: processes, mounts, runtime state, bundle, cgroups. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type PrivateHost, until } from './private-host.ts'

/** Folders in which runtimes and engines keep a container under its id while it exists for them. */
const stateFolders = [
  '/run/docker/runtime-runc/moby',
  '/run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby',
  '/run/containerd/runc/default',
  '/run/containerd/io.containerd.runtime.v2.task/default',
  '/run/runc',
  '/run/crun',
]

/** Everything of this container that is still there, in words. */
const leftovers = (host: PrivateHost, id: string): readonly string[] => [
  ...processes(host, id),
  ...mounts(host, id),
  ...stateFolders.map((folder) => `${folder}/${id}`).filter((path) => existsSync(host.path(path))),
  ...cgroups(host, id),
]

/** Waits until nothing of the container is left; engines tidy up a moment after they have answered. */
export const expectGone = (host: PrivateHost, id: string): Promise<void> =>
  until(
    () => leftovers(host, id).length === 0,
    () => `nothing to be left of ${id}, but there is: ${leftovers(host, id).join('; ')}`,
  )

const processes = (host: PrivateHost, id: string): readonly string[] =>
  readdirSync(host.path('/proc'))
    .filter((name) => /^[0-9]+$/.test(name))
    .map((pid) => commandLine(host.path(`/proc/${pid}/cmdline`)))
    .filter((line) => line.includes(id))

const commandLine = (path: string): string => {
  try {
    return readFileSync(path, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

const mounts = (host: PrivateHost, id: string): readonly string[] =>
  readFileSync(host.path('/proc/1/mounts'), 'utf8')
    .split('\n')
    .filter((line) => line.includes(id))

const cgroups = (host: PrivateHost, id: string): readonly string[] =>
  ['', ...readdirSync('/sys/fs/cgroup')]
    .map((hierarchy) => join('/sys/fs/cgroup', hierarchy, host.cgroup))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`))
    .filter((path) => path.includes(id))
