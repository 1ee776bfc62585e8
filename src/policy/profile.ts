/** A profile: the settings a benchmark or standard starts every rule with. */
import type { ParameterValue } from '../core/parameters.ts'
import type { Rule } from '../core/rule.ts'

export interface Profile {
  readonly title: string
  readonly rules: { readonly [id: string]: { readonly [member: string]: ParameterValue } }
}

/** How a profile sets a rule. */
interface Setting {
  readonly action: string
  /** Parameters that differ from the rule's own defaults. */
  readonly parameters: { readonly [name: string]: ParameterValue }
}

/** How this profile sets this rule. */
export const settingIn = (profile: Profile, { id }: Pick<Rule, 'id'>): Setting => {
  const { action, ...parameters } = profile.rules[id] ?? {}
  return { action: typeof action === 'string' ? action : 'off', parameters }
}

/** A setting in words: the action, and the parameters as TOML would have them. */
export const settingText = ({ action, parameters }: Setting): string =>
  [action, ...Object.entries(parameters).map(([name, value]) => `${name} = ${JSON.stringify(value)}`)].join(
    ', ',
  )
