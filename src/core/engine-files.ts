/**
 * Which mounts are the engine's own doing, known without looking at the host: hosts, hostname, resolv.conf, shm,
 * secrets, kubelet's generated volumes, the init binary. Shapes as recorded from Docker 20.10 to 28, Podman 4.3
 * and 5.8, containerd 1.6 and 2.1 (CRI), CRI-O 1.37 and BuildKit.
 */
import { type HostSource, hostSources, isPrivate, isWritable } from './mounts.ts'
import type { Mount } from './oci.ts'
import { hasSameMounts, remembered } from './remembered.ts'
import type { RuleInput } from './rule.ts'

/** True when the engine itself made this mount. */
export const isEngineOwn = (mount: Mount, { identity, facts }: RuleInput): boolean => {
  const { source } = mount
  if (source === undefined || source.includes('..')) return false
  // Who writes a Dockerfile names no host path: context, caches and secrets are BuildKit's own folders.
  if (identity.engine === 'buildkit' && identity.proven) return true
  if (initBinaries.has(source)) return initDestinations.has(mount.destination) && !isWritable(mount)
  if (!facts.onHost) {
    const folder = engineFolder.exec(source)?.[0]
    if (folder !== undefined && engineMade.test(source.slice(folder.length))) return true
  }
  for (const folder of identity.ownFolders) {
    if (source.startsWith(folder) && source[folder.length] === '/') {
      return engineMade.test(source.slice(folder.length + 1))
    }
    if (isBorrowed(mount, folder, identity.containerId)) return true
  }
  return false
}

/**
 * True for the hosts file, shm and the like of another container of the same engine, mounted in their usual places:
 * that is how Docker and Podman let a container join the network or IPC namespace of another, or its pod.
 */
const isBorrowed = ({ source = '', destination }: Mount, ownFolder: string, containerId: string): boolean => {
  const names = borrowed.get(destination)
  const start = containerId === '' ? -1 : ownFolder.indexOf(`/${containerId}`) + 1
  if (names === undefined || start <= 0) return false
  const end = start + containerId.length
  const isSibling = source.startsWith(ownFolder.slice(0, start)) && isId.test(source.slice(start, end))
  return isSibling && names.some((name) => source.slice(end) === `${ownFolder.slice(end)}/${name}`)
}

const isId = /^[0-9a-f]{64}$/

const borrowed: ReadonlyMap<string, readonly string[]> = new Map([
  ['/etc/hosts', ['hosts']],
  ['/etc/hostname', ['hostname']],
  ['/etc/resolv.conf', ['resolv.conf']],
  ['/dev/shm', ['mounts/shm', 'shm']],
])

/** The host paths that someone asked for: those of every mount the engine did not make by itself. */
export const userSources = remembered(hasSameMounts, (input: RuleInput): readonly HostSource[] => {
  const mounts = input.config?.mounts ?? []
  const found: HostSource[] = []
  for (let index = 0; index < mounts.length; index++) {
    const mount = mounts[index]
    if (mount === undefined || isPrivate(mount) || isEngineOwn(mount, input)) continue
    for (const source of hostSources(mount, index)) found.push(source)
  }
  return found
})

/**
 * The root file system as a source, where its caller chose it (`podman run --rootfs /`, `ctr run --rootfs /`).
 * Inside the storage of an engine, or relative to the bundle, the engine made it.
 */
export const rootSource = ({ config }: RuleInput): HostSource | undefined => {
  const path = config?.root?.path ?? ''
  const chosen =
    path.startsWith('/') && (path.includes('..') || !storage.some((folder) => path.startsWith(folder)))
  if (!chosen) return undefined
  return {
    index: -1,
    destination: '/',
    path,
    writable: config?.root?.readonly !== true,
    submounts: 'writable',
  }
}

const storage = ['/var/lib/docker/', '/var/lib/containers/', '/var/lib/containerd/', '/run/containerd/']

const initBinaries: ReadonlySet<string> = new Set([
  '/usr/bin/docker-init',
  '/usr/local/bin/docker-init',
  '/usr/libexec/docker/docker-init',
  '/usr/bin/tini-static',
  '/usr/bin/catatonit',
  '/usr/libexec/podman/catatonit',
  '/usr/local/libexec/podman/catatonit',
  '/usr/lib/podman/catatonit',
])

const initDestinations: ReadonlySet<string> = new Set([
  '/sbin/docker-init',
  '/dev/init',
  '/run/podman-init',
  '/catatonit',
])

// Below a folder of the container's own. What a user can make the engine bind in there from elsewhere
// (kubelet's volume-subpaths, local and CSI volumes) is left out: it is looked at like any other source.
const engineMade =
  /^(?:[^/]+|mounts\/shm|mounts\/(?:secrets|configs)\/[^/]+|(?:run\/)?secrets(?:\/[^/]+)?|run\/\.containerenv|containers\/[^/]+\/[^/]+|volumes\/[0-9a-f]+|volumes\/kubernetes\.io~(?:projected|secret|configmap|downward-api|empty-dir)\/[^/]+)$/

// Away from the host no engine can be proven; a bundle is judged as if the engine that wrote it called.
const engineFolder =
  /^\/.*?(?:\/containers\/[0-9a-f]{64}|\/overlay-containers\/[0-9a-f]{64}\/userdata|\.cri\/(?:sandboxes|containers)\/[0-9a-f]{64}|\/buildkit\/executor|\/kubelet\/pods\/[0-9a-f-]{36})\//
