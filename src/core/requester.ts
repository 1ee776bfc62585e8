/** Who asks for a container or a command, and how that was proven: apart from the engine, which only passes it on. */
import type { Range } from '../selinux/range.ts'

/**
 * What is wrong with a proof. `detail` ends a sentence and never holds any part of the token itself; what the token
 * claims is told only once its signature has been verified.
 */
export interface RequesterProblem {
  readonly kind: RequesterProblemKind
  readonly detail: string
}

export const requesterProblemKinds = [
  /** Nothing was brought that could prove anything. */
  'absent',
  /** No signed JWT as RFC 7515 and 7519 have it: too large, not base64url, not JSON, a member twice, `crit`. */
  'malformed',
  /** Signed in a way the policy does not allow, `none` and shared secrets among them. */
  'algorithm',
  /** No key of the policy is the one the token names, or fits it. */
  'key',
  'signature',
  'expired',
  'early',
  'issuer',
  'audience',
  /** The token is for another container, or another operation. */
  'other-container',
  /** The token names no container at all. */
  'unbound',
  /** No user, or another than the annotation says. */
  'user',
  /** The clearance claimed is no range. */
  'clearance',
  /** The token has admitted another container, where it admits one; or that cannot be noted. */
  'used',
  /** The token stands where it cannot be taken away, or where every command of the container would carry it. */
  'exposed',
] as const
export type RequesterProblemKind = (typeof requesterProblemKinds)[number]

/** The person or service on whose behalf the engine calls. */
export interface Requester {
  /** As proven; undefined where nothing proves it. */
  readonly user: string | undefined
  readonly groups: readonly string[]
  /** What the policy clears the user for; undefined where it clears for nothing, or nobody is proven. */
  readonly clearance: Range | undefined
  /** `token`: by a signature. `caller`: by the kernel, the calling process being the user's own. */
  readonly proof: 'token' | 'caller' | 'none'
  /** Empty exactly where `proof` is not `none`. */
  readonly problems: readonly RequesterProblem[]
}
