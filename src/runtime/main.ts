/** The hot path: one call of the runtime, from argv to execve, in the fixed order of DESIGN section 2. */
import { err, ok } from '../core/result.ts'
import type { Host, KeptPolicy } from '../host/host.ts'
import { builtIn } from '../policy/built-in.ts'
import { type ArgvError, type Call, type GuardedCall, parseArgv } from './argv.ts'
import { argvFor, handOn } from './hand-on.ts'
import type { GuardRequest } from './judge-main.ts'
import { handsOn, onlyWarns, type ServingPolicy, servingPolicy } from './policy.ts'
import { logPath, refuse } from './refuse.ts'

const bugStatus = 1

/** Runs the call; returns an exit status only where no runtime took the process over. */
export const main = (host: Host): number => {
  const parsed = parseArgv(host.process.argv)
  if (!parsed.ok) return refuseUnread(host, parsed.error)
  const call = parsed.value
  const kept = host.readKept(call.lintel.policy)
  // Compiling a policy may go wrong too; until it is done the kept one says what then happens.
  if (call.kind === 'guarded' && kept?.fresh !== true) armFailsafe(host, call, kept)
  const serving = servingPolicy(host, call.lintel.policy, kept)
  if (serving.ok && handsOn(serving.value)) return pass(host, call, serving.value)
  if (call.kind === 'pass') return pass(host, call, serving.ok ? serving.value : (kept ?? builtIn))
  return judge(host, call, { serving, kept })
}

/** Nothing may stop these calls: a container that exists can always be stopped and deleted, policy or no policy. */
const pass = (
  host: Host,
  { argv, lintel }: Pick<Call, 'argv' | 'lintel'>,
  { runtimePaths }: Pick<ServingPolicy, 'runtimePaths'>,
): number => {
  const runtime = host.findRuntime(runtimePaths)
  if (!lintel.dryRun) return handOn(host, { runtime, runtimePaths }, argv)
  host.write(1, `${JSON.stringify({ verdict: 'pass', runtime, argv })}\n`)
  return 0
}

const judge = (
  host: Host,
  call: GuardedCall,
  {
    serving,
    kept,
  }: { readonly serving: ReturnType<typeof servingPolicy>; readonly kept: KeptPolicy | undefined },
): number => {
  const breakGlass = host.readBreakGlass()
  const best = serving.ok || breakGlass?.running !== true ? serving : lastResort(serving, kept)
  const runtime = armFailsafe(host, call, best.ok ? best.value : kept)
  const request: GuardRequest = {
    call,
    serving: best.ok ? best : err(`its policy cannot serve. ${best.error.message}`),
    runtime,
    breakGlass,
  }
  const status = host.callModule('judge', request, host)
  return typeof status === 'number' ? status : bugStatus
}

/** Where nothing blocks, even a policy in other hands than root's gives way to the last good one. */
const lastResort = (
  failed: Extract<ReturnType<typeof servingPolicy>, { readonly ok: false }>,
  kept: KeptPolicy | undefined,
): ReturnType<typeof servingPolicy> =>
  kept === undefined ? failed : ok({ ...kept, broken: failed.error.message })

/** Says what is to happen if lintel breaks from here on. Returns the runtime that would be handed on to. */
const armFailsafe = (
  host: Host,
  { globals, argv }: GuardedCall,
  policy: Pick<ServingPolicy, 'runtimePaths' | 'text'> | undefined,
): string | undefined => {
  const runtime = host.findRuntime(policy?.runtimePaths ?? builtIn.runtimePaths)
  host.setFailsafe({
    deny: policy === undefined || !onlyWarns(policy),
    runtime: runtime ?? '',
    argv: argvFor(runtime ?? '', argv),
    log: logPath(globals.log),
    logFormat: globals.logFormat ?? 'text',
  })
  return runtime
}

/** A call whose command line could not be read: refused, unless the policy only warns or break-glass runs. */
const refuseUnread = (host: Host, error: ArgvError): number => {
  const kept = host.readKept(error.lintel.policy)
  const serving = servingPolicy(host, error.lintel.policy, kept)
  const never = serving.ok && (onlyWarns(serving.value) || handsOn(serving.value))
  if (never || host.readBreakGlass()?.running === true) {
    const { runtimePaths } = serving.ok ? serving.value : (kept ?? builtIn)
    return handOn(host, { runtime: host.findRuntime(runtimePaths), runtimePaths }, error.argv)
  }
  return refuse(host, { operation: error.operation ?? 'runtime', globals: error.globals }, error.message)
}
