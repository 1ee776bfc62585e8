/** The module that decides, loaded by the runtime for a guarded call only. */
import type { Result } from '../core/result.ts'
import type { BreakGlass, Host } from '../host/host.ts'
import type { GuardedCall } from './argv.ts'
import { guard } from './guard.ts'
import type { ServingPolicy } from './policy.ts'

/** What the runtime hands over: the call as read, and the policy that serves. */
export interface GuardRequest {
  readonly call: GuardedCall
  /** The error: why no policy can serve, as one line. */
  readonly serving: Result<ServingPolicy, string>
  /** Break-glass, where there is such a file: running or over. */
  readonly breakGlass: BreakGlass | undefined
  /** The real runtime; undefined where none was found. */
  readonly runtime: string | undefined
}

/** Judges the call and does what the verdict says; an exit status where no runtime took the process over. */
export const main = (host: Host, request: GuardRequest): number => guard(host, request)
