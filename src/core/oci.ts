/**
 * The members of an OCI runtime-spec configuration that lintel reads; names as in the specification
 * (opencontainers/runtime-spec config.md, config-linux.md). Members not named here are never touched.
 */

export interface Mount {
  readonly destination: string
  readonly type?: string
  readonly source?: string
  readonly options?: readonly string[]
  readonly uidMappings?: readonly IdMapping[]
  readonly gidMappings?: readonly IdMapping[]
}

export interface CapabilitySets {
  readonly bounding?: readonly string[]
  readonly effective?: readonly string[]
  readonly permitted?: readonly string[]
  readonly inheritable?: readonly string[]
  readonly ambient?: readonly string[]
}

export interface User {
  readonly uid?: number
  readonly gid?: number
  readonly additionalGids?: readonly number[]
}

export interface Process {
  readonly terminal?: boolean
  readonly user?: User
  readonly args?: readonly string[]
  readonly env?: readonly string[]
  readonly cwd?: string
  readonly capabilities?: CapabilitySets
  readonly noNewPrivileges?: boolean
  readonly apparmorProfile?: string
  readonly selinuxLabel?: string
  readonly rlimits?: readonly ResourceLimit[]
  readonly oomScoreAdj?: number
  readonly scheduler?: { readonly policy: string; readonly nice?: number; readonly priority?: number }
  readonly ioPriority?: { readonly class: string; readonly priority?: number }
  readonly consoleSize?: { readonly height: number; readonly width: number }
}

/** setrlimit(2): `type` is the constant's name (`RLIMIT_NOFILE`). Limits above 2^53 lose their last digits. */
export interface ResourceLimit {
  readonly type: string
  readonly soft: number
  readonly hard: number
}

export interface Namespace {
  readonly type: string
  readonly path?: string
}

export interface DeviceRule {
  readonly allow: boolean
  readonly type?: string
  readonly major?: number
  readonly minor?: number
  readonly access?: string
}

export interface Device {
  readonly path: string
  readonly type: string
  readonly major?: number
  readonly minor?: number
}

export interface MemoryResources {
  readonly limit?: number
  readonly swap?: number
  readonly reservation?: number
  readonly disableOOMKiller?: boolean
}

/** Quota and periods in microseconds; `cpus` and `mems` are lists such as `0-3,7`. */
export interface CpuResources {
  readonly shares?: number
  readonly quota?: number
  readonly burst?: number
  readonly period?: number
  readonly realtimeRuntime?: number
  readonly realtimePeriod?: number
  readonly cpus?: string
  readonly mems?: string
  readonly idle?: number
}

export interface Resources {
  readonly devices?: readonly DeviceRule[]
  readonly memory?: MemoryResources
  readonly pids?: { readonly limit?: number }
  readonly cpu?: CpuResources
  readonly unified?: { readonly [file: string]: string }
}

export interface SeccompArgument {
  readonly index: number
  readonly value: number
  readonly valueTwo?: number
  readonly op: string
}

export interface SeccompRule {
  readonly names: readonly string[]
  readonly action: string
  readonly args?: readonly SeccompArgument[]
}

export interface Seccomp {
  readonly defaultAction: string
  readonly defaultErrnoRet?: number
  readonly architectures?: readonly string[]
  readonly flags?: readonly string[]
  readonly listenerPath?: string
  readonly syscalls?: readonly SeccompRule[]
}

export interface Linux {
  readonly uidMappings?: readonly IdMapping[]
  readonly gidMappings?: readonly IdMapping[]
  readonly sysctl?: { readonly [name: string]: string }
  readonly resources?: Resources
  readonly cgroupsPath?: string
  readonly namespaces?: readonly Namespace[]
  readonly devices?: readonly Device[]
  readonly seccomp?: Seccomp
  readonly rootfsPropagation?: string
  readonly maskedPaths?: readonly string[]
  readonly readonlyPaths?: readonly string[]
  readonly mountLabel?: string
  readonly timeOffsets?: {
    readonly [clock: string]: { readonly secs?: number; readonly nanosecs?: number }
  }
}

/** A program the runtime starts on the host (or, for createContainer and startContainer, in the container). */
export interface Hook {
  readonly path: string
  readonly args?: readonly string[]
  readonly env?: readonly string[]
  readonly timeout?: number
}

export interface Hooks {
  readonly prestart?: readonly Hook[]
  readonly createRuntime?: readonly Hook[]
  readonly createContainer?: readonly Hook[]
  readonly startContainer?: readonly Hook[]
  readonly poststart?: readonly Hook[]
  readonly poststop?: readonly Hook[]
}

export interface IdMapping {
  readonly containerID: number
  readonly hostID: number
  readonly size: number
}

export interface Config {
  readonly ociVersion: string
  readonly process?: Process
  readonly root?: { readonly path: string; readonly readonly?: boolean }
  readonly hostname?: string
  readonly domainname?: string
  readonly mounts?: readonly Mount[]
  readonly hooks?: Hooks
  readonly annotations?: { readonly [key: string]: string }
  readonly linux?: Linux
}

/** Operations that lintel judges; everything else is handed on. */
export type OperationName = 'create' | 'run' | 'restore' | 'exec' | 'update'
