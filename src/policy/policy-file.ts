/** A policy file as written, after validation against schemas/policy.schema.json. */
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

export interface PolicyFile {
  readonly version?: 1
  readonly profile?: string
  readonly mode?: Mode
  readonly runtime?: { readonly path?: readonly string[] }
  readonly rules?: { readonly [id: string]: RuleTable }
  readonly overrides?: readonly OverrideTable[]
  readonly exemptions?: readonly Exemption[]
  readonly log?: Partial<LogSettings>
}
