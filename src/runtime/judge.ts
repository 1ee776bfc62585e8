/** One guarded call from policy to verdict: load, identify, gather facts, decide. */
import type { Decision } from '../core/decision.ts'
import { activeRules, evaluate, probesOf } from '../core/evaluate.ts'
import { noHostFacts, type Probe } from '../core/facts.ts'
import type { Identity } from '../core/identity.ts'
import { rereadAs } from '../core/input.ts'
import { type Policy, policyFor } from '../core/policy.ts'
import type { Requester } from '../core/requester.ts'
import type { RuleInput } from '../core/rule.ts'
import { type Caller, callingProcess, identify } from '../engines/identify.ts'
import type { Host } from '../host/host.ts'
import { orderedRules } from '../rules/ordered.ts'
import type { GuardedCall } from './argv.ts'
import { callFlags } from './call-flags.ts'
import { gatherFacts, type Place } from './facts.ts'
import { type Subject, stateFolders } from './load.ts'
import { askRequester } from './requester.ts'

export interface Judgement {
  readonly identity: Identity
  readonly requester: Requester | undefined
  /** What was judged: without the token where there was one. */
  readonly subject: Subject
  readonly decision: Decision
}

const callerOf = (
  host: Host,
  call: GuardedCall,
  { operation, containerId, bundle, config }: Subject,
): Caller => {
  const parent = callingProcess(host)
  const pidFile = 'pidFile' in call.flags ? (call.flags.pidFile ?? '') : ''
  return identify(
    { operation, containerId, bundle, root: call.globals.root ?? '', pidFile, config, parent },
    host,
  )
}

/** Judges a loaded call under a policy. */
export const judgeCall = (
  host: Host,
  call: GuardedCall,
  { policy: whole, subject: loaded }: { readonly policy: Policy; readonly subject: Subject },
): Judgement => {
  const caller = callerOf(host, call, loaded)
  const { identity, context: engine } = caller
  const { requester, subject } = askRequester(host, whole.identity, {
    subject: loaded,
    caller,
    dryRun: call.lintel.dryRun,
  })
  const { operation, config, process, resources, asked } = subject
  const policy = policyFor(whole, identity)
  // On the host from the start: what a bundle's own text says is engine-made is believed only away from it.
  const unseen = { ...noHostFacts, onHost: true }
  const blind: RuleInput = {
    operation,
    config,
    process,
    resources,
    asked,
    identity,
    requester,
    engine,
    call: callFlags(host, call),
    facts: unseen,
  }
  const active = activeRules(orderedRules, policy, operation)
  const wanted = (listeners: readonly string[]): readonly Probe[] =>
    listeners.length === 0
      ? probesOf(active, blind)
      : probesOf(
          active.filter(({ rule }) => rule.listens === true),
          { ...blind, facts: { ...unseen, listeners } },
        )
  const facts = gatherFacts(host, wanted, placeOf(host, call, { subject, input: blind }))
  const input = { ...blind, facts }
  const today = host.clock().timestamp.slice(0, 10)
  const reread = subject.target.kind === 'flags' ? () => undefined : rereadAs(input)
  return {
    identity,
    requester,
    subject,
    decision: evaluate({ active, policy, input, document: subject.document, reread, today }),
  }
}

const placeOf = (
  host: Host,
  call: GuardedCall,
  { subject, input }: { readonly subject: Subject; readonly input: RuleInput },
): Place => {
  const { config, bundle, containerId } = subject
  const { identity, requester } = input
  return {
    bundle,
    root: config?.root?.path ?? 'rootfs',
    mounts: config?.mounts ?? [],
    asker: {
      states: stateFolders(host, call.globals.root, containerId),
      pod: identity.proven ? (identity.sandboxId ?? '') : '',
      requester: requester?.user ?? '',
      dryRun: call.lintel.dryRun,
    },
  }
}
