/** The last answer of a pure function: rules ask one after the other, and many ask the same. */
import type { RuleInput } from './rule.ts'

/** `derive`, done once for as long as it is asked of inputs that are the `same` for it. */
export const remembered = <Input, Value>(
  same: (one: Input, other: Input) => boolean,
  derive: (input: Input) => Value,
): ((input: Input) => Value) => {
  let last: { readonly input: Input; readonly value: Value } | undefined
  return (input) => {
    if (last === undefined || !same(last.input, input)) last = { input, value: derive(input) }
    return last.value
  }
}

/** True when the mounts, who made them, and what is known of the host are the same: fixes elsewhere change nothing. */
export const hasSameMounts = (one: RuleInput, other: RuleInput): boolean =>
  one.config?.mounts === other.config?.mounts && one.facts === other.facts && one.identity === other.identity
