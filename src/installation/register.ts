/** Makes the changes that register lintel with engines, and keeps what taking it out again needs. */
import { err, ok, type Result } from '../core/result.ts'
import type { FileChange, Wanted } from '../registration/registration.ts'
import { perform } from './change.ts'
import type { ControlScene } from './control/control.ts'
import { type Telling, tell, verify } from './control/engines.ts'
import type { EnginePlan } from './plan.ts'
import { type Registered, recordOf, type State, type Step } from './state.ts'
import { missingFolders, planSteps } from './transaction.ts'

/** What is to be registered. */
export interface RegisterTask {
  readonly state: State
  readonly engines: readonly EnginePlan[]
  /** All files to be changed: those of the engines, and the first policy. */
  readonly changes: readonly FileChange[]
  readonly wanted: Wanted
}

/** Makes the changes and has every engine read them. Errors: one line; then everything was put back. */
export const register = (scene: ControlScene, task: RegisterTask): Result<null, string> => {
  const { state, engines, changes, wanted } = task
  const since = scene.host.clock().timestamp
  const steps = planSteps(scene.host, changes, stampOf(since))
  if (!steps.ok) return err(`${steps.error}; nothing was changed`)
  const touched = engines.filter((engine) => engine.changes.length > 0)
  const pending = {
    action: 'install',
    since,
    steps: steps.value,
    folders: foldersFor(scene, changes),
    engines: touched.map(({ installation }) => installation),
    told: false,
    runtime: wanted.runtime,
  } as const
  const registered = touched.map((plan) => recordFor(scene, { task, plan, steps: steps.value, since }))
  const after = stateAfter(state, registered, steps.value)
  const tellings = touched.map((engine) => tellingOf(engine, wanted))
  const waiting = perform(scene, { state, pending, tellings, after })
  if (!waiting.ok) return waiting
  for (const { installation } of touched) {
    const isWaiting = waiting.value.some((each) => each === installation)
    scene.say(`${installation.engine}: lintel is registered${isWaiting ? '' : ', and the engine calls it'}`)
  }
  return ok(null)
}

const foldersFor = ({ host }: ControlScene, changes: readonly FileChange[]): readonly string[] =>
  missingFolders(
    host,
    changes.map(({ path }) => path),
  )

const recordFor = (
  scene: ControlScene,
  work: {
    readonly task: RegisterTask
    readonly plan: EnginePlan
    readonly steps: readonly Step[]
    readonly since: string
  },
): Registered => {
  const { task, plan, steps, since } = work
  const known = recordOf(task.state, plan.installation)
  const backups = new Map(steps.map(({ path, backup }) => [path, backup]))
  return {
    installation: plan.installation,
    runtime: task.wanted.runtime,
    becomes: task.wanted.becomes,
    // What is not asked for again stays as it was asked for.
    tls: task.wanted.tls ?? known?.tls,
    since: known?.since ?? since,
    files: plan.files.map((file) => ({ ...file, backup: file.backup ?? backups.get(file.path) })),
    folders: [...new Set([...(known?.folders ?? []), ...foldersFor(scene, plan.changes)])],
  }
}

const stateAfter = (state: State, registered: readonly Registered[], steps: readonly Step[]): State => {
  const isReplaced = (old: Registered): boolean =>
    registered.some(
      ({ installation }) => recordOf({ ...state, registered: [old] }, installation) !== undefined,
    )
  const kept = registered.flatMap(({ files }) => files.map(({ backup }) => backup))
  const backups = steps.flatMap(({ backup }) => (backup === undefined ? [] : [backup]))
  return {
    registered: [...state.registered.filter((old) => !isReplaced(old)), ...registered],
    pending: undefined,
    leftovers: backups.filter((backup) => !kept.includes(backup)),
  }
}

/** Where nothing is to be written: makes sure that each engine has read its files. Errors: one line. */
export const confirm = (
  scene: ControlScene,
  engines: readonly EnginePlan[],
  wanted: Wanted,
): Result<null, string> => {
  for (const plan of engines) {
    const telling = tellingOf(plan, wanted)
    if (verify(scene, telling, 0).ok) continue
    scene.say(`${plan.installation.engine} has not read its files yet`)
    const told = tell(scene, telling)
    if (!told.ok) return told
  }
  return ok(null)
}

const tellingOf = ({ installation, changes, expected }: EnginePlan, { runtime }: Wanted): Telling => ({
  installation,
  changes,
  runtime,
  expected,
})

/** `20270131-235959` of RFC 3339, UTC: the date that backups carry. */
export const stampOf = (time: string): string => time.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
