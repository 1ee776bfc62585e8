/** A policy file as written, after validation against schemas/policy.schema.json. */
import type { ClaimNames, IdentitySettings, TokenAlgorithm } from '../core/identity-settings.ts'
import type { ParameterValue } from '../core/parameters.ts'
import type { Action, Exemption, LogSettings, Mode, OverrideSelector } from '../core/policy.ts'

export interface RuleTable {
  readonly action?: Action
  readonly [parameter: string]: ParameterValue | undefined
}

export interface OverrideTable {
  readonly where: OverrideSelector
  readonly rules: { readonly [id: string]: RuleTable }
}

/** How requesters prove who they are; what is left out is as src/policy/identity.ts has it. */
export interface IdentityTable {
  readonly jwks?: readonly string[]
  readonly issuer?: string
  readonly audience?: string
  readonly algorithms?: readonly TokenAlgorithm[]
  readonly 'clock-skew'?: number
  readonly 'user-annotation'?: string
  readonly 'token-annotation'?: string
  readonly 'token-environment'?: string
  readonly claims?: Partial<ClaimNames>
  readonly binding?: IdentitySettings['binding']
  readonly 'token-clearance'?: IdentitySettings['tokenClearance']
  readonly readmit?: boolean
  readonly once?: boolean
  readonly 'host-users'?: boolean
  readonly seusers?: string
}

export interface PolicyFile {
  readonly version?: 1
  readonly profile?: string
  readonly mode?: Mode
  readonly runtime?: { readonly path?: readonly string[] }
  readonly rules?: { readonly [id: string]: RuleTable }
  readonly overrides?: readonly OverrideTable[]
  readonly exemptions?: readonly Exemption[]
  readonly identity?: IdentityTable
  readonly clearances?: readonly { readonly user?: string; readonly group?: string; readonly range: string }[]
  readonly log?: Partial<LogSettings>
}
