/** `lintel install`: tells the engines of this host to call lintel, shows what that changes, and makes sure that they do. */
import { isJsonObject } from '../core/json.ts'
import type { Mode } from '../core/policy.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import { openState } from '../installation/change.ts'
import type { ControlScene } from '../installation/control/control.ts'
import { discover } from '../installation/discover.ts'
import { divert, planDivert } from '../installation/divert.ts'
import { firstPolicy, policyFile } from '../installation/first-policy.ts'
import { passThroughChange } from '../installation/pass-through.ts'
import { installedRuntime } from '../installation/place.ts'
import { type EnginePlan, planInstall } from '../installation/plan.ts'
import { confirm, register } from '../installation/register.ts'
import { readConfiguration } from '../installation/replace-text.ts'
import { readState, recordOf, type State } from '../installation/state.ts'
import { checkTlsFolder } from '../installation/tls-folder.ts'
import { unifiedDiff } from '../installation/unified-diff.ts'
import { builtIn } from '../policy/built-in.ts'
import { loadPolicy } from '../policy/load.ts'
import type { FileChange, Installation, RegistrableEngine, Wanted } from '../registration/registration.ts'
import { exitStatus, type Output } from './output.ts'

export interface InstallOptions {
  readonly engine: RegistrableEngine | 'all'
  /** Of the first policy; undefined: warn. */
  readonly mode: Mode | undefined
  readonly divert: boolean
  readonly dryRun: boolean
  readonly tcp: number | undefined
  readonly tls: string | undefined
  readonly restartCommand: string | undefined
}

/** Installs. Returns 0, 1 where it could not be done (nothing is changed then), 2 for options that make no sense. */
export const install = (host: AdministratorHost, output: Output, options: InstallOptions): number => {
  const wanted = wantedOf(host, options)
  if (!wanted.ok) {
    output.complain(wanted.error)
    return exitStatus.usage
  }
  const done = act(host, output, { options, wanted: wanted.value })
  if (done.ok) return exitStatus.clean
  output.complain(done.error)
  return exitStatus.findings
}

const wantedOf = (host: AdministratorHost, options: InstallOptions): Result<Wanted, string> => {
  const { effectiveUid, initialUserNamespace } = host.process
  if (effectiveUid !== 0 || !initialUserNamespace) return err('only root can install lintel on a host')
  const { engine, tcp, tls, restartCommand } = options
  if ((tcp === undefined) !== (tls === undefined)) return err('--tcp PORT and --tls DIR go together')
  if (tcp !== undefined && engine !== 'docker')
    return err('--tcp and --tls are for docker: lintel install docker --tcp 2376 --tls DIR')
  if (tcp !== undefined && !(Number.isInteger(tcp) && tcp > 0 && tcp < 65_536))
    return err(`--tcp ${tcp} is no port`)
  if (tcp === 2375) return err('--tcp 2375 is the port of the API without TLS; take 2376')
  if (tls !== undefined && !tls.startsWith('/')) return err(`--tls ${tls} must be an absolute path`)
  if (restartCommand !== undefined && engine === 'all')
    return err('--restart-command is for one engine; name it')
  const runtime = installedRuntime(host)
  if (!runtime.ok) return runtime
  const tlsWanted =
    tcp === undefined || tls === undefined ? undefined : { port: tcp, folder: tls.replace(/(?<=.)\/+$/, '') }
  return ok({ runtime: runtime.value, tls: tlsWanted })
}

interface Task {
  readonly options: InstallOptions
  readonly wanted: Wanted
}

const act = (host: AdministratorHost, output: Output, task: Task): Result<null, string> => {
  const { options } = task
  const scene: ControlScene = { host, say: output.print, restartCommand: options.restartCommand }
  const state = options.dryRun ? settledState(host) : openState(scene)
  if (!state.ok) return state
  const becomes = runtimeUnder(host)
  if (!becomes.ok) return becomes
  const wanted = { ...task.wanted, becomes: becomes.value }
  const plan = planned(host, output, { task: { options, wanted }, state: state.value })
  if (!plan.ok) return plan
  const { engines, policy } = plan.value
  const changes = [
    ...policy,
    ...passThroughChange(host, false),
    ...distinct(engines.flatMap((engine) => engine.changes)),
  ]
  for (const change of changes) output.print(unifiedDiff(change).trimEnd())
  adviseOnMode(host, output, options.mode)
  if (options.dryRun) return finishDryRun(host, output, { changes, diverts: options.divert })
  const made =
    changes.length === 0
      ? confirm(scene, engines, wanted)
      : register(scene, { state: state.value, engines, changes, wanted })
  if (!made.ok) return made
  if (changes.length === 0) output.print('nothing to change')
  const folder = host.makeDirectory('/var/log/lintel', 0o700)
  if (!folder.ok)
    output.complain(`/var/log/lintel cannot be made (${folder.error.code}); see [log] in the policy`)
  return options.divert ? diverted(host, output) : ok(null)
}

