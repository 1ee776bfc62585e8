/** `lintel uninstall`: engines get their own files back first; what still needs lintel is listed, and stays able to run. */
import { err, ok, type Result } from '../core/result.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import { openState, perform } from '../installation/change.ts'
import type { ControlScene } from '../installation/control/control.ts'
import { current } from '../installation/control/restart.ts'
import { discover } from '../installation/discover.ts'
import { undoDiversions } from '../installation/divert-undo.ts'
import { isPassThrough, withPassThrough } from '../installation/pass-through.ts'
import { pinnedContainers } from '../installation/pinned.ts'
import { installedRuntime } from '../installation/place.ts'
import { type EnginePlan, planUninstall, readTexts } from '../installation/plan.ts'
import { recordOf, stampOf } from '../installation/register.ts'
import { type Registered, readState, type State } from '../installation/state.ts'
import { planSteps } from '../installation/transaction.ts'
import { unifiedDiff } from '../installation/unified-diff.ts'
import { registrationOf } from '../registration/engines.ts'
import type { FileChange, Installation, RegistrableEngine, Wanted } from '../registration/registration.ts'
import { exitStatus, type Output } from './output.ts'

export interface UninstallOptions {
  readonly engine: RegistrableEngine | 'all'
  readonly dryRun: boolean
  readonly restartCommand: string | undefined
}

/** Uninstalls. Returns 0, 1 where it could not be done (everything is as it was then), 2 for a wrong usage. */
export const uninstall = (host: AdministratorHost, output: Output, options: UninstallOptions): number => {
  const { effectiveUid, initialUserNamespace } = host.process
  const problem =
    effectiveUid !== 0 || !initialUserNamespace
      ? 'only root can take lintel out of a host'
      : options.restartCommand !== undefined && options.engine === 'all'
        ? '--restart-command is for one engine; name it'
        : undefined
  if (problem !== undefined) {
    output.complain(problem)
    return exitStatus.usage
  }
  const done = act(host, output, options)
  if (done.ok) return exitStatus.clean
  output.complain(done.error)
  return exitStatus.findings
}

/** One engine that knows lintel. */
interface Target {
  readonly installation: Installation
  readonly known: Registered | undefined
  readonly wanted: Wanted
  /** Names it knows lintel by, its own among them. */
  readonly names: readonly string[]
}

const act = (host: AdministratorHost, output: Output, options: UninstallOptions): Result<null, string> => {
  const scene: ControlScene = { host, say: output.print, restartCommand: options.restartCommand }
  const state = options.dryRun ? readState(host) : openState(scene)
  if (!state.ok) return state
  const targets = targetsOf(host, state.value, options.engine)
  if (!targets.ok) return targets
  const plans: EnginePlan[] = []
  for (const target of targets.value) {
    const plan = planUninstall(host, target, target.wanted)
    if (!plan.ok) return err(`${plan.error}; nothing was changed`)
    const { engine } = target.installation
    const changes = isPinned(host, target)
      ? withPassThrough(engine, plan.value.changes, target.wanted.runtime)
      : plan.value.changes
    plans.push({ ...plan.value, changes })
  }
  const all = plans.flatMap(({ changes }) => changes)
  const changes = all.filter(({ path }, index) => all.findIndex((each) => each.path === path) === index)
  for (const change of changes) output.print(unifiedDiff(change).trimEnd())
  if (changes.length === 0) output.print('nothing to change')
  if (options.dryRun) output.print('dry run: nothing was changed')
  else {
    const made = makeChanges(scene, { state: state.value, targets: targets.value, plans, changes })
    if (!made.ok) return made
    if (options.engine === 'all') {
      const undone = undoDiversions(host)
      if (!undone.ok) return undone
      for (const line of undone.value) output.print(line)
    }
  }
  reportPinned(host, output, targets.value)
  return ok(null)
}

/** Of containers that cannot be told, the worst is taken. */
const isPinned = (host: AdministratorHost, target: Target): boolean => {
  const found = pinnedOf(host, target)
  return !found.ok || found.value.length > 0
}

const pinnedOf = (
  host: AdministratorHost,
  { installation, names, wanted }: Target,
): Result<readonly string[], string> =>
  pinnedContainers(host, {
    installation,
    names: names.filter((name) => !ownNames.includes(name)),
    runtime: wanted.runtime,
  })

