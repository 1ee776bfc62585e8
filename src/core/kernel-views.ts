/** Where a container sees the kernel's own file systems: instances of them, and binds of the host's. */
import { isEngineOwn } from './engine-files.ts'
import type { HostFacts, PathFact, PathView, Probe } from './facts.ts'
import { depthBelow, factOf, viewsOf } from './host-paths.ts'
import { destinationOf, type HostSource, hostSources, isBind, isPrivate, isWritable } from './mounts.ts'
import type { Mount } from './oci.ts'
import { cleanPath, isWithin } from './path.ts'
import { hasSameMounts, remembered } from './remembered.ts'
import type { RuleInput } from './rule.ts'

/** One part of the kernel's file systems that a mount shows. */
export interface KernelView {
  /** Position in `mounts`. */
  readonly index: number
  /** Where in the container, cleaned. */
  readonly destination: string
  /** What it shows, by the path it has on a host: `/proc`, `/sys/kernel/debug`, `/proc/sys/kernel`. */
  readonly shows: string
  /** The type of an instance mounted by itself; undefined for a bind of the host's. */
  readonly type: string | undefined
  readonly writable: boolean
}

/** File systems of the kernel by type, and where a host has them (the cgroup ones are judged by themselves). */
export const kernelTypes: ReadonlyMap<string, string> = new Map([
  ['proc', '/proc'],
  ['sysfs', '/sys'],
  ['binfmt_misc', '/proc/sys/fs/binfmt_misc'],
  ['bpf', '/sys/fs/bpf'],
  ['configfs', '/sys/kernel/config'],
  ['debugfs', '/sys/kernel/debug'],
  ['efivarfs', '/sys/firmware/efi/efivars'],
  ['fusectl', '/sys/fs/fuse/connections'],
  ['pstore', '/sys/fs/pstore'],
  ['securityfs', '/sys/kernel/security'],
  ['selinuxfs', '/sys/fs/selinux'],
  ['tracefs', '/sys/kernel/tracing'],
])

/** What the views need to know of the host: nothing unless somebody had a path of it mounted. */
export const kernelViewProbes = remembered(hasSameMounts, (input: RuleInput): readonly Probe[] => {
  const probes: Probe[] = []
  forEachMount(input, (mount, index) => {
    for (const { path } of askedSources(mount, index, input)) probes.push({ path, mounts: true })
  })
  return probes.length === 0 ? [] : [...probes, { path: '/proc' }, { path: '/sys' }]
})

/** Every view, in the order of the mounts; what a recursive bind brings along are views of their own. */
export const kernelViews = remembered(hasSameMounts, (input: RuleInput): readonly KernelView[] => {
  const views: KernelView[] = []
  forEachMount(input, (mount, index) => {
    const shows = isBind(mount) ? undefined : kernelTypes.get(mount.type ?? '')
    if (shows !== undefined) {
      const destination = destinationOf(mount)
      views.push({ index, destination, shows, type: mount.type, writable: isWritable(mount) })
      return
    }
    for (const source of askedSources(mount, index, input)) views.push(...boundViews(source, input.facts))
  })
  return views
})

/** True when the mounts leave this path of the container to the mount at `index`: the last one over it counts. */
export const isShown = (path: string, index: number, mounts: readonly Mount[]): boolean => {
  for (let later = mounts.length - 1; later > index; later--) {
    const mount = mounts[later]
    if (mount !== undefined && isWithin(path, destinationOf(mount))) return false
  }
  return true
}

const forEachMount = ({ config }: RuleInput, visit: (mount: Mount, index: number) => void): void => {
  const mounts = config?.mounts ?? []
  for (let index = 0; index < mounts.length; index++) {
    const mount = mounts[index]
    if (mount !== undefined) visit(mount, index)
  }
}

const askedSources = (mount: Mount, index: number, input: RuleInput): readonly HostSource[] => {
  const own = !isBind(mount) && (kernelTypes.has(mount.type ?? '') || isPrivate(mount))
  return own || isEngineOwn(mount, input) ? [] : hostSources(mount, index)
}

const boundViews = (source: HostSource, facts: HostFacts): readonly KernelView[] => {
  const fact = factOf(facts, source.path)
  const at = cleanPath(source.destination)
  const view = (shows: string | undefined, destination: string, writable: boolean): readonly KernelView[] =>
    shows === undefined ? [] : [{ index: source.index, destination, shows, type: undefined, writable }]
  const top = view(placeOf(viewsOf(fact), facts), at, source.writable)
  if (source.submounts === 'none') return top
  const below = facts.onHost ? fact.submounts : usualMounts(fact, facts)
  const brought = below.flatMap((mounted) =>
    view(placeOf([mounted], facts), at + tailOf(mounted.path, fact.real), source.submounts === 'writable'),
  )
  return [...top, ...brought]
}

/** What a host usually has mounted below, where nobody could look. */
const usualMounts = ({ real }: PathFact, facts: HostFacts): readonly PathView[] =>
  [...kernelTypes.values(), '/sys/fs/cgroup']
    .filter((path) => path !== real && isWithin(path, real))
    .map((path) => factOf(facts, path))

const tailOf = (path: string, folder: string): string => (folder === '/' ? path : path.slice(folder.length))

/** What a file is by any of its views: on the host's own /proc and /sys, else on another instance of their like. */
const placeOf = (views: readonly PathView[], facts: HostFacts): string | undefined => {
  for (const view of views) {
    const place = placeOnHost(view, facts)
    if (place !== undefined) return place
  }
  // A view that is the top of a mount says nothing of the folders above it; another view of the file may.
  let deepest: string | undefined
  for (const view of views) {
    const place = placeByType(view)
    if (place !== undefined && place.length > (deepest?.length ?? 0)) deepest = place
  }
  return deepest
}

/** The path a file would have on a host that mounts its file system where all do. */
const placeByType = ({ path, id, ancestors, fileSystem }: PathView): string | undefined => {
  const root = fileSystem.startsWith('cgroup') ? '/sys/fs/cgroup' : kernelTypes.get(fileSystem)
  if (root === undefined) return undefined
  const device = id.slice(0, id.indexOf(':') + 1)
  const top = ancestors.findIndex((ancestor) => !ancestor.startsWith(device))
  const depth = top < 0 ? ancestors.length : top
  return depth === 0 ? root : `${root}/${path.split('/').slice(-depth).join('/')}`
}

/** The path a file of /proc or /sys has below them, by inode whatever mount shows it; by name where that fails. */
const placeOnHost = (view: PathView, facts: HostFacts): string | undefined => {
  for (const root of ['/proc', '/sys']) {
    const depth = depthBelow(view, factOf(facts, root))
    if (depth === 0) return root
    if (depth > 0) return `${root}/${view.path.split('/').slice(-depth).join('/')}`
    // Another process's /proc, reached through /proc/PID/root, has the name but not the inode.
    if (isWithin(view.path, root)) return view.path
  }
  return undefined
}
