/**
 * A change of engines' files from beginning to end: written, checked and read by the engines themselves, and put back
 * as a whole where one of them does not take it; and the end of a change that was killed.
 */
import { err, ok, type Result } from '../core/result.ts'
import type { Installation } from '../registration/registration.ts'
import type { ControlScene } from './control/control.ts'
import { checkFiles, type Telling, tell } from './control/engines.ts'
import { current } from './control/restart.ts'
import { type Pending, readState, type State, stateFile, stateFolder, writeState } from './state.ts'
import { endChange, forget, makeChange, rollBack, tidy } from './transaction.ts'

/**
 * Takes the lock, ends what an earlier command left unfinished (saying so), and answers the state. Nothing but the
 * state folder is made. Errors: one line.
 */
export const openState = (scene: ControlScene): Result<State, string> => {
  const { host } = scene
  for (const [folder, mode] of [
    // Rootless callers look for the break-glass file in it.
    ['/var/lib/lintel', 0o711],
    [stateFolder, 0o700],
  ] as const) {
    const made = host.makeDirectory(folder, mode)
    if (!made.ok) return err(`${folder} cannot be made (${made.error.code}); nothing was changed`)
  }
  const locked = host.lock(`${stateFolder}/lock`)
  if (!locked.ok) {
    return locked.error.code === 'EAGAIN'
      ? err('another lintel install or uninstall is running; wait for it')
      : err(`${stateFolder}/lock cannot be locked (${locked.error.code}); nothing was changed`)
  }
  const state = readState(host)
  if (!state.ok) return state
  return state.value.pending === undefined ? tidied(scene, state.value) : undone(scene, state.value)
}

/**
 * Ends what an earlier command left unfinished, saying so, where there is such a thing; for commands that change
 * nothing else. Errors: one line, also where a change is running at this moment.
 */
export const recover = (scene: ControlScene): Result<null, string> => {
  const { effectiveUid, initialUserNamespace } = scene.host.process
  if (effectiveUid !== 0 || !initialUserNamespace || !scene.host.stat(stateFile, false).ok) return ok(null)
  const state = readState(scene.host)
  if (!state.ok) return state
  if (state.value.pending === undefined) return ok(null)
  const opened = openState(scene)
  return opened.ok ? ok(null) : opened
}

const tidied = ({ host }: ControlScene, state: State): Result<State, string> => {
  const done = tidy(host, state)
  return done.ok ? ok({ ...state, leftovers: [] }) : done
}

const undone = (scene: ControlScene, state: State): Result<State, string> => {
  const { pending } = state
  if (pending === undefined) return ok(state)
  scene.say(`the ${pending.action} begun at ${pending.since} was interrupted; putting everything back`)
  const engines = pending.engines.map((each) => current(scene.host, each))
  const problems = putBack(scene, state, engines)
  return problems.length === 0 ? readState(scene.host) : err(problems.join('; '))
}

/** Undoes the pending change and lets the engines read the old files, if they may know the new ones. */
const putBack = (scene: ControlScene, state: State, engines: readonly Installation[]): readonly string[] => {
  const { pending } = state
  if (pending === undefined) return []
  const { restored, edited, problems } = rollBack(scene.host, pending)
  for (const path of restored) scene.say(`${path} is as it was`)
  const changes = pending.steps.map(({ path, before, after }) => ({ path, before: after, after: before }))
  const deaf = (pending.told ? engines : []).flatMap((installation) => {
    const done = tell(scene, { installation, changes, runtime: pending.runtime, expected: undefined })
    return done.ok ? [] : [done.error]
  })
  if (problems.length > 0) return [...edited, ...problems, ...deaf]
  const forgotten = forget(scene.host, state)
  return [...edited, ...deaf, ...(forgotten.ok || restored.length === 0 ? [] : [forgotten.error])]
}

/** A change that is to be made. */
export interface Change {
  readonly state: State
  readonly pending: Pending
  /** What each engine is to be told; in this order. */
  readonly tellings: readonly Telling[]
  /** The state when it is done, but for `pending`. */
  readonly after: State
}

/**
 * Makes the change. Answers the engines that have not read it yet, because they do not run or must be restarted by
 * hand. The error is one line that says what went wrong and that everything was put back.
 */
export const perform = (
  scene: ControlScene,
  { state, pending, tellings, after }: Change,
): Result<readonly Installation[], string> => {
  const engines = tellings.map(({ installation }) => installation)
  const back = (problem: string, begun: Pending): Result<readonly Installation[], string> => {
    // One that has ended since is to be started again.
    const lasting = engines.map((each) => {
      const now = begun.told ? current(scene.host, each) : each
      return now.daemon === undefined ? each : now
    })
    const problems = putBack(scene, { ...state, pending: begun }, lasting)
    return err([problem, ...(problems.length === 0 ? ['everything is as it was'] : problems)].join('; '))
  }
  const made = makeChange(scene.host, state, pending)
  if (!made.ok) return back(made.error, pending)
  for (const installation of engines) {
    const checked = checkFiles(scene, installation)
    if (!checked.ok) return back(checked.error, pending)
  }
  const told = { ...pending, told: true }
  const noted = writeState(scene.host, { ...state, pending: told })
  if (!noted.ok) return back(noted.error, pending)
  const waiting: Installation[] = []
  for (const telling of tellings) {
    const done = tell(scene, telling)
    if (!done.ok) return back(done.error, told)
    if (!done.value) waiting.push(telling.installation)
  }
  const ended = endChange(scene.host, after)
  return ended.ok ? ok(waiting) : back(ended.error, told)
}
