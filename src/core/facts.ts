/** What was learned of the host before judging: pure data, gathered by the runtime, passed to the rules. */
import type { Json } from './json.ts'

export type FileKind = 'file' | 'directory' | 'symlink' | 'socket' | 'block' | 'character' | 'fifo'

/** The same file, or one mounted below it, seen at another host path. */
export interface PathView {
  readonly path: string
  /** `device:inode` in decimal. */
  readonly id: string
  /** Ids of the parents of `path`, nearest first, up to `/`. */
  readonly ancestors: readonly string[]
  /** As of `PathFact`. */
  readonly fileSystem: string
}

/** What the host knows of one path, everything resolved: symlinks, `..`, bind mounts. */
export interface PathFact {
  readonly path: string
  /**
   * errno name when the path could not be resolved. With ENOENT `real` and `ancestors` still tell where it
   * would be: the resolved part that exists, and the rest as written.
   */
  readonly error: string | null
  readonly real: string
  /** `device:inode` in decimal, empty when unresolved. */
  readonly id: string
  readonly kind: FileKind | null
  /** Decimal device number of the file system the file is on. */
  readonly device: string
  /**
   * Type of that file system where it is one of the kernel's own, whichever instance of it: `proc`, `sysfs`,
   * `cgroup`, `cgroup2`, `bpf`, `debugfs` and the like (native/src/host/file_system.rs). Empty for any other.
   */
  readonly fileSystem: string
  /** Decimal device number that a block or character node stands for, `0` otherwise. */
  readonly represents: string
  readonly ancestors: readonly string[]
  /** Where else the host shows this same file, through other mounts of its file system. */
  readonly aliases: readonly PathView[]
  /** Mounts below the file: a recursive bind brings them along. */
  readonly submounts: readonly PathView[]
}

/**
 * What a path inside the container leads to, links of the image and of volumes followed within the container's root
 * (openat2(2)). The destination of a mount is followed as it is when that mount is made.
 */
export interface InsideFact {
  /** Where it leads, as a path inside the root; what comes after a descriptor of a process stays as written. */
  readonly real: string
  /** Every symbolic link on the way, as `/var/run -> /run`. */
  readonly links: readonly string[]
  /** False where a part of it does not exist, or there are more links than the kernel would follow. */
  readonly exists: boolean
  /** What it passes of a process's descriptors, or where it ends among them, as the kernel calls it: `/proc/self/fd/8`. */
  readonly descriptors?: string
}

/** Who may change a file of the host. */
export interface OwnershipFact {
  readonly uid: number
  readonly gid: number
  /** Permission bits, e.g. 0o755. */
  readonly mode: number
  readonly kind: FileKind
}

/** A dockerd that runs, as /proc and its own files show it (src/engines/dockerd-process.ts). */
export interface DockerdFact {
  /** Its argument list, its own name first. */
  readonly argv: readonly string[]
  /** Content of its configuration file, `{}` where it has none; absent where that cannot be read. */
  readonly settings?: Json
  /** False where the file may have been changed after it began, which then runs with what stood there before. */
  readonly isCurrent: boolean
  /** Numbers of the TCP ports it listens on; absent where nobody looked or could. */
  readonly ports?: readonly number[]
}

/** Which container holds a SELinux level, or is to hold it. */
export interface LevelClaim {
  /** In canonical form. */
  readonly level: string
  /** Folders in one of which the runtime keeps the container's state while there is one. */
  readonly states: readonly string[]
  /** Id of its pod's sandbox; empty where it is in none that is proven. */
  readonly pod: string
  /** The proven user it is for; empty where nobody is. */
  readonly requester: string
}

/**
 * A path a rule wants to know of. Without `kind`: a host path, resolved (`facts.paths`); `mounts` also asks for
 * aliases and submounts (mountinfo is read once). `text`: content of a host file (`facts.texts`). `inside`: where a
 * path inside the container's root leads (`facts.inside`). `ownership`: owner and mode, links followed
 * (`facts.ownership`). `label`: SELinux label of a host path (`facts.labels`). Of SELinux also, with something else than a path
 * in `path`: `context`, what the kernel makes of a label (`facts.contexts`); `level`, who else holds a level, which is then
 * claimed for the container (`facts.levels`); `free-level`, a level within a range, claimed (`facts.freeLevels`). Of
 * Docker, with a container's own folder below dockerd's data root in `path`: `dockerd`, the one that keeps it
 * (`facts.dockerds`).
 */
export interface Probe {
  readonly path: string
  readonly mounts?: true
  readonly kind?: 'text' | 'inside' | 'ownership' | 'label' | 'context' | 'level' | 'free-level' | 'dockerd'
}

export interface HostFacts {
  /** False for `lint` away from the host: no path facts exist, rules judge by path or say unknown. */
  readonly onHost: boolean
  /** Facts by the path asked for. */
  readonly paths: { readonly [path: string]: PathFact }
  /** Content by host path; absent where it could not be read or is larger than 256 KiB. */
  readonly texts: { readonly [path: string]: string }
  /** By the path inside the container's root; absent where the root could not be looked at. */
  readonly inside: { readonly [path: string]: InsideFact }
  /** By host path; absent where there is no such file. */
  readonly ownership: { readonly [path: string]: OwnershipFact }
  /** SELinux labels by host path; absent where the file has none. */
  readonly labels: { readonly [path: string]: string }
  /** Labels as the kernel writes them, by what was asked; null: it takes none such. Absent where it cannot be asked. */
  readonly contexts: { readonly [label: string]: string | null }
  /** Other holders of a level, or of one that dominates it or that it dominates, by its canonical form; absent where nobody can say. */
  readonly levels: { readonly [level: string]: readonly LevelClaim[] }
  /** A level within the range asked for, in canonical form; absent where none is free or nobody can say. */
  readonly freeLevels: { readonly [range: string]: string }
  /** By the folder of a container that it keeps; absent where no such dockerd of root's is found. */
  readonly dockerds: { readonly [folder: string]: DockerdFact }
  /** MemTotal in bytes. */
  readonly memoryTotal: number | undefined
  /** Paths of listening unix sockets (/proc/net/unix). */
  readonly listeners: readonly string[]
  /** False when the kernel has no seccomp filter support. */
  readonly seccompSupported: boolean
  /** The machine's, as uname(2) names it (`x86_64`, `aarch64`); empty where unknown. */
  readonly architecture: string
}

/** Facts of a host nobody looked at. */
export const noHostFacts: HostFacts = {
  onHost: false,
  paths: {},
  texts: {},
  inside: {},
  ownership: {},
  labels: {},
  contexts: {},
  levels: {},
  freeLevels: {},
  dockerds: {},
  memoryTotal: undefined,
  listeners: [],
  seccompSupported: true,
  architecture: '',
}
