/** What was, or would have been, refused: gathered by container and rule, for a policy to be made of it. */
import type { Identity } from '../core/identity.ts'
import { engineIds, unknownIdentity } from '../core/identity.ts'
import { exemptionFor, type Policy, policyFor } from '../core/policy.ts'
import type { LoggedFinding, LoggedRecord } from './logged-record.ts'

/** One rule refusing containers of one image of one engine and namespace. */
export interface SeenRule {
  readonly rule: string
  /** Records by the container's name; those without one under the empty name. */
  readonly names: Map<string, number>
  count: number
  first: string
  last: string
  /** What the findings said, the first few. */
  readonly messages: Set<string>
  /** What was found, the first hundred. */
  readonly actuals: Set<string>
}

/** Containers that nothing but their names tells apart. */
export interface SeenContainers {
  readonly identity: Identity
  readonly rules: Map<string, SeenRule>
}

export interface Seen {
  readonly containers: Map<string, SeenContainers>
  /** Decisions looked at, and of these the refused. */
  decisions: number
  refused: number
  /** Refused, but nothing can be exempted: the engine was not proven, it was forged, or nothing was judged. */
  unproven: number
  forged: number
  failed: number
  /** Findings that the policy in force lets pass. */
  settled: number
  /** Containers changed in mode enforce, by rule: repaired, not refused. */
  readonly repaired: Map<string, number>
}

/** Nothing seen yet. */
export const nothingSeen = (): Seen => ({
  containers: new Map(),
  decisions: 0,
  refused: 0,
  unproven: 0,
  forged: 0,
  failed: 0,
  settled: 0,
  repaired: new Map(),
})

/** Adds a record. `today`: YYYY-MM-DD, UTC. */
export const see = (
  seen: Seen,
  record: LoggedRecord,
  against: { readonly policy: Policy; readonly today: string },
): void => {
  if (record.event !== undefined) return
  seen.decisions += 1
  for (const { rule, outcome } of record.findings)
    if (outcome === 'repairable' || outcome === 'fixed')
      seen.repaired.set(rule, (seen.repaired.get(rule) ?? 0) + 1)
  if (record.verdict !== 'deny' && record.verdict !== 'would_deny') return
  seen.refused += 1
  const refused = refusedIn(record)
  if (record.failure !== undefined || refused.length === 0) seen.failed += 1
  else if (record.findings.some(({ rule }) => rule === 'forged-annotations')) seen.forged += 1
  else if (!record.proven || record.engine === 'none') seen.unproven += 1
  else addRefused(seen, record, against)
}

const refusedIn = ({ findings }: LoggedRecord): readonly LoggedFinding[] =>
  findings.filter(({ outcome }) => outcome === 'refused')

const addRefused = (
  seen: Seen,
  record: LoggedRecord,
  { policy, today }: { readonly policy: Policy; readonly today: string },
): void => {
  const identity = identityOf(record)
  const { rules } = policyFor(policy, identity)
  for (const finding of refusedIn(record)) {
    const action = rules[finding.rule]?.action ?? 'off'
    const exemption = exemptionFor(policy, finding.rule, { identity, today })
    if (action === 'off' || action === 'warn' || exemption?.expired === false) seen.settled += 1
    else addFinding(containersOf(seen, identity), record, finding)
  }
}

const identityOf = ({ engine, container }: LoggedRecord): Identity => ({
  ...unknownIdentity,
  engine: engineIds.find((id) => id === engine) ?? 'none',
  proven: true,
  containerId: container.id,
  name: container.name,
  image: container.image,
  namespace: container.namespace,
  pod: container.pod,
  sandbox: container.sandbox,
})

const containersOf = ({ containers }: Seen, identity: Identity): SeenContainers => {
  const { engine, namespace, image } = identity
  const key = JSON.stringify([engine, namespace, image])
  const known = containers.get(key)
  if (known !== undefined) return known
  const fresh = { identity, rules: new Map<string, SeenRule>() }
  containers.set(key, fresh)
  return fresh
}

const mostMessages = 3
const mostActuals = 100

const addFinding = (
  { rules }: SeenContainers,
  { time, container }: LoggedRecord,
  { rule, message, actual }: LoggedFinding,
): void => {
  const known = rules.get(rule)
  const fresh = { count: 0, first: time, last: time }
  const seen = known ?? { rule, names: new Map(), ...fresh, messages: new Set(), actuals: new Set() }
  rules.set(rule, seen)
  const name = container.name ?? ''
  seen.names.set(name, (seen.names.get(name) ?? 0) + 1)
  seen.count += 1
  if (time < seen.first) seen.first = time
  if (time > seen.last) seen.last = time
  if (seen.messages.size < mostMessages) seen.messages.add(message)
  if (seen.actuals.size < mostActuals) seen.actuals.add(actual)
}
