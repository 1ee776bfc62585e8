/**
 * The members of an OCI runtime-spec configuration that lintel reads; names as in the specification
 * (opencontainers/runtime-spec config.md, config-linux.md). Members not named here are never touched.
 */

export interface Mount {
  readonly destination: string
  readonly type?: string
  readonly source?: string
  readonly options?: readonly string[]
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

export interface Resources {
  readonly devices?: readonly DeviceRule[]
  readonly memory?: MemoryResources
  readonly pids?: { readonly limit?: number }
  readonly cpu?: { readonly shares?: number; readonly quota?: number; readonly period?: number }
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
  readonly annotations?: { readonly [key: string]: string }
  readonly linux?: Linux
}

/** Operations that lintel judges; everything else is handed on. */
export type OperationName = 'create' | 'run' | 'restore' | 'exec' | 'update'
