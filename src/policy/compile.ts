/** Merges profile, policy file and drop-ins into the one policy that serves. */
import { defaultParameters, type ParameterValue } from '../core/parameters.ts'
import type { Action, Override, OverrideSelector, Policy, RuleChange, RuleSetting } from '../core/policy.ts'
import { actions } from '../core/policy.ts'
import type { Rule } from '../core/rule.ts'
import { builtIn } from './built-in.ts'
import type { PolicyFile } from './policy-file.ts'
import type { Profile } from './profile.ts'

/** Lays policy files over each other: single values and rule members replace, overrides and exemptions add up. */
export const mergeFiles = (files: readonly PolicyFile[]): PolicyFile => {
  let merged: PolicyFile = {}
  for (const file of files) merged = layFile(merged, file)
  return merged
}

const layFile = (below: PolicyFile, above: PolicyFile): PolicyFile => ({
  ...below,
  ...above,
  runtime: { ...below.runtime, ...above.runtime },
  log: { ...below.log, ...above.log },
  rules: mergeRules(below.rules ?? {}, above.rules ?? {}),
  overrides: [...(below.overrides ?? []), ...(above.overrides ?? [])],
  exemptions: [...(below.exemptions ?? []), ...(above.exemptions ?? [])],
  ...identityTables(below, above),
})

const identityTables = (
  below: PolicyFile,
  above: PolicyFile,
): Pick<PolicyFile, 'identity' | 'clearances'> => {
  const clearances = [...(below.clearances ?? []), ...(above.clearances ?? [])]
  if (below.identity === undefined && above.identity === undefined) return { clearances }
  const claims = { ...below.identity?.claims, ...above.identity?.claims }
  return { clearances, identity: { ...below.identity, ...above.identity, claims } }
}

type RuleTables = NonNullable<PolicyFile['rules']>

const mergeRules = (below: RuleTables, above: RuleTables): RuleTables => ({
  ...below,
  ...Object.fromEntries(Object.entries(above).map(([id, table]) => [id, { ...below[id], ...table }])),
})

/** What policies are compiled from besides the site's files. */
export interface PolicyParts {
  readonly rules: readonly Rule[]
  readonly profiles: { readonly [name: string]: Profile }
  /** What holds for proven pause containers, whatever the profile; it only ever loosens. */
  readonly sandbox: Profile
  readonly digest: string
}

/** The policy of a merged file: every rule that is on, or that an override names, with all its parameters. */
export const compilePolicy = (file: PolicyFile, parts: PolicyParts): Policy => {
  const profile = file.profile ?? builtIn.profile
  const tables = parts.profiles[profile]?.rules ?? {}
  const stated = parts.rules.map((rule): Stated => {
    const named = tables[rule.id] !== undefined || file.rules?.[rule.id] !== undefined
    return { rule, named, setting: settingOf(rule, tables[rule.id], file.rules?.[rule.id]) }
  })
  const site = (file.overrides ?? []).map(({ where, rules }) => siteOverride(where, rules, stated))
  const overridden = new Set(site.flatMap(({ rules }) => Object.keys(rules)))
  const serving = stated.filter(({ rule, setting }) => setting.action !== 'off' || overridden.has(rule.id))
  return {
    // First, where the runtime sees it without parsing the rest (runtime/main.ts).
    mode: file.mode ?? builtIn.mode,
    profile,
    runtimePaths: file.runtime?.path ?? builtIn.runtimePaths,
    rules: Object.fromEntries(serving.map(({ rule, setting }) => [rule.id, setting])),
    // An override by namespace is about applications: pause containers are meant only where it says so.
    overrides: [
      ...site.filter(({ where }) => where.sandbox !== true),
      ...sandboxOverride(parts.sandbox, stated, site),
      ...site.filter(({ where }) => where.sandbox === true),
    ],
    exemptions: file.exemptions ?? [],
    log: { ...builtIn.log, ...file.log },
    digest: parts.digest,
  }
}

/** A rule as profile and site set it; `named`: one of them mentions it. */
interface Stated {
  readonly rule: Rule
  readonly named: boolean
  readonly setting: RuleSetting
}

type Table = { readonly [member: string]: ParameterValue | undefined } | undefined

const settingOf = (rule: Rule, profile: Table, site: Table): RuleSetting => {
  const parameters = {
    ...defaultParameters(rule.parameters),
    ...parametersIn(rule, profile),
    ...parametersIn(rule, site),
  }
  // A rule whose parameters the site writes down is meant to be on.
  const fallback: Action = site !== undefined && profile === undefined ? 'deny' : 'off'
  return { action: asAction(site?.['action']) ?? asAction(profile?.['action']) ?? fallback, parameters }
}

const parametersIn = (rule: Rule, table: Table): RuleChange['parameters'] => {
  const parameters: { [name: string]: ParameterValue } = {}
  for (const name in rule.parameters) {
    const value = table?.[name]
    if (value !== undefined) parameters[name] = value
  }
  return parameters
}

const asAction = (value: ParameterValue | undefined): Action | undefined =>
  actions.find((action) => action === value)

const siteOverride = (
  where: OverrideSelector,
  tables: { readonly [id: string]: Table },
  stated: readonly Stated[],
): Override => {
  const changes = stated.flatMap(({ rule, named }): readonly (readonly [string, RuleChange])[] => {
    const table = tables[rule.id]
    if (table === undefined) return []
    const action = asAction(table['action']) ?? (named ? undefined : 'deny')
    return [[rule.id, { ...(action === undefined ? {} : { action }), parameters: parametersIn(rule, table) }]]
  })
  return { where, rules: Object.fromEntries(changes) }
}

const strictness: readonly Action[] = ['off', 'warn', 'fix', 'deny']

/** The profile of pause containers as an override: of its actions those that are milder than what may be set. */
const sandboxOverride = (
  { rules }: Profile,
  stated: readonly Stated[],
  site: readonly Override[],
): readonly Override[] => {
  const changes = stated.flatMap(({ rule, setting }): readonly (readonly [string, RuleChange])[] => {
    const action = asAction(rules[rule.id]?.['action'])
    if (action === undefined) return []
    const set = [setting.action, ...site.map((override) => override.rules[rule.id]?.action ?? 'off')]
    const strictest = Math.max(...set.map((each) => strictness.indexOf(each)))
    if (strictest <= strictness.indexOf(action)) return []
    return [[rule.id, { action: setting.action === 'off' ? 'off' : action, parameters: {} }]]
  })
  const where = { sandbox: true } as const
  return changes.length === 0 ? [] : [{ builtIn: true, where, rules: Object.fromEntries(changes) }]
}
