/** The hot path: one call of the runtime, from argv to execve, in the fixed order of DESIGN section 2. */
import type { Host } from '../host/host.ts'
import { builtIn } from '../policy/built-in.ts'
import { type Call, parseArgv } from './argv.ts'
import { guard, refuseUnread } from './guard.ts'
import { findRuntime, handOn } from './hand-on.ts'
import { servingPolicy } from './policy.ts'

/** Runs the call; returns an exit status only where no runtime took the process over. */
export const main = (host: Host): number => {
  const parsed = parseArgv(host.process.argv)
  if (!parsed.ok) return refuseUnread(host, parsed.error)
  const call = parsed.value
  return call.kind === 'guarded' ? guard(host, call) : pass(host, call)
}

type PassCall = Extract<Call, { readonly kind: 'pass' }>

/** Nothing may stop these: a container that exists can always be stopped and deleted, policy or no policy. */
const pass = (host: Host, { argv, lintel }: PassCall): number => {
  const serving = servingPolicy(host, lintel.policy)
  const paths = serving.ok ? serving.value.policy.runtimePaths : builtIn.runtimePaths
  const runtime = findRuntime(host, paths)
  if (!lintel.dryRun) return handOn(host, runtime, argv)
  host.write(1, `${JSON.stringify({ verdict: 'pass', runtime, argv })}\n`)
  return 0
}
