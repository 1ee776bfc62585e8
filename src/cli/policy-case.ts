/** One case of `lintel policy test`: read, judged as the runtime would, compared with what it expects. */
import { noFlags } from '../core/call.ts'
import type { Decision, Finding } from '../core/decision.ts'
import { unseenContext } from '../core/engine-context.ts'
import { activeRules, evaluate } from '../core/evaluate.ts'
import { exampleInput, layer } from '../core/example.ts'
import { noHostFacts } from '../core/facts.ts'
import { type EngineId, type Identity, type Speaker, unknownIdentity } from '../core/identity.ts'
import { rereadAs } from '../core/input.ts'
import { isJsonObject, type Json } from '../core/json.ts'
import { applyPatch } from '../core/patch.ts'
import { type Policy, policyFor } from '../core/policy.ts'
import type { Requester } from '../core/requester.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { RuleInput } from '../core/rule.ts'
import { isConfig, isProcess, isResources } from '../core/shape.ts'
import type { Host } from '../host/host.ts'
import type { Expectation, PolicyCase } from '../policy/policy-case.ts'
import { orderedRules } from '../rules/ordered.ts'
import { parseDocument } from '../runtime/load.ts'
import { parseRange } from '../selinux/range.ts'
import { type ConfigText, readConfigText } from './bundle.ts'

/** A case and the file it stands in. */
export interface CaseFile {
  readonly path: string
  readonly value: PolicyCase
}

/** Where a case's outcome is not what it expects. */
export interface Difference {
  readonly of: keyof Expectation
  readonly expected: string
  readonly actual: string
}

/** Judges the case under this policy. Errors: one line that says what of the case cannot be read. */
export const judgeCase = (host: Host, file: CaseFile, policy: Policy): Result<Decision, string> => {
  const read = inputOf(host, file)
  if (!read.ok) return read
  const { input, document } = read.value
  const today = file.value.today ?? host.clock().timestamp.slice(0, 10)
  const serving = policyFor(policy, input.identity)
  const active = activeRules(orderedRules, serving, input.operation)
  return ok(evaluate({ active, policy: serving, input, document, reread: rereadAs(input), today }))
}

/** What differs from the expectation; empty where the case passes. */
export const differences = (
  { verdict, findings }: Decision,
  { verdict: wanted, ...lists }: Expectation,
): readonly Difference[] => {
  const found: Difference[] = []
  if (verdict !== wanted) found.push({ of: 'verdict', expected: wanted, actual: verdict })
  for (const of of listNames) {
    const expected = lists[of]
    if (expected === undefined) continue
    const actual = findings
      .filter(({ outcome }) => of === 'findings' || outcome === of)
      .map(({ rule }) => rule)
    const [left, right] = [names(expected), names(actual)]
    if (left !== right) found.push({ of, expected: left, actual: right })
  }
  return found
}

const listNames: readonly ('findings' | Finding['outcome'])[] = [
  'findings',
  'refused',
  'fixed',
  'repairable',
  'warned',
  'exempted',
  'unknown',
]

const names = (list: readonly string[]): string => [...new Set(list)].toSorted().join(', ') || 'none'

interface Read {
  readonly input: RuleInput
  /** What a patch would be for. */
  readonly document: Json
}

const inputOf = (host: Host, file: CaseFile): Result<Read, string> => {
  const { path, value } = file
  const operation = value.operation ?? 'create'
  const base = baseOf(host, file)
  if (!base.ok) return base
  const changed = changedText(host, base.value, file)
  if (!changed.ok) return changed
  const config = parseDocument(host, changed.value, { kind: 'config', is: isConfig })
  if (!config.ok) return config
  const asked = { path, text: JSON.stringify(value.process ?? {}) }
  const process = parseDocument(host, asked, { kind: 'process', is: isProcess })
  if (!process.ok) return process
  const wanted = { path, text: JSON.stringify(value.resources ?? {}) }
  const resources = parseDocument(host, wanted, { kind: 'resources', is: isResources })
  if (!resources.ok) return resources
  const asking = requesterOf(file)
  if (!asking.ok) return asking
  const admitted = config.value.value
  const input: RuleInput = {
    operation,
    config: admitted,
    process: operation === 'exec' ? process.value.value : admitted.process,
    resources: operation === 'update' ? resources.value.value : admitted.linux?.resources,
    asked: undefined,
    identity: identityOf(value.identity),
    requester: asking.value,
    engine: base.value.engine,
    call: noFlags,
    facts: noHostFacts,
  }
  const documents = { exec: process.value.document, update: resources.value.document }
  return ok({
    input,
    document: operation === 'exec' || operation === 'update' ? documents[operation] : config.value.document,
  })
}

