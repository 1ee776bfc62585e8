/** The hot path: one call of the runtime, from argv to execve, in the fixed order of DESIGN section 2. */
import type { Host } from '../host/host.ts'
import { builtIn } from '../policy/built-in.ts'
import { type ArgvError, type Call, type GuardedCall, parseArgv } from './argv.ts'
import { argvFor, handOn } from './hand-on.ts'
import type { GuardRequest } from './judge-main.ts'
import { onlyWarns, type ServingPolicy, servingPolicy } from './policy.ts'
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
  if (call.kind === 'pass') return pass(host, call, serving.ok ? serving.value : (kept ?? builtIn))
  if (!serving.ok) return refuse(host, call, `its policy cannot serve. ${serving.error.message}`)
  return judge(host, call, serving.value)
}

/** Nothing may stop these: a container that exists can always be stopped and deleted, policy or no policy. */
const pass = (
  host: Host,
  { argv, lintel }: Extract<Call, { readonly kind: 'pass' }>,
  { runtimePaths }: Pick<ServingPolicy, 'runtimePaths'>,
): number => {
  const runtime = host.findRuntime(runtimePaths)
  if (!lintel.dryRun) return handOn(host, runtime, argv)
  host.write(1, `${JSON.stringify({ verdict: 'pass', runtime, argv })}\n`)
  return 0
}

const judge = (host: Host, call: GuardedCall, serving: ServingPolicy): number => {
  const runtime = armFailsafe(host, call, serving)
  const request: GuardRequest = { call, serving, runtime }
  const status = host.callModule('judge', request, host)
  return typeof status === 'number' ? status : bugStatus
}

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

/** A call whose command line could not be read: refused, unless the policy only warns. */
const refuseUnread = (host: Host, error: ArgvError): number => {
  const serving = servingPolicy(host, error.lintel.policy, host.readKept(error.lintel.policy))
  if (serving.ok && onlyWarns(serving.value)) {
    const runtime = host.findRuntime(serving.value.runtimePaths)
    return handOn(host, runtime, error.argv)
  }
  return refuse(host, { operation: error.operation ?? 'runtime', globals: error.globals }, error.message)
}
