/** What lintel decided about one call, and the findings that led there. */
import type { PatchOperation } from './patch.ts'
import type { Exemption } from './policy.ts'
import type { Reference, Severity } from './rule.ts'

export type Verdict = 'allow' | 'fix' | 'deny' | 'would_deny'

/**
 * What became of a finding. `refused`: the call is denied for it (or would be, in mode warn). `fixed`: a patch
 * cleared it. `repairable`: a patch would have, but the call was refused for something else or the mode is warn.
 * `warned`: the policy only wants it known. `exempted`: a running exemption covers it. `unknown`: the fact could
 * not be had.
 */
export type Outcome = 'refused' | 'fixed' | 'repairable' | 'warned' | 'exempted' | 'unknown'

export interface Finding {
  readonly rule: string
  readonly title: string
  readonly severity: Severity
  readonly references: readonly Reference[]
  readonly outcome: Outcome
  readonly pointer: string
  readonly actual: string
  readonly expected: string
  /** What was found, in words. */
  readonly message: string
  /** What the person can change, in the words of the engine used. */
  readonly remedy: string
  readonly exemption?: Exemption
  /** As in Observation: the engine repeats what was repaired at create. */
  readonly standing?: true
}

export interface Decision {
  readonly verdict: Verdict
  readonly findings: readonly Finding[]
  /** Operations on the document judged; empty unless the verdict is `fix`. */
  readonly patch: readonly PatchOperation[]
}