/** Absolute path of the runtime lintel becomes for every call. Errors: one line; each container would fail. */
const runtimeUnder = (host: AdministratorHost): Result<string, string> => {
  const loaded = loadPolicy(host, undefined)
  const { runtimePaths } = loaded.ok ? loaded.value.policy : (host.readKept(undefined) ?? builtIn)
  const found = host.findRuntime(runtimePaths)
  return found === undefined
    ? err(
        `no container runtime is at ${runtimePaths.join(', ')}; install runc or crun, or name its path in [runtime] of ${policyFile}; nothing was changed`,
      )
    : ok(found)
}

/** For a dry run, which ends nothing that is unfinished. */
const settledState = (host: AdministratorHost): Result<State, string> => {
  const state = readState(host)
  if (!state.ok || state.value.pending === undefined) return state
  return err(
    `an earlier ${state.value.pending.action} was interrupted; run lintel status, which puts everything back, and try again`,
  )
}

interface InstallPlan {
  readonly engines: readonly EnginePlan[]
  /** The first policy, where there is none. */
  readonly policy: readonly FileChange[]
}

const planned = (
  host: AdministratorHost,
  output: Output,
  { task, state }: { readonly task: Task; readonly state: State },
): Result<InstallPlan, string> => {
  const { options, wanted } = task
  const found = discover(host).filter(({ engine }) => options.engine === 'all' || engine === options.engine)
  if (options.engine === 'all') sayMissing(output, found)
  if (found.length === 0) {
    const { engine } = options
    return err(
      engine === 'all' ? 'there is no container engine on this host' : `${engine} is not on this host`,
    )
  }
  if (wanted.tls !== undefined) {
    const findings = checkTlsFolder(host, wanted.tls.folder, [host.process.hostname])
    const problem = findings.find(({ severity }) => severity === 'error')
    if (problem !== undefined) return err(`${problem.message}; nothing was changed`)
    for (const { message } of findings) output.print(message)
  }
  const engines: EnginePlan[] = []
  for (const installation of found) {
    const plan = planInstall(host, { installation, known: recordOf(state, installation) }, wanted)
    if (!plan.ok) return err(`${plan.error}; nothing was changed`)
    engines.push(plan.value)
  }
  const existing = readConfiguration(host, policyFile)
  if (!existing.ok) return existing
  const text = firstPolicy(options.mode ?? 'warn')
  const policy = existing.value === undefined ? [{ path: policyFile, before: undefined, after: text }] : []
  return ok({ engines, policy })
}

const engineNames: readonly RegistrableEngine[] = ['docker', 'containerd', 'crio', 'podman', 'buildkit']

const sayMissing = (output: Output, found: readonly Installation[]): void => {
  const missing = engineNames.filter((name) => found.every(({ engine }) => engine !== name))
  if (missing.length > 0) output.print(`not on this host: ${missing.join(', ')}`)
}

/** Two daemons may share a file. */
const distinct = (changes: readonly FileChange[]): readonly FileChange[] =>
  changes.filter(({ path }, index) => changes.findIndex((each) => each.path === path) === index)

const adviseOnMode = (host: AdministratorHost, output: Output, mode: Mode | undefined): void => {
  const text = mode === undefined ? undefined : readConfiguration(host, policyFile)
  if (text?.ok !== true || text.value === undefined) return
  const parsed = host.parseToml(text.value)
  const settings = parsed.ok && isJsonObject(parsed.value.value) ? parsed.value.value : {}
  if (settings['mode'] === mode) return
  const line = parsed.ok ? parsed.value.lines['/mode'] : undefined
  const place = line === undefined ? policyFile : `${policyFile}:${line}`
  output.print(`${place}: a policy that is there is never edited; for this mode write: mode = "${mode}"`)
}

const finishDryRun = (
  host: AdministratorHost,
  output: Output,
  { changes, diverts }: { readonly changes: readonly FileChange[]; readonly diverts: boolean },
): Result<null, string> => {
  const plan = diverts ? planDivert(host) : ok({ fresh: [], held: [] })
  if (!plan.ok) return plan
  for (const { path, kept } of plan.value.fresh)
    output.print(`${path} would move to ${kept}, with lintel in its place`)
  const none = changes.length + plan.value.fresh.length === 0
  output.print(none ? 'nothing to change' : 'dry run: nothing was changed')
  return ok(null)
}

const diverted = (host: AdministratorHost, output: Output): Result<null, string> => {
  const done = divert(host)
  if (!done.ok) return done
  for (const line of done.value) output.print(line)
  return ok(null)
}