const targetsOf = (
  host: AdministratorHost,
  state: State,
  engine: RegistrableEngine | 'all',
): Result<readonly Target[], string> => {
  const isAsked = (each: { readonly engine: RegistrableEngine }): boolean =>
    engine === 'all' || each.engine === engine
  const recorded = state.registered.filter(({ installation }) => isAsked(installation))
  const installations = recorded.map((known) => ({
    installation: current(host, known.installation),
    known,
    wanted: { runtime: known.runtime, tls: undefined, handler: known.handler },
  }))
  const own = installedRuntime(host)
  const unrecorded = own.ok
    ? discover(host)
        .filter((each) => isAsked(each) && recordOf(state, each) === undefined)
        .map((installation) => ({
          installation,
          known: undefined,
          wanted: { runtime: own.value, tls: undefined },
        }))
    : []
  const targets: Target[] = []
  for (const found of [...installations, ...unrecorded]) {
    const names = lintelNames(host, found)
    // What cannot be read does not matter where lintel never was.
    if (!names.ok && found.known !== undefined) return names
    if (found.known !== undefined || (names.ok && names.value.length > 0))
      targets.push({ ...found, names: names.ok ? names.value : [] })
  }
  return ok(targets)
}

const lintelNames = (
  host: AdministratorHost,
  { installation, wanted }: Pick<Target, 'installation' | 'wanted'>,
): Result<readonly string[], string> => {
  const texts = readTexts(host, installation)
  if (!texts.ok) return texts
  const handlers = registrationOf(installation.engine).handlers(installation, texts.value, wanted)
  return handlers.ok
    ? ok(handlers.value.filter(({ throughLintel }) => throughLintel).map(({ name }) => name))
    : handlers
}

/** Names every engine knows by itself: their containers call the engine's own runtime again. */
const ownNames: readonly string[] = ['runc', 'crun', 'io.containerd.runc.v2']

const makeChanges = (
  scene: ControlScene,
  task: {
    readonly state: State
    readonly targets: readonly Target[]
    readonly plans: readonly EnginePlan[]
    readonly changes: readonly FileChange[]
  },
): Result<null, string> => {
  const { state, targets, plans, changes } = task
  if (targets.length === 0) return ok(null)
  const since = scene.host.clock().timestamp
  const steps = planSteps(scene.host, changes, stampOf(since))
  if (!steps.ok) return err(`${steps.error}; nothing was changed`)
  const touched = plans.filter((plan) => plan.changes.length > 0)
  const gone = targets.flatMap(({ known }) => (known === undefined ? [] : [known]))
  const [target] = targets
  const pending = {
    action: 'uninstall',
    since,
    steps: steps.value,
    folders: [],
    engines: touched.map(({ installation }) => installation),
    told: false,
    runtime: target?.wanted.runtime ?? '',
  } as const
  const after: State = {
    registered: [...state.registered.filter((each) => !gone.includes(each)), ...staying(targets, changes)],
    pending: undefined,
    leftovers: [
      ...steps.value.flatMap(({ backup }) => (backup === undefined ? [] : [backup])),
      ...gone.flatMap((known) => needlessOf(known, changes)),
    ],
  }
  const tellings = touched.map(({ installation, changes: own, expected }) => ({
    installation,
    changes: own,
    runtime: pending.runtime,
    expected,
  }))
  const waiting = perform(scene, { state, pending, tellings, after })
  if (!waiting.ok) return waiting
  for (const { installation } of touched) {
    const isWaiting = waiting.value.some((each) => each === installation)
    scene.say(`${installation.engine}: lintel is taken out${isWaiting ? ' of its files' : ''}`)
  }
  return ok(null)
}

/** What an engine is left with for containers that still need lintel, to be taken out by the next uninstall. */
const staying = (targets: readonly Target[], changes: readonly FileChange[]): readonly Registered[] =>
  targets.flatMap(({ known }) => {
    const files = (known?.files ?? []).flatMap((file) => {
      const change = changes.find(({ path }) => path === file.path)
      const after = change === undefined ? file.after : change.after
      return isPassThrough(after) ? [{ ...file, after }] : []
    })
    return known === undefined || files.length === 0 ? [] : [{ ...known, files }]
  })

/** Backups of files that are byte by byte as they were, and folders made for lintel's files. */
const needlessOf = ({ files, folders }: Registered, changes: readonly FileChange[]): readonly string[] => [
  ...files.flatMap(({ path, before, backup }) => {
    const change = changes.find((each) => each.path === path)
    return backup !== undefined && change !== undefined && change.after === before ? [backup] : []
  }),
  ...folders.toReversed(),
]

const reportPinned = (host: AdministratorHost, output: Output, targets: readonly Target[]): void => {
  let needed = false
  for (const each of targets) {
    const found = pinnedOf(host, each)
    const { engine } = each.installation
    if (!found.ok) {
      needed = true
      output.complain(`which containers of ${engine} still need lintel cannot be told: ${found.error}`)
    } else if (found.value.length > 0) {
      needed = true
      output.print(`containers of ${engine} that were made with lintel and still call it:`)
      for (const name of found.value) output.print(`  ${name}`)
    }
  }
  const [target] = targets
  if (target === undefined) return
  output.print(
    needed
      ? `Keep ${target.wanted.runtime} until they are made anew, then run lintel uninstall again. Without it nothing can be executed in them; and Docker does not restart a container whose runtime its file does not name.`
      : `No container needs ${target.wanted.runtime} any more; it may be removed. Policy and decision log stay.`,
  )
}
