/** A compiled policy as text: what is kept between calls, and read again for each call that is judged. */
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { defaultParameters, type ParameterValues } from '../core/parameters.ts'
import type { Action, Policy } from '../core/policy.ts'
import type { Host } from '../host/host.ts'
import { rules } from '../rules/index.ts'

type Kept = Omit<Policy, 'rules'> & {
  readonly rules: {
    readonly [id: string]: { readonly action: Action; readonly parameters?: ParameterValues }
  }
}

// Made while the runtime's machine is built. Most parameters are at their defaults, and reading them takes time.
const defaults: { readonly [id: string]: ParameterValues } = Object.fromEntries(
  rules.map(({ id, parameters }) => [id, defaultParameters(parameters)]),
)

/** The policy's text; its mode stands at the head. Parameters that are as the rule has them are left out. */
export const keptText = (policy: Policy): string => {
  const kept: Kept = {
    ...policy,
    rules: Object.fromEntries(
      Object.entries(policy.rules).map(([id, { action, parameters }]) => [
        id,
        JSON.stringify(parameters) === JSON.stringify(defaults[id]) ? { action } : { action, parameters },
      ]),
    ),
  }
  return JSON.stringify(kept)
}

/** The policy a text of `keptText` stands for; undefined where it is none. */
export const keptPolicy = (host: Pick<Host, 'parseJson'>, text: string): Policy | undefined => {
  const parsed = host.parseJson(text, maxDepth, '')
  if (!parsed.ok || !isKept(parsed.value)) return undefined
  const kept = parsed.value
  const settings: { [id: string]: Policy['rules'][string] } = {}
  for (const id in kept.rules) {
    const setting = kept.rules[id]
    if (setting !== undefined)
      settings[id] = { action: setting.action, parameters: setting.parameters ?? defaults[id] ?? {} }
  }
  return { ...kept, rules: settings }
}

const maxDepth = 16

// The state folder is root's alone and the host checks the build: the shape is what this build wrote.
const isKept = (value: Json): value is JsonObject & Kept =>
  isJsonObject(value) && isJsonObject(value['rules'])