/** The configuration that the case starts from: a file beside it, or the ordinary container of the examples. */
const baseOf = (
  host: Host,
  { path, value }: CaseFile,
): Result<ConfigText & { readonly engine: RuleInput['engine'] }, string> => {
  const named = [value.base, value.bundle, value.config].filter((each) => each !== undefined)
  if (named.length > 1) return err(`${path}: give one of base, bundle and config`)
  const other = value.bundle ?? value.config
  if (other === undefined) {
    const example = exampleInput({ name: value.title })
    return example === undefined
      ? err(`${path}: the example cannot be read`)
      : ok({ path, text: JSON.stringify(example.document), engine: example.input.engine })
  }
  const text = readConfigText(host, besides(path, other))
  return text.ok ? ok({ ...text.value, engine: unseenContext }) : err(`${path}: ${text.error}`)
}

/** A path written in a case: relative to the folder the case is in. */
export const besides = (path: string, other: string): string =>
  other.startsWith('/') ? other : `${path.slice(0, path.lastIndexOf('/') + 1)}${other}`

/** The text as it is, unless the case changes it: then what a person would have written by hand. */
const changedText = (host: Host, base: ConfigText, { path, value }: CaseFile): Result<ConfigText, string> => {
  const { remove = [], change = {}, add = {} } = value
  if (remove.length === 0 && Object.keys(change).length === 0 && Object.keys(add).length === 0)
    return ok(base)
  const read = parseDocument(host, base, { kind: 'config', is: isConfig })
  if (!read.ok) return read
  let left = read.value.document
  for (const pointer of remove) {
    const removed = applyPatch(left, [{ op: 'remove', path: pointer }])
    if (!removed.ok) return err(`${path}: there is no ${pointer} to remove`)
    left = removed.value
  }
  const text = JSON.stringify(append(layer(left, change), add))
  return ok({ path: `${path} (the configuration with its changes)`, text })
}

/** Lists appended to lists, tables entered, everything else replaced. */
const append = (below: Json, above: Json): Json => {
  if (Array.isArray(above)) return Array.isArray(below) ? [...below, ...above] : above
  if (!isJsonObject(below) || !isJsonObject(above)) return above
  const merged: { [name: string]: Json } = { ...below }
  for (const [name, value] of Object.entries(above)) merged[name] = append(merged[name] ?? null, value)
  return merged
}

const speakers: { readonly [engine in EngineId]: Speaker } = {
  docker: 'docker',
  buildkit: 'docker',
  podman: 'podman',
  containerd: 'kubernetes',
  crio: 'kubernetes',
  none: 'bundle',
}

const requesterOf = ({ path, value }: CaseFile): Result<Requester | undefined, string> => {
  if (value.requester === undefined) return ok(undefined)
  const { user, groups = [], clearance, problem = 'absent' } = value.requester
  const range = clearance === undefined ? undefined : parseRange(clearance)
  if (range?.ok === false) return err(`${path}: requester.clearance: ${range.error}`)
  return ok({
    user,
    groups,
    clearance: user === undefined ? undefined : range?.value,
    proof: user === undefined ? 'none' : 'token',
    problems: user === undefined ? [{ kind: problem, detail: 'so the case says' }] : [],
  })
}

const identityOf = (written: PolicyCase['identity']): Identity => {
  const engine = written?.engine ?? 'none'
  return {
    ...unknownIdentity,
    proven: written !== undefined,
    speaker: speakers[engine],
    ...written,
    buildStep: engine === 'buildkit' && written?.proven !== false,
  }
}
