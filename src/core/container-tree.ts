/**
 * Follows a path of a container as the kernel does: through links of the image and of volumes, never out of the root
 * (openat2(2), RESOLVE_IN_ROOT), and no further than the descriptors of a process, whatever `..` come after them.
 */
import type { InsideFact } from './facts.ts'
import { destinationOf, hostSources, isBind } from './mounts.ts'
import type { Mount } from './oci.ts'
import { cleanPath } from './path.ts'

/** As the kernel's MAXSYMLINKS (include/linux/namei.h). */
const maxLinks = 40

/** What lies at a path of the host. */
export interface Look {
  readonly exists: boolean
  /** Target of the link it is. */
  readonly link?: string
}

/** What a walk asks of the host. */
export interface HostFiles {
  look(path: string): Look
  /** The path without links; as written where it leads nowhere. */
  resolve(path: string): string
}

/** Away from the host: every path exists and none is a link. */
export const noHostFiles: HostFiles = { look: () => ({ exists: true }), resolve: cleanPath }

/** Where a container lies: its root file system and bundle are folders of the host. */
export interface ContainerPlace {
  readonly root: string
  readonly bundle: string
  readonly mounts: readonly Mount[]
}

/** A mount where it comes to lie; the root file system is the one without a mount. */
interface Mounted {
  /** Its turn: what is mounted later covers what lies below it. */
  readonly turn: number
  readonly at: string
  readonly mount?: Mount
}

/** A container's files as its mounts make them up. */
export interface ContainerTree {
  readonly files: HostFiles
  readonly place: ContainerPlace
  /** By where they lie. */
  readonly mounted: ReadonlyMap<string, Mounted>
  /** Where destinations lead at the moment something is mounted there; only those with links. */
  readonly diverted: ReadonlyMap<string, InsideFact>
}

/** Puts the mounts in place, one after the other, as the runtime does. */
export const treeOf = (place: ContainerPlace, files: HostFiles): ContainerTree => {
  const mounted = new Map<string, Mounted>()
  const diverted = new Map<string, InsideFact>()
  const tree = { files, place, mounted, diverted }
  for (const [turn, mount] of place.mounts.entries()) {
    // runc fills it with what it covers.
    if (mount.options?.includes('tmpcopyup') === true) continue
    const destination = destinationOf(mount)
    const fact = walk(tree, destination)
    if (fact.links.length > 0 && !diverted.has(destination)) diverted.set(destination, fact)
    mounted.set(fact.real, { turn, at: fact.real, mount })
  }
  return tree
}

/**
 * Where `path` (absolute, inside the root) leads. For the destination of a mount: where that mount is led, and among
 * whose descriptors it leads a process once all mounts are in place.
 */
export const followInside = (tree: ContainerTree, path: string): InsideFact => {
  const fact = walk(tree, path)
  const led = tree.diverted.get(path)
  if (led === undefined) return fact
  const descriptors = led.descriptors ?? fact.descriptors
  return descriptors === undefined ? led : { ...led, descriptors }
}

/** A folder on the way. */
interface Step {
  /** Empty for the root. */
  readonly path: string
  readonly of: Mounted
  readonly exists: boolean
}

const walk = (tree: ContainerTree, path: string): InsideFact => {
  const rest = partsOf(path).toReversed()
  const links: string[] = []
  const way: Step[] = []
  const top: Step = { path: '', of: tree.mounted.get('/') ?? { turn: -1, at: '/' }, exists: true }
  let missing = false
  for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
    if (part === '..') {
      way.pop()
      continue
    }
    const { step, descriptors, link, isKernels } = meet(tree, way.at(-1) ?? top, part)
    // What a descriptor stands for is known to its process only; so is what `..` comes to there.
    if (descriptors !== undefined)
      return { real: [step.path, ...rest.toReversed()].join('/'), links, exists: false, descriptors }
    if (link === undefined) {
      missing ||= !step.exists
      way.push(step)
      continue
    }
    if (!isKernels) links.push(`${step.path} -> ${link}`)
    if (links.length > maxLinks) return { real: step.path, links, exists: false }
    if (link.startsWith('/')) way.length = 0
    rest.push(...partsOf(link).toReversed())
  }
  return arrived(tree, way.at(-1) ?? top, { links, exists: !missing })
}

/** What one part of a path comes to: a descriptor, a link (the kernel's own, or one that was made), or a folder. */
interface Met {
  readonly step: Step
  readonly descriptors?: string
  readonly link?: string
  readonly isKernels?: true
}

