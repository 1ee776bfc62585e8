/** `lintel uninstall`: engines get their own files back first; what still needs lintel is listed, and stays able to run. */
import { ok, type Result } from '../core/result.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import { openState } from '../installation/change.ts'
import type { ControlScene } from '../installation/control/control.ts'
import { undoDiversions } from '../installation/divert-undo.ts'
import { readState } from '../installation/state.ts'
import { unifiedDiff } from '../installation/unified-diff.ts'
import { planUnregister, type UninstallPlan, unregister } from '../installation/unregister.ts'
import type { RegistrableEngine } from '../registration/registration.ts'
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

const act = (host: AdministratorHost, output: Output, options: UninstallOptions): Result<null, string> => {
  const scene: ControlScene = { host, say: output.print, restartCommand: options.restartCommand }
  const state = options.dryRun ? readState(host) : openState(scene)
  if (!state.ok) return state
  const plan = planUnregister(host, state.value, options.engine)
  if (!plan.ok) return plan
  const { changes } = plan.value
  for (const change of changes) output.print(unifiedDiff(change).trimEnd())
  if (changes.length === 0) output.print('nothing to change')
  if (options.dryRun) output.print('dry run: nothing was changed')
  else {
    const made = unregister(scene, state.value, plan.value)
    if (!made.ok) return made
    if (options.engine === 'all') {
      const undone = undoDiversions(host)
      if (!undone.ok) return undone
      for (const line of undone.value) output.print(line)
    }
  }
  report(output, plan.value)
  return ok(null)
}

const report = (output: Output, { engines, passes }: UninstallPlan): void => {
  const [first] = engines
  if (first === undefined) return
  const { runtime } = first.wanted
  const needing = engines.filter(({ pinned }) => !pinned.ok || pinned.value.length > 0)
  for (const { installation, pinned, plan } of needing) {
    const { engine } = installation
    if (pinned.ok) output.print(`containers of ${engine} that were made with lintel and still call it:`)
    else output.complain(`which containers of ${engine} still need lintel cannot be told: ${pinned.error}`)
    for (const name of pinned.ok ? pinned.value : []) output.print(`  ${name}`)
    for (const { path } of plan.files) output.print(`${path} keeps the name lintel for them, as no default.`)
  }
  if (needing.length === 0) {
    output.print(`No container needs ${runtime} any more; it may be removed. Policy and decision log stay.`)
    return
  }
  output.print(
    passes
      ? 'They start, stop and are entered as before; lintel hands their calls on and judges nothing any more.'
      : 'They start, stop and are entered as before, and are judged as long as lintel is in the way of others here.',
  )
  output.print(
    `Keep ${runtime} until they are made anew or removed, then run lintel uninstall again; lintel status names them.`,
  )
}
