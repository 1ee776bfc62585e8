/**
 * What lintel has changed on this host, and what it is changing right now: one root-only file that is always replaced
 * as a whole, so that a change is begun and ended by one rename.
 */
import { isJsonObject, type Json } from '../core/json.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import type { Host } from '../host/host.ts'
import type { Installation, RegistrableEngine, Wanted } from '../registration/registration.ts'

/** One file of a change; texts are undefined where there is no file. */
export interface Step {
  /** Absolute path as the engine names it. */
  readonly path: string
  /** The file itself: the path with links resolved. */
  readonly target: string
  readonly before: string | undefined
  readonly after: string | undefined
  /** Where the new text waits to be renamed. */
  readonly staged: string
  /** Where the file as it was keeps a name of its own; undefined where there was none. */
  readonly backup: string | undefined
}

/** An engine with lintel in its files. */
export interface Registered {
  readonly installation: Installation
  /** Absolute path the engine was told to call. */
  readonly runtime: string
  /** RFC 3339, UTC. */
  readonly since: string
  /** As they were at the first registration (`before`), and as lintel left them (`after`). */
  readonly files: readonly Pick<Step, 'path' | 'before' | 'after' | 'backup'>[]
  /** Folders that were made for these files, outermost first. */
  readonly folders: readonly string[]
  /** What else it was told to be; absent where nothing, and in records of releases that did not keep it. */
  readonly tls?: Wanted['tls']
  readonly becomes?: Wanted['becomes']
  /** True from its uninstall until no container needs the runtime name or the path any more. */
  readonly leaving?: boolean | undefined
}

/** What was wanted of an engine when it was registered. */
export const wantedOf = ({ runtime, tls, becomes }: Registered): Wanted => ({ runtime, tls, becomes })

/** The record of an engine's files, if lintel is registered there. */
export const recordOf = (
  { registered }: State,
  { engine, configuration }: Installation,
): Registered | undefined =>
  registered.find(
    (each) => each.installation.engine === engine && each.installation.configuration === configuration,
  )

/** A change that has begun and not ended. */
export interface Pending {
  readonly action: 'install' | 'uninstall'
  /** RFC 3339, UTC. */
  readonly since: string
  readonly steps: readonly Step[]
  /** Folders to be made first, outermost first. */
  readonly folders: readonly string[]
  /** Engines whose files these are. */
  readonly engines: readonly Installation[]
  /** Whether one of them may have read the new files: then they are told again when the change is undone. */
  readonly told: boolean
  readonly runtime: string
}

export interface State {
  readonly registered: readonly Registered[]
  readonly pending: Pending | undefined
  /** Files of a change that has ended which only have to be removed. */
  readonly leftovers: readonly string[]
}

/** Root's alone: texts of configuration files may hold secrets. */
export const stateFolder = '/var/lib/lintel/install'
export const stateFile = `${stateFolder}/state.json`

const emptyState: State = { registered: [], pending: undefined, leftovers: [] }

const maxStateBytes = 64 * 1024 * 1024

/** The state as it was last written; the empty one where lintel never changed anything. Errors: one line. */
export const readState = (host: Host): Result<State, string> => {
  const text = host.readText(stateFile, maxStateBytes, false)
  if (!text.ok) {
    if (text.error.code === 'ENOENT') return ok(emptyState)
    return err(`${stateFile} cannot be read (${text.error.code})`)
  }
  const parsed = host.parseJson(text.value, 64, '')
  if (!parsed.ok)
    return err(`${stateFile}:${parsed.error.line}:${parsed.error.column}: ${parsed.error.message}`)
  const whole = { pending: undefined, ...(isJsonObject(parsed.value) ? parsed.value : {}) }
  return isState(whole)
    ? ok(whole)
    : err(`${stateFile} is not what this version of lintel writes; move it away and install again`)
}

/** Replaces the state durably. Errors: one line. */
export const writeState = (host: AdministratorHost, state: State): Result<null, string> => {
  const staged = `${stateFile}.new`
  const text = `${JSON.stringify({ version: 1, ...state })}\n`
  const made = host.createFile(staged, text, 0o600, undefined)
  const done = made.ok ? host.rename(staged, stateFile) : made
  return done.ok ? ok(null) : err(`${stateFile} cannot be written (${done.error.code})`)
}

type Guard = (value: Json | undefined) => boolean

const isText: Guard = (value) => typeof value === 'string'
const isTextIfThere: Guard = (value) => value === undefined || typeof value === 'string'
const isFlagIfThere: Guard = (value) => value === undefined || typeof value === 'boolean'
const isNumberIfThere: Guard = (value) => value === undefined || typeof value === 'number'
const listOf =
  (guard: Guard): Guard =>
  (value) =>
    Array.isArray(value) && value.every((each: Json) => guard(each))
const object =
  (members: { readonly [name: string]: Guard }): Guard =>
  (value) =>
    isJsonObject(value) && Object.entries(members).every(([name, guard]) => guard(value[name]))

const engines: readonly RegistrableEngine[] = ['docker', 'containerd', 'crio', 'podman', 'buildkit']

const installation = object({
  engine: (value) => engines.some((engine) => engine === value),
  program: isText,
  version: isTextIfThere,
  configuration: isText,
  daemon: isNumberIfThere,
})
const tls = object({ port: (value) => typeof value === 'number', folder: isText })
const file = { path: isText, before: isTextIfThere, after: isTextIfThere, backup: isTextIfThere }
const state = object({
  version: (value) => value === 1,
  registered: listOf(
    object({
      installation,
      runtime: isText,
      since: isText,
      files: listOf(object(file)),
      folders: listOf(isText),
      tls: (value) => value === undefined || tls(value),
      becomes: isTextIfThere,
      leaving: isFlagIfThere,
    }),
  ),
  pending: (value) => value === undefined || pending(value),
  leftovers: listOf(isText),
})
const pending = object({
  action: (value) => value === 'install' || value === 'uninstall',
  since: isText,
  steps: listOf(object({ ...file, target: isText, staged: isText })),
  folders: listOf(isText),
  engines: listOf(installation),
  told: (value) => typeof value === 'boolean',
  runtime: isText,
})

const isState = (value: unknown): value is State => isJsonObject(value) && state(value)