const meet = (tree: ContainerTree, folder: Step, part: string): Met => {
  const path = `${folder.path}/${part}`
  const names = namesOf(tree, folder.of, path)
  const step = { path, of: folder.of, exists: folder.exists }
  const descriptors = names.find(isDescriptor)
  if (descriptors !== undefined) return { step, descriptors }
  const kernels = linkOfKernel(names)
  if (kernels !== undefined) return { step, link: kernels, isKernels: true }
  const { exists, link }: Look = folder.exists ? lookAt(tree, folder.of, path) : { exists: false }
  if (link !== undefined) return { step, link }
  const of = entered(tree, folder.of, path)
  // The runtime makes the folder it mounts on.
  return { step: { path, of, exists: exists || of !== folder.of } }
}

const partsOf = (path: string): readonly string[] =>
  path.split('/').filter((part) => part !== '' && part !== '.')

const arrived = (
  tree: ContainerTree,
  { path, of }: Step,
  seen: Pick<InsideFact, 'links' | 'exists'>,
): InsideFact => {
  const real = path || '/'
  const descriptors = namesOf(tree, of, real).find(
    (name) => isDescriptor(name) || (name.startsWith('/proc/') && descriptorFolder.test(name)),
  )
  return { real, ...seen, ...(descriptors === undefined ? {} : { descriptors }) }
}

/** The mount that shows what is at this path, below the one that shows its folder. */
const entered = ({ mounted }: ContainerTree, folder: Mounted, at: string): Mounted => {
  const found = mounted.get(at)
  return found !== undefined && found.turn > folder.turn ? found : folder
}

const below = ({ at }: Mounted, path: string): string => (at === '/' ? path : path.slice(at.length))

const lookAt = ({ files, place }: ContainerTree, of: Mounted, at: string): Look => {
  const looks = foldersOf(of, place).map((folder) => files.look(`${folder}${below(of, at)}`))
  const link = looks.find((look) => look.link !== undefined)
  return link ?? { exists: looks.length === 0 || looks.some(({ exists }) => exists) }
}

/** Folders of the host that show what a mount holds; none where it holds what nobody but the container sees. */
const foldersOf = ({ mount }: Mounted, { root, bundle }: ContainerPlace): readonly string[] => {
  if (mount === undefined) return [root]
  // Every instance has the same links, but for those of the network's devices.
  if (mount.type === 'sysfs' && !isBind(mount)) return ['/sys']
  return hostSources(mount, 0).map(({ path }) => fromBundle(path, bundle))
}

const fromBundle = (path: string, bundle: string): string =>
  path.startsWith('/') ? path : `${bundle}/${path}`

/** What the kernel may call this path: what it is called in the container, and in the mount that shows it. */
const namesOf = ({ files, place }: ContainerTree, of: Mounted, at: string): readonly string[] => {
  const { mount } = of
  if (mount === undefined) return [at]
  if (!isBind(mount)) return mount.type === 'proc' && of.at !== '/proc' ? [at, `/proc${below(of, at)}`] : [at]
  const source = fromBundle(mount.source ?? '', place.bundle)
  const named = cleanPath(source)
  if (isDescriptor(named)) return [at, named]
  const resolved = files.resolve(source)
  return [at, `${resolved === '/' ? '' : resolved}${below(of, at)}`]
}

// proc_pid_fd(5), proc_pid_root(5) and their like are links that are followed without a path.
const descriptor =
  /^\/proc\/(?:self|[0-9]+)(?:\/task\/[0-9]+)?\/(?:cwd|root|exe|(?:fd|map_files)\/[^/]+)(?:\/|$)/

// Nearly every path is done with by its beginning.
const isDescriptor = (path: string): boolean => path.startsWith('/proc/') && descriptor.test(path)

const descriptorFolder = /^\/proc\/(?:self|[0-9]+)(?:\/task\/[0-9]+)?\/(?:fd|map_files)$/

/** Links that the kernel and the runtimes make (proc(5); config-linux.md, Dev symbolic links). */
const kernelLinks: ReadonlyMap<string, string> = new Map([
  ['/proc/thread-self', 'self/task/1'],
  ['/proc/net', 'self/net'],
  ['/dev/fd', '/proc/self/fd'],
  ['/dev/stdin', '/proc/self/fd/0'],
  ['/dev/stdout', '/proc/self/fd/1'],
  ['/dev/stderr', '/proc/self/fd/2'],
])

const linkOfKernel = (names: readonly string[]): string | undefined => {
  for (const name of names) {
    const link = kernelLinks.get(name)
    if (link !== undefined) return link
  }
  return undefined
}
