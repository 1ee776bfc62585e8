/** `lintel rules`: every rule, with its number, severity and what the policy does about it. */
import { citation } from '../core/refusal.ts'
import type { Host } from '../host/host.ts'
import { rules } from '../rules/index.ts'
import { exitStatus, type Output } from './output.ts'
import { choosePolicy } from './policy-choice.ts'
import { printTable } from './table.ts'

export interface RulesOptions {
  readonly profile: string | undefined
  readonly policy: string | undefined
  readonly format: 'text' | 'json'
}

/** Lists the rules. Returns 0, or 2 when the policy could not be read. */
export const listRules = (host: Host, output: Output, options: RulesOptions): number => {
  const policy = choosePolicy(host, options)
  if (!policy.ok) {
    output.complain(policy.error)
    return exitStatus.usage
  }
  const rows = rules.map(({ id, title, severity, references }) => ({
    id,
    number: citation(references, policy.value.profile).trim(),
    severity,
    action: policy.value.rules[id]?.action ?? 'off',
    title,
  }))
  if (options.format === 'json') output.print(JSON.stringify(rows, undefined, 2))
  else
    printTable(
      output,
      ['rule', 'number', 'severity', 'action', 'title'],
      rows.map(({ id, number, severity, action, title }) => [id, number, severity, action, title]),
    )
  return exitStatus.clean
}
