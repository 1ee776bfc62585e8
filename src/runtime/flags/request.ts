/** What a guarded operation was asked to do, typed, from the flags a runtime would read. */

import { assertNever } from '../../core/result.ts'
import type { Accepted, Given } from './reading.ts'

/** The operations lintel judges (DESIGN.md section 2). */
export type GuardedOperation = 'create' | 'run' | 'restore' | 'exec' | 'update'

interface BundleFlags {
  /** The bundle directory; none means the working directory. */
  readonly bundle: string | undefined
  readonly pidFile: string | undefined
  readonly consoleSocket: string | undefined
  readonly noPivot: boolean
  readonly detach: boolean
}

/** Flags of `create` and `run`: runc create.go and run.go, crun src/create.c and src/run.c. */
export interface StartFlags extends BundleFlags {
  /** crun's `--config FILE`, read in place of the bundle's config.json and relative to the working directory. */
  readonly config: string | undefined
  readonly pidfdSocket: string | undefined
  readonly noNewKeyring: boolean
  readonly preserveFds: string | undefined
  readonly keep: boolean
}

/** Flags of `restore`: runc restore.go, crun src/restore.c. */
export interface RestoreFlags extends BundleFlags {
  readonly imagePath: string | undefined
  readonly workPath: string | undefined
  readonly emptyNs: readonly string[]
  readonly lsmProfile: string | undefined
  readonly lsmMountContext: string | undefined
}

/** Flags of `exec` and the words after the container id: runc exec.go, crun src/exec.c. */
export interface ExecFlags {
  /** The process file; with it the runtimes ignore every flag below that describes a process. */
  readonly process: string | undefined
  readonly cap: readonly string[]
  readonly user: string | undefined
  readonly additionalGids: readonly string[]
  readonly cwd: string | undefined
  readonly env: readonly string[]
  /** Undefined leaves the bundle's value; runc takes `--no-new-privs=false` as an order to clear it. */
  readonly noNewPrivs: boolean | undefined
  readonly apparmor: string | undefined
  readonly processLabel: string | undefined
  /** Each sub-cgroup named; crun joins only the last. */
  readonly cgroup: readonly string[]
  readonly tty: boolean
  readonly detach: boolean
  readonly ignorePaused: boolean
  readonly pidFile: string | undefined
  readonly consoleSocket: string | undefined
  readonly preserveFds: string | undefined
  readonly args: readonly string[]
}

/** Flags of `update`: runc update.go, crun src/update.c. */
export interface UpdateFlags {
  /** A file, or `-` for stdin; with it the runtimes ignore the values. */
  readonly resources: string | undefined
  /** Every other flag by its name, such as `cpu-quota`. */
  readonly values: Readonly<Record<string, string>>
}

/** What a guarded operation was asked to do. */
export type GuardedRequest =
  | { readonly operation: 'create' | 'run'; readonly containerId: string; readonly flags: StartFlags }
  | { readonly operation: 'restore'; readonly containerId: string; readonly flags: RestoreFlags }
  | { readonly operation: 'exec'; readonly containerId: string; readonly flags: ExecFlags }
  | { readonly operation: 'update'; readonly containerId: string; readonly flags: UpdateFlags }

const last = (given: Given, name: string): string | undefined => given.get(name)?.at(-1)
const isOn = (given: Given, name: string): boolean => last(given, name) === 'true'
/** An empty path counts as none, as in runc; crun refuses it. */
const path = (given: Given, name: string): string | undefined => last(given, name) || undefined

const bundleFlags = (given: Given): BundleFlags => ({
  bundle: path(given, 'bundle'),
  pidFile: path(given, 'pid-file'),
  consoleSocket: path(given, 'console-socket'),
  noPivot: isOn(given, 'no-pivot'),
  detach: isOn(given, 'detach'),
})

const startFlags = (given: Given): StartFlags => ({
  ...bundleFlags(given),
  config: last(given, 'config') === 'config.json' ? undefined : path(given, 'config'),
  pidfdSocket: path(given, 'pidfd-socket'),
  noNewKeyring: isOn(given, 'no-new-keyring'),
  preserveFds: last(given, 'preserve-fds'),
  keep: isOn(given, 'keep'),
})

const restoreFlags = (given: Given): RestoreFlags => ({
  ...bundleFlags(given),
  imagePath: path(given, 'image-path'),
  workPath: path(given, 'work-path'),
  emptyNs: given.get('empty-ns') ?? [],
  lsmProfile: last(given, 'lsm-profile'),
  lsmMountContext: last(given, 'lsm-mount-context'),
})

const execFlags = (given: Given, args: readonly string[]): ExecFlags => ({
  process: path(given, 'process'),
  cap: given.get('cap') ?? [],
  user: last(given, 'user'),
  additionalGids: given.get('additional-gids') ?? [],
  cwd: last(given, 'cwd'),
  env: given.get('env') ?? [],
  noNewPrivs: given.has('no-new-privs') ? isOn(given, 'no-new-privs') : undefined,
  apparmor: last(given, 'apparmor'),
  processLabel: last(given, 'process-label'),
  cgroup: given.get('cgroup') ?? [],
  tty: isOn(given, 'tty'),
  detach: isOn(given, 'detach'),
  ignorePaused: isOn(given, 'ignore-paused'),
  pidFile: path(given, 'pid-file'),
  consoleSocket: path(given, 'console-socket'),
  preserveFds: last(given, 'preserve-fds'),
  args,
})

const updateFlags = (given: Given): UpdateFlags => {
  const values: Record<string, string> = {}
  for (const [name, texts] of given) {
    const text = texts.at(-1)
    if (text !== undefined && name !== 'resources' && name !== 'help') values[name] = text
  }
  return { resources: path(given, 'resources'), values }
}

/** The typed request of a reading whose first word is the container id. */
export const request = (operation: GuardedOperation, { given, rest }: Accepted): GuardedRequest => {
  const [containerId = '', ...args] = rest
  switch (operation) {
    case 'create':
    case 'run':
      return { operation, containerId, flags: startFlags(given) }
    case 'restore':
      return { operation, containerId, flags: restoreFlags(given) }
    case 'exec':
      return { operation, containerId, flags: execFlags(given, args) }
    case 'update':
      return { operation, containerId, flags: updateFlags(given) }
    default:
      return assertNever(operation)
  }
}
