/**
 * Changes files of engines so that kill -9, a full disk or a lost mount at any point leaves the old or the new text,
 * never half of one. What was there keeps a second name until the end: putting it back is a rename and needs no space.
 */
import { err, ok, type Result } from '../core/result.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import type { Host } from '../host/host.ts'
import type { FileChange } from '../registration/registration.ts'
import { textBetween } from './control/docker-default.ts'
import { readConfiguration, sideOf, stagedFor, unwritable } from './replace-text.ts'
import { type Pending, type State, type Step, writeState } from './state.ts'

/**
 * The steps of some changes. `stamp` marks the backups, such as `20270131-235959`. Errors: one line for a file that is
 * marked read-only or a link that leads nowhere.
 */
export const planSteps = (
  host: Host,
  changes: readonly FileChange[],
  stamp: string,
): Result<readonly Step[], string> => {
  const steps: Step[] = []
  for (const change of changes) {
    const target = targetOf(host, change.path)
    if (!target.ok) return target
    const backup =
      change.before === undefined ? undefined : freeName(host, `${sideOf(target.value)}.lintel-${stamp}`)
    steps.push({ ...change, target: target.value, staged: stagedFor(target.value), backup })
  }
  return ok(steps)
}

const targetOf = (host: Host, path: string): Result<string, string> => {
  const link = host.stat(path, false)
  if (!link.ok) return ok(path)
  const target = host.realPath(path)
  const stat = host.stat(path, true)
  if (!target.ok || !stat.ok) return err(`${path} is a link that leads nowhere; repair or remove it`)
  if ((stat.value.mode & 0o222) === 0)
    return err(
      `${target.value} is marked read-only (mode ${stat.value.mode.toString(8)}); chmod u+w it if lintel may change it`,
    )
  return target
}

const freeName = (host: Host, wanted: string): string => {
  let name = wanted
  for (let count = 2; host.stat(name, false).ok; count += 1) name = `${wanted}-${count}`
  return name
}

/** The folders that are missing on the way to these files, outermost first. */
export const missingFolders = (host: Host, paths: readonly string[]): readonly string[] => {
  const missing = new Set<string>()
  for (const path of paths) {
    const parts = path.split('/').slice(1, -1)
    for (const index of parts.keys()) {
      const folder = `/${parts.slice(0, index + 1).join('/')}`
      if (!host.stat(folder, true).ok) missing.add(folder)
    }
  }
  return [...missing].toSorted()
}

/** Notes the change in the state, then makes it, file by file. Errors: one line; then {@link rollBack} is due. */
export const makeChange = (host: AdministratorHost, state: State, pending: Pending): Result<null, string> => {
  const noted = writeState(host, { ...state, pending })
  if (!noted.ok) return noted
  for (const act of [makeFolders, stage, swap]) {
    const done = act(host, pending)
    if (!done.ok) return done
  }
  return ok(null)
}

const makeFolders = (host: AdministratorHost, { folders }: Pending): Result<null, string> => {
  for (const folder of folders) {
    const made = host.makeDirectory(folder, 0o755)
    if (!made.ok) return err(`${folder} cannot be made (${made.error.code})`)
  }
  return ok(null)
}

/** Everything that needs space is done before the first file changes. */
const stage = (host: AdministratorHost, { steps }: Pending): Result<null, string> => {
  for (const { target, staged, backup, before, after } of steps) {
    const like = before === undefined ? undefined : target
    const made = after === undefined ? ok(null) : host.createFile(staged, after, 0o644, like)
    if (!made.ok) return unwritable(target, made.error.code)
    if (backup === undefined || before === undefined) continue
    const linked = host.link(target, backup)
    // Some file systems know no second names.
    const kept = linked.ok ? linked : host.createFile(backup, before, 0o600, like)
    if (!kept.ok) return unwritable(target, kept.error.code)
  }
  return ok(null)
}

const swap = (host: AdministratorHost, { steps }: Pending): Result<null, string> => {
  for (const { path, target, staged, before, after } of steps) {
    const now = readConfiguration(host, target)
    if (!now.ok) return now
    if (now.value !== before) return err(`${path} was changed by somebody else in this moment; try again`)
    const done = after === undefined ? host.remove(target) : host.rename(staged, target)
    if (!done.ok) return unwritable(target, done.error.code)
  }
  return ok(null)
}

/** Ends the change: the new state is written, then what is no longer needed is removed. Errors: one line. */
export const endChange = (host: AdministratorHost, state: State): Result<null, string> => {
  const written = writeState(host, { ...state, pending: undefined })
  return written.ok ? tidy(host, { ...state, pending: undefined }) : written
}

/** Removes what a change that ended left to be removed. */
export const tidy = (host: AdministratorHost, state: State): Result<null, string> => {
  if (state.leftovers.length === 0) return ok(null)
  // A folder that somebody else uses by now is not empty, and stays.
  for (const path of state.leftovers) host.remove(path)
  return writeState(host, { ...state, leftovers: [] })
}

/** What undoing a change came to. */
export interface RolledBack {
  /** Files that have the text of before again, and had not. */
  readonly restored: readonly string[]
  /** One line for each file that is left as somebody has edited it. */
  readonly edited: readonly string[]
  /** One line for each file that could not be put back. */
  readonly problems: readonly string[]
}

/**
 * Undoes the pending change as far as it came; {@link forget} ends it. A file that somebody has edited since is his: it
 * is left alone, and its backup too.
 */
export const rollBack = (host: AdministratorHost, { steps, folders }: Pending): RolledBack => {
  const restored: string[] = []
  const edited: string[] = []
  const problems: string[] = []
  for (const step of steps.toReversed()) {
    const undone = undo(host, step)
    if (!undone.ok) problems.push(undone.error)
    else if (undone.value === 'restored') restored.push(step.path)
    else if (undone.value !== 'untouched') edited.push(undone.value)
  }
  for (const folder of folders.toReversed()) host.remove(folder)
  return { restored, edited, problems }
}

/** Notes that nothing is pending any more. Errors: one line; the next command then looks again, and finds it undone. */
export const forget = (host: AdministratorHost, state: State): Result<null, string> =>
  writeState(host, { ...state, pending: undefined })

/** `restored`, `untouched`, or why the file is left as it is. */
const undo = (host: AdministratorHost, step: Step): Result<string, string> => {
  const now = readConfiguration(host, step.target)
  if (!now.ok) return now
  const isOld = now.value === step.before
  const isOurs = [
    step.after,
    textBetween(host, { before: step.after, after: step.before }),
    textBetween(host, step),
  ].includes(now.value)
  if (!isOld && !isOurs) {
    const kept = step.backup === undefined ? '' : `; as it was: ${step.backup}`
    return ok(`${step.path} was edited since and is left as it is${kept}`)
  }
  const put = isOld ? ok(null) : restore(host, step)
  if (!put.ok) return err(`${step.path} cannot be put back (${put.error.code})`)
  if (step.after !== undefined) host.remove(step.staged)
  if (step.backup !== undefined) host.remove(step.backup)
  return ok(isOld ? 'untouched' : 'restored')
}

const restore = (host: AdministratorHost, { target, staged, before, backup }: Step) => {
  if (before === undefined) return host.remove(target)
  if (backup !== undefined) {
    const renamed = host.rename(backup, target)
    if (renamed.ok || renamed.error.code !== 'ENOENT') return renamed
  }
  const made = host.createFile(staged, before, 0o644, host.stat(target, true).ok ? target : undefined)
  return made.ok ? host.rename(staged, target) : made
}
