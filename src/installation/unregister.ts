/** Takes lintel out of engines, and keeps what containers made with it need until none is left. */
import { err, ok, type Result } from '../core/result.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import { registrationOf } from '../registration/engines.ts'
import { runtimeName } from '../registration/names.ts'
import type { FileChange, Installation, RegistrableEngine, Wanted } from '../registration/registration.ts'
import { perform } from './change.ts'
import type { ControlScene } from './control/control.ts'
import { current } from './control/restart.ts'
import { discover } from './discover.ts'
import { isInForce, passThroughChange } from './pass-through.ts'
import { pinnedContainers } from './pinned.ts'
import { installedRuntime } from './place.ts'
import { type EnginePlan, planUninstall, readTexts } from './plan.ts'
import { stampOf } from './register.ts'
import { type Registered, recordOf, type State, wantedOf } from './state.ts'
import { planSteps } from './transaction.ts'

/** One engine that knows lintel. */
interface Target {
  readonly installation: Installation
  readonly known: Registered | undefined
  readonly wanted: Wanted
  /** Names it knows lintel by, its own among them. */
  readonly names: readonly string[]
}

/** One engine that lintel is taken out of. */
export interface Leaving extends Target {
  readonly plan: EnginePlan
  /** Its containers that still call lintel, one line each. The error says why that cannot be told. */
  readonly pinned: Result<readonly string[], string>
}

/** What an uninstall comes to. */
export interface UninstallPlan {
  readonly engines: readonly Leaving[]
  readonly changes: readonly FileChange[]
  /** True where every call is handed on unjudged from then on. */
  readonly passes: boolean
}

/** Plans it for one engine or all; nothing is changed. Errors: one line. */
export const planUnregister = (
  host: AdministratorHost,
  state: State,
  engine: RegistrableEngine | 'all',
): Result<UninstallPlan, string> => {
  const targets = targetsOf(host, state, engine)
  if (!targets.ok) return targets
  const engines: Leaving[] = []
  for (const target of targets.value) {
    const pinned = pinnedOf(host, target)
    const keepName = isNeeded(pinned)
    const plan = planUninstall(host, target, { wanted: target.wanted, keepName })
    if (!plan.ok) return err(`${plan.error}; nothing was changed`)
    engines.push({ ...target, plan: plan.value, pinned })
  }
  const rid = engines.map(({ installation }) => installation)
  const others = state.registered.filter(
    (each) => each.leaving === true && engines.every(({ known }) => known !== each),
  )
  const isCalled = others.length > 0 || engines.some(({ pinned }) => isNeeded(pinned))
  const passes = isCalled && !isInForce(host, { state, rid, undiverting: engine === 'all' })
  const all = [...engines.flatMap(({ plan }) => plan.changes), ...passThroughChange(host, passes)]
  // Two daemons may share a file.
  const changes = all.filter(({ path }, index) => all.findIndex((each) => each.path === path) === index)
  return ok({ engines, changes, passes })
}

/** Of containers that cannot be told, the worst is taken. */
const isNeeded = (pinned: Leaving['pinned']): boolean => !pinned.ok || pinned.value.length > 0

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
    wanted: wantedOf(known),
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

const pinnedOf = (host: AdministratorHost, { installation, names, wanted }: Target): Leaving['pinned'] =>
  pinnedContainers(host, {
    installation,
    // Somebody may have taken the name out of the file already.
    names: [...new Set([...names, runtimeName])].filter((name) => !ownNames.includes(name)),
    runtime: wanted.runtime,
  })

/** Containers of engines that lintel was taken out of before, while they still call it; engines without are left out. */
export const leavingContainers = (
  host: AdministratorHost,
  state: State,
): readonly Pick<Leaving, 'installation' | 'pinned'>[] =>
  state.registered
    .filter(({ leaving }) => leaving === true)
    .map((known) => {
      const installation = current(host, known.installation)
      const pinned = pinnedOf(host, { installation, known, wanted: wantedOf(known), names: [] })
      return { installation, pinned }
    })

/** Makes the changes and has every engine read them. Errors: one line; then everything was put back. */
export const unregister = (
  scene: ControlScene,
  state: State,
  { engines, changes }: UninstallPlan,
): Result<null, string> => {
  const since = scene.host.clock().timestamp
  const after = stateAfter(state, { engines, changes }, since)
  const isSame = changes.length === 0 && JSON.stringify(after) === JSON.stringify(state)
  if (isSame) return ok(null)
  const steps = planSteps(scene.host, changes, stampOf(since))
  if (!steps.ok) return err(`${steps.error}; nothing was changed`)
  const touched = engines.filter(({ plan }) => plan.changes.length > 0)
  const runtime = engines[0]?.wanted.runtime ?? ''
  const pending = {
    action: 'uninstall',
    since,
    steps: steps.value,
    folders: [],
    engines: touched.map(({ installation }) => installation),
    told: false,
    runtime,
  } as const
  const backups = steps.value.flatMap(({ backup }) => (backup === undefined ? [] : [backup]))
  const waiting = perform(scene, {
    state,
    pending,
    tellings: touched.map(({ plan }) => ({ ...plan, runtime })),
    after: { ...after, leftovers: [...backups, ...after.leftovers] },
  })
  if (!waiting.ok) return waiting
  for (const { installation } of touched) {
    const isWaiting = waiting.value.some((each) => each === installation)
    scene.say(`${installation.engine}: lintel is taken out${isWaiting ? ' of its files' : ''}`)
  }
  return ok(null)
}

const stateAfter = (
  state: State,
  { engines, changes }: Pick<UninstallPlan, 'engines' | 'changes'>,
  since: string,
): State => {
  const gone = engines.flatMap(({ known }) => (known === undefined ? [] : [known]))
  const staying = engines.flatMap(({ plan, known, installation, wanted, pinned }): readonly Registered[] => {
    if (!isNeeded(pinned)) return []
    const record = known ?? { installation, ...wanted, since, files: [], folders: [] }
    return [{ ...record, files: plan.files, leaving: true }]
  })
  return {
    registered: [...state.registered.filter((each) => !gone.includes(each)), ...staying],
    pending: undefined,
    leftovers: gone.flatMap((known) => needlessOf(known, changes)),
  }
}

/** Backups of files that are byte by byte as they were, and folders made for lintel's files. */
const needlessOf = ({ files, folders }: Registered, changes: readonly FileChange[]): readonly string[] => [
  ...files.flatMap(({ path, before, backup }) => {
    const change = changes.find((each) => each.path === path)
    return backup !== undefined && change !== undefined && change.after === before ? [backup] : []
  }),
  ...folders.toReversed(),
]
