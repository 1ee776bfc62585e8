/** A site's policy, compiled: every rule with its action and parameters, exemptions, log; and what holds for whom. */
import type { EngineId, Identity } from './identity.ts'
import type { IdentitySettings } from './identity-settings.ts'
import type { ParameterValues } from './parameters.ts'

export const actions = ['deny', 'fix', 'warn', 'off'] as const
export type Action = (typeof actions)[number]

export type Mode = 'enforce' | 'warn'

export interface RuleSetting {
  readonly action: Action
  readonly parameters: ParameterValues
}

/** Which containers an exemption covers; every member given must match, `*` matches any run of characters. */
export interface Selector {
  readonly engine?: EngineId
  readonly image?: string
  readonly name?: string
  readonly namespace?: string
}

/** What an override asks of a rule; members left out stay as they are. */
export interface RuleChange {
  readonly action?: Action
  readonly parameters: ParameterValues
}

/** Other settings for the containers its selector covers. */
export interface Override {
  /** Not the site's: what holds for pause containers under every profile. */
  readonly builtIn?: true
  readonly where: OverrideSelector
  readonly rules: { readonly [id: string]: RuleChange }
}

export interface OverrideSelector extends Selector {
  /** Only pause containers. */
  readonly sandbox?: true
}

export interface Exemption {
  readonly rules: readonly string[]
  readonly where: Selector
  readonly reason: string
  readonly owner: string
  /** Last day it counts, `YYYY-MM-DD`, UTC. */
  readonly expires: string
}

export interface LogSettings {
  readonly file: string
  /** False: a container may run although its record could not be written. */
  readonly required: boolean
  /** Whether `/dev/log` is told too: as syslog() of the C library writes it, or in RFC 5424's form. */
  readonly syslog: boolean | 'rfc5424'
  /** Whether journald's native socket is told too. */
  readonly journald?: boolean
}

export interface Policy {
  readonly profile: string
  readonly mode: Mode
  readonly runtimePaths: readonly string[]
  /** Setting of every rule whose action is not `off`, and of those an override may switch on, by rule id. */
  readonly rules: { readonly [id: string]: RuleSetting }
  /** Later ones win. */
  readonly overrides: readonly Override[]
  readonly exemptions: readonly Exemption[]
  readonly log: LogSettings
  /** How requesters prove who they are; absent where the policy does not ask. */
  readonly identity?: IdentitySettings
  /** Lower-case SHA-256 of the sources' text, `built-in` for the default that serves without a file. */
  readonly digest: string
}

/** The exemption that covers this rule and container, one that runs today before one that has expired. */
export const exemptionFor = (
  policy: Policy,
  rule: string,
  { identity, today }: { readonly identity: Identity; readonly today: string },
): { readonly exemption: Exemption; readonly expired: boolean } | undefined => {
  const covering = policy.exemptions.filter(
    ({ rules, where }) => rules.includes(rule) && selects(where, identity),
  )
  const running = covering.find(({ expires }) => today <= expires)
  const exemption = running ?? covering[0]
  return exemption && { exemption, expired: running === undefined }
}

/**
 * The policy for one container: its overrides laid over the settings, in their order. The same object where no
 * override covers it. The answer has no overrides left.
 */
export const policyFor = (policy: Policy, identity: Identity): Policy => {
  const covering = policy.overrides.filter(
    ({ where }) => selects(where, identity) && (where.sandbox !== true || identity.sandbox),
  )
  if (covering.length === 0) return policy
  const rules = { ...policy.rules }
  for (const override of covering) {
    for (const [id, change] of Object.entries(override.rules)) {
      const setting = rules[id]
      // Compiling a policy gives every rule that an override names a setting (policy/compile.ts).
      if (setting !== undefined) rules[id] = changed(setting, change)
    }
  }
  return { ...policy, rules, overrides: [] }
}

const changed = (setting: RuleSetting, { action, parameters }: RuleChange): RuleSetting => ({
  action: action ?? setting.action,
  parameters: { ...setting.parameters, ...parameters },
})

/**
 * True when the selector covers the container. Only a proven identity is ever selected: a user can forge
 * annotations, and a selector that named nothing would exempt everything (the schema refuses it).
 */
export const selects = (
  where: Selector,
  identity: Pick<Identity, 'proven' | 'engine' | 'image' | 'name' | 'namespace'>,
): boolean =>
  identity.proven &&
  (where.engine === undefined || where.engine === identity.engine) &&
  glob(where.image, identity.image) &&
  glob(where.name, identity.name) &&
  glob(where.namespace, identity.namespace)

const glob = (pattern: string | undefined, value: string | undefined): boolean =>
  pattern === undefined || (value !== undefined && matchesGlob(pattern, value))

/**
 * Whole-string match where `*` stands for any run of characters and everything else for itself.
 * Linear in the value for each `*` (the longest-known-suffix walk), so a hostile name cannot stall it.
 */
export const matchesGlob = (pattern: string, value: string): boolean => {
  const parts = pattern.split('*')
  const first = parts[0] ?? ''
  if (parts.length === 1) return value === first
  const last = parts[parts.length - 1] ?? ''
  if (value.length < first.length + last.length) return false
  if (!value.startsWith(first) || !value.endsWith(last)) return false
  const end = value.length - last.length
  let from = first.length
  for (const part of parts.slice(1, -1)) {
    const found = value.indexOf(part, from)
    if (found < 0 || found + part.length > end) return false
    from = found + part.length
  }
  return true
}
