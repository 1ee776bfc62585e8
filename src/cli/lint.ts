/** `lintel lint PATH…`: judges configurations where they lie, without a host, an engine or a container. */

import { noFlags } from '../core/call.ts'
import type { Finding } from '../core/decision.ts'
import { unseenContext } from '../core/engine-context.ts'
import { activeRules, evaluate } from '../core/evaluate.ts'
import { noHostFacts } from '../core/facts.ts'
import { unknownIdentity } from '../core/identity.ts'
import { rereadAs } from '../core/input.ts'
import type { Policy } from '../core/policy.ts'
import { citation } from '../core/refusal.ts'
import { ok, type Result } from '../core/result.ts'
import type { RuleInput, Severity } from '../core/rule.ts'
import { isConfig } from '../core/shape.ts'
import type { Host } from '../host/host.ts'
import { orderedRules } from '../rules/ordered.ts'
import { parseDocument } from '../runtime/load.ts'
import { readConfigText } from './bundle.ts'
import { exitStatus, type Output, wrap } from './output.ts'
import { choosePolicy } from './policy-choice.ts'

export const severities = ['low', 'medium', 'high', 'critical', 'none'] as const

export interface LintOptions {
  readonly paths: readonly string[]
  readonly profile: string | undefined
  readonly policy: string | undefined
  readonly format: 'text' | 'json'
  /** Least severity that makes the exit status 1; `none`: never. */
  readonly failOn: (typeof severities)[number]
}

interface Linted {
  readonly path: string
  readonly findings: readonly Finding[]
}

/** Lints every path. Returns 0 clean, 1 findings, 2 when a path or the policy could not be read. */
export const lint = (host: Host, output: Output, options: LintOptions): number => {
  const policy = choosePolicy(host, options)
  if (!policy.ok) {
    output.complain(policy.error)
    return exitStatus.usage
  }
  const results = options.paths.map((path) => ({ path, linted: lintPath(host, path, policy.value) }))
  if (options.format === 'json') output.print(JSON.stringify(results.map(asJson), undefined, 2))
  for (const { linted } of results) {
    if (!linted.ok) output.complain(linted.error)
    else if (options.format === 'text') printText(output, linted.value, policy.value)
  }
  if (results.some(({ linted }) => !linted.ok)) return exitStatus.usage
  const failing = results.some(
    ({ linted }) => linted.ok && linted.value.findings.some(counts(options.failOn)),
  )
  return failing ? exitStatus.findings : exitStatus.clean
}

const lintPath = (host: Host, path: string, policy: Policy): Result<Linted, string> => {
  const source = readConfigText(host, path)
  if (!source.ok) return source
  const read = parseDocument(host, source.value, { kind: 'config', is: isConfig })
  if (!read.ok) return read
  const { value: config, document } = read.value
  const input: RuleInput = {
    operation: 'create',
    config,
    process: config.process,
    resources: config.linux?.resources,
    asked: undefined,
    identity: unknownIdentity,
    requester: undefined,
    engine: unseenContext,
    call: noFlags,
    facts: noHostFacts,
  }
  const today = host.clock().timestamp.slice(0, 10)
  const active = activeRules(orderedRules, policy, input.operation)
  const decision = evaluate({ active, policy, input, document, reread: rereadAs(input), today })
  return ok({ path: source.value.path, findings: decision.findings.map(unrepaired) })
}

// Where nothing runs, nothing was repaired.
const unrepaired = (finding: Finding): Finding =>
  finding.outcome === 'fixed' ? { ...finding, outcome: 'repairable' } : finding

const rank = (severity: Severity): number => severities.indexOf(severity)

const counts =
  (least: LintOptions['failOn']) =>
  ({ severity, outcome }: Finding): boolean =>
    least !== 'none' &&
    outcome !== 'exempted' &&
    outcome !== 'unknown' &&
    rank(severity) >= severities.indexOf(least)

const asJson = ({ path, linted }: { path: string; linted: Result<Linted, string> }): object =>
  linted.ok ? linted.value : { path, error: linted.error }

const words: { readonly [outcome in Finding['outcome']]: string } = {
  refused: 'refused',
  fixed: 'would be repaired',
  repairable: 'would be repaired',
  warned: 'warning',
  exempted: 'exempted',
  unknown: 'not known',
}

const printText = (output: Output, { path, findings }: Linted, { profile }: Policy): void => {
  const told = findings.filter(({ outcome }) => outcome !== 'unknown')
  const summary = told.length === 0 ? 'clean' : `${told.length} finding${told.length === 1 ? '' : 's'}`
  output.print(`${output.bold(path)}: ${summary}`)
  for (const finding of told) {
    const paint = finding.outcome === 'refused' ? output.red : output.yellow
    const cited = citation(finding.references, profile).trim()
    const head = `${finding.severity} ${finding.rule}${cited === '' ? '' : ` (${cited})`}, ${words[finding.outcome]}`
    output.print(`  ${paint(head)} ${output.dim(finding.pointer)}`)
    output.print(wrap(`${finding.message}; to fix, ${finding.remedy}`, output.columns, '    '))
  }
  printUnknown(output, findings)
}

/** Away from host and engine some rules cannot be answered: said in one line, never taken for a pass. */
const printUnknown = (output: Output, findings: readonly Finding[]): void => {
  const rules = new Set(findings.flatMap(({ outcome, rule }) => (outcome === 'unknown' ? [rule] : [])))
  if (rules.size === 0) return
  const list = [...rules].toSorted().join(', ')
  output.print(wrap(output.dim(`not known without the host and the engine: ${list}`), output.columns, '  '))
}
