/** What a mount comes to once the runtime has read its options, and which host paths it brings in. */
import type { Mount } from './oci.ts'
import { cleanPath } from './path.ts'

/** A host path that a mount shows to the container. */
export interface HostSource {
  /** Position in `mounts`. */
  readonly index: number
  readonly destination: string
  /** As written; what facts are asked by. */
  readonly path: string
  readonly writable: boolean
  /** Whether mounts below the path come along, and how: a plain `ro` covers the topmost mount only. */
  readonly submounts: 'none' | 'read-only' | 'writable'
}

/** True for a bind mount: an option says so whatever the type is (runc specconv, crun get_mount_flags). */
export const isBind = ({ type, options }: Mount): boolean =>
  type === 'bind' || (options !== undefined && (options.includes('bind') || options.includes('rbind')))

/**
 * True when the mount itself can be written to. The last of `ro` and `rw` wins; `rro` is applied after both and
 * `rrw` counts as writable wherever it stands (runc specconv parseMountOptions: recursive attributes come last).
 */
export const isWritable = ({ options = [] }: Mount): boolean => {
  if (options.includes('rrw')) return true
  return !options.includes('rro') && options.lastIndexOf('ro') <= options.lastIndexOf('rw')
}

/** True for a file system that shows nothing of the host's files. */
export const isPrivate = (mount: Mount): boolean => privateTypes.has(mount.type ?? '') && !isBind(mount)

/** The mount's destination, cleaned; a relative one is taken from `/` as runc does. */
export const destinationOf = ({ destination }: Mount): string => cleanPath(destination)

/** The host paths this mount brings in; none for file systems that show nothing of the host's files. */
export const hostSources = (mount: Mount, index: number): readonly HostSource[] => {
  const writable = isWritable(mount)
  const source = (path: string, canWrite: boolean): HostSource => ({
    index,
    destination: mount.destination,
    path,
    writable: canWrite,
    submounts: 'none',
  })
  if (isBind(mount)) return [{ ...source(mount.source || '.', writable), submounts: submountsOf(mount) }]
  const type = mount.type ?? ''
  if (privateTypes.has(type)) return []
  const shared = sharedTypes.get(type)
  if (shared !== undefined) return [source(shared, writable)]
  const named = mount.source?.startsWith('/') ? [source(mount.source, writable)] : []
  return [...named, ...layersOf(mount).map(({ path, upper }) => source(path, upper && writable))]
}

// Each mount of these is an instance of the container's own, or is judged by rules of its own.
const privateTypes: ReadonlySet<string> = new Set([
  'proc',
  'sysfs',
  'tmpfs',
  'devpts',
  'mqueue',
  'cgroup',
  'cgroup2',
])

// The kernel has one instance of each of these: mounted anywhere, it is the host's.
const sharedTypes: ReadonlyMap<string, string> = new Map([
  ['devtmpfs', '/dev'],
  ['debugfs', '/sys/kernel/debug'],
  ['tracefs', '/sys/kernel/tracing'],
  ['securityfs', '/sys/kernel/security'],
  ['configfs', '/sys/kernel/config'],
  ['efivarfs', '/sys/firmware/efi/efivars'],
  ['pstore', '/sys/fs/pstore'],
])

const submountsOf = ({ options = [] }: Mount): HostSource['submounts'] => {
  if (options.includes('bind') && !options.includes('rbind')) return 'none'
  return options.includes('rro') && !options.includes('rrw') ? 'read-only' : 'writable'
}

interface Layer {
  readonly path: string
  readonly upper: boolean
}

/** Overlay's layers (kernel Documentation/filesystems/overlayfs.rst): options may come joined by commas. */
const layersOf = ({ options = [] }: Mount): readonly Layer[] =>
  options
    .flatMap((option) => option.split(','))
    .flatMap((option): readonly Layer[] => {
      const [name = '', ...rest] = option.split('=')
      const value = rest.join('=')
      if (name === 'upperdir' || name === 'workdir') return [{ path: value, upper: true }]
      if (!/^(lowerdir|datadir)\+?$/.test(name)) return []
      const lower = value.split(/(?<!\\):/).filter((path) => path !== '')
      return lower.map((path) => ({ path: path.replaceAll('\\:', ':'), upper: false }))
    })
