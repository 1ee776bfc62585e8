/** `lintel rules`: every rule, with its number, severity and what the policy does about it. */
import { citation } from '../core/refusal.ts'
import type { Host } from '../host/host.ts'
import { rules } from '../rules/index.ts'
import { exitStatus, type Output } from './output.ts'
import { choosePolicy } from './policy-choice.ts'

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
  else printTable(output, rows)
  return exitStatus.clean
}

type Row = {
  readonly id: string
  readonly number: string
  readonly severity: string
  readonly action: string
  readonly title: string
}

const printTable = (output: Output, rows: readonly Row[]): void => {
  const columns = ['id', 'number', 'severity', 'action'] as const
  const width = (column: (typeof columns)[number]): number =>
    Math.max(column.length, ...rows.map((row) => row[column].length))
  const line = (row: Row): string =>
    `${columns.map((column) => row[column].padEnd(width(column))).join('  ')}  ${row.title}`
  output.print(
    output.bold(
      line({ id: 'rule', number: 'number', severity: 'severity', action: 'action', title: 'title' }),
    ),
  )
  for (const row of rows) {
    const text = line(row)
    output.print(output.columns === undefined ? text : text.slice(0, output.columns))
  }
}
