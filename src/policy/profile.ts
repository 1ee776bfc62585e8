/** A profile: the settings a benchmark or standard starts every rule with. */
import type { ParameterValue } from '../core/parameters.ts'

export interface Profile {
  readonly title: string
  readonly rules: { readonly [id: string]: { readonly [member: string]: ParameterValue } }
}
