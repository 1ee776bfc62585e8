/** How a policy has requesters prove who they are, compiled: keys, names, what is asked of a token, who is cleared for what. */
import type { Range } from '../selinux/range.ts'

export const tokenAlgorithms = ['RS256', 'ES256', 'EdDSA'] as const
/** Signatures of RFC 7518 and RFC 8037 (EdDSA: Ed25519 only). */
export type TokenAlgorithm = (typeof tokenAlgorithms)[number]

/** A public key of a JWK Set, checked when the policy was compiled. */
export interface TokenKey {
  readonly id: string | undefined
  readonly algorithm: TokenAlgorithm
  /** Canonical base64url: modulus and exponent (RS256), both coordinates (ES256), the public key (EdDSA). */
  readonly parts: readonly string[]
}

/** Names of the claims that are read. */
export interface ClaimNames {
  readonly user: string
  readonly groups: string
  readonly clearance: string
  /** What the token is for: `create`, `exec` or a list of them. */
  readonly operation: string
  readonly name: string
  readonly image: string
  readonly namespace: string
  readonly pod: string
  readonly id: string
}

/** What a user, or everybody of a group, may see. */
export interface Clearance {
  readonly user?: string
  readonly group?: string
  readonly range: Range
}

export interface IdentitySettings {
  readonly keys: readonly TokenKey[]
  readonly algorithms: readonly TokenAlgorithm[]
  readonly issuer: string
  readonly audience: string
  /** Seconds by which the clocks of issuer and host may differ. */
  readonly clockSkew: number
  /** Annotations or labels, and the variable of an exec, in which a requester brings them. */
  readonly names: { readonly user: string; readonly token: string; readonly environment: string }
  readonly claims: ClaimNames
  /** `optional`: a token that names no container serves for any. */
  readonly binding: 'required' | 'optional'
  /** `narrow`: a token's clearance only takes away; `define`: it is the clearance. */
  readonly tokenClearance: 'narrow' | 'define'
  /** A container made while its token held may be started again after. */
  readonly readmit: boolean
  /** A token admits one container, or those of one pod's sandbox. */
  readonly once: boolean
  /** A caller that is not root is taken for the user that the host's passwd names. */
  readonly hostUsers: boolean
  /** SELinux's table of logins (seusers(5)), for the clearance of users of the host; empty: none. */
  readonly seusers: string
  readonly clearances: readonly Clearance[]
}
