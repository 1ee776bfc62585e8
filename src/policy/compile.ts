/** Merges profile, policy file and drop-ins into the one policy that serves. */
import { defaultParameters, type ParameterValue } from '../core/parameters.ts'
import type { Action, Policy, RuleSetting } from '../core/policy.ts'
import { actions } from '../core/policy.ts'
import type { Rule } from '../core/rule.ts'
import { builtIn } from './built-in.ts'
import type { PolicyFile } from './policy-file.ts'
import type { Profile } from './profile.ts'

/** Lays policy files over each other: single values and rule members replace, exemptions add up. */
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
  exemptions: [...(below.exemptions ?? []), ...(above.exemptions ?? [])],
})

type RuleTables = NonNullable<PolicyFile['rules']>

const mergeRules = (below: RuleTables, above: RuleTables): RuleTables => ({
  ...below,
  ...Object.fromEntries(Object.entries(above).map(([id, table]) => [id, { ...below[id], ...table }])),
})

/** The policy of a merged file: every rule that is on, with all its parameters. */
export const compilePolicy = (
  file: PolicyFile,
  source: {
    readonly rules: readonly Rule[]
    readonly profiles: { readonly [name: string]: Profile }
    readonly digest: string
  },
): Policy => {
  const profile = file.profile ?? builtIn.profile
  const tables = source.profiles[profile]?.rules ?? {}
  const settings = source.rules.flatMap((rule): readonly (readonly [string, RuleSetting])[] => {
    const setting = settingOf(rule, tables[rule.id], file.rules?.[rule.id])
    return setting.action === 'off' ? [] : [[rule.id, setting]]
  })
  return {
    // First, where the runtime sees it without parsing the rest (runtime/main.ts).
    mode: file.mode ?? builtIn.mode,
    profile,
    runtimePaths: file.runtime?.path ?? builtIn.runtimePaths,
    rules: Object.fromEntries(settings),
    exemptions: file.exemptions ?? [],
    log: { ...builtIn.log, ...file.log },
    digest: source.digest,
  }
}

type Table = { readonly [member: string]: ParameterValue | undefined } | undefined

const settingOf = (rule: Rule, profile: Table, site: Table): RuleSetting => {
  const parameters: { [name: string]: ParameterValue } = { ...defaultParameters(rule.parameters) }
  for (const table of [profile, site]) {
    for (const name in rule.parameters) {
      const value = table?.[name]
      if (value !== undefined) parameters[name] = value
    }
  }
  // A rule whose parameters the site writes down is meant to be on.
  const fallback: Action = site !== undefined && profile === undefined ? 'deny' : 'off'
  return { action: asAction(site?.['action']) ?? asAction(profile?.['action']) ?? fallback, parameters }
}

const asAction = (value: ParameterValue | undefined): Action | undefined =>
  actions.find((action) => action === value)
