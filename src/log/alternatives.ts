/** What could be changed in a rule instead of exempting from it. */
import type { ParameterValue, ParameterValues } from '../core/parameters.ts'

interface Adjustable {
  readonly parameter: string
  /** What of a finding goes into the parameter. */
  readonly values: RegExp
}

const adjustable: { readonly [rule: string]: Adjustable } = {
  capabilities: { parameter: 'allowed', values: /CAP_[A-Z0-9_]+/g },
  'host-devices': { parameter: 'allow', values: /\/dev\/[^\s,()]+/g },
  'memory-limit': { parameter: 'max', values: /^\d+(?:\.\d+)?[A-Za-z]*$/g },
  'pids-limit': { parameter: 'max', values: /^\d+$/g },
  'privileged-ports': { parameter: 'allow', values: /^\d+/g },
  sysctls: { parameter: 'safe', values: /^[a-z0-9_.\-/]+/g },
  'env-secrets': { parameter: 'allow', values: /^[A-Za-z_][A-Za-z0-9_]*/g },
  'cgroup-parent': { parameter: 'parents', values: /^\/[^\s]+$/g },
}

/**
 * The parameter and the value that would have let pass what the findings said (`actuals`), laid over the `values` the rule
 * has now. Undefined where no parameter would, or that cannot be told.
 */
export const adjusted = (
  rule: string,
  actuals: Iterable<string>,
  values: ParameterValues,
): { readonly parameter: string; readonly value: ParameterValue } | undefined => {
  const known = adjustable[rule]
  const now = known === undefined ? undefined : values[known.parameter]
  if (known === undefined || now === undefined) return undefined
  const wanted = [...actuals].map((actual) => actual.match(known.values) ?? [])
  // Where one finding names nothing, the value would not let it pass.
  if (wanted.length === 0 || wanted.some((found) => found.length === 0)) return undefined
  const found = [...new Set(wanted.flat())].toSorted()
  const { parameter } = known
  if (typeof now === 'object')
    return { parameter, value: [...now, ...found.filter((each) => !now.includes(each))] }
  if (typeof now === 'number') return { parameter, value: Math.max(...found.map(Number)) }
  return found.length === 1 ? { parameter, value: found[0] ?? '' } : undefined
}
