/** A guarded call: judged, recorded, written and handed on, or refused; every failure by its row of DESIGN section 3. */
import type { Decision } from '../core/decision.ts'
import { failureText } from '../core/failure-text.ts'
import { unknownIdentity } from '../core/identity.ts'
import type { Policy } from '../core/policy.ts'
import { type DecisionRecord, decisionRecord } from '../core/record.ts'
import { refusalText } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { BreakGlass, Host } from '../host/host.ts'
import { builtIn } from '../policy/built-in.ts'
import { keptPolicy } from '../policy/kept-policy.ts'
import type { GuardedCall } from './argv.ts'
import { keepAsked } from './asked.ts'
import { endBreakGlass, recordedBreakGlass } from './break-glass.ts'
import { handOn, missingRuntimeStatus, missingRuntimeText } from './hand-on.ts'
import { type Judgement, judgeCall } from './judge.ts'
import type { GuardRequest } from './judge-main.ts'
import { loadSubject, type Subject } from './load.ts'
import { writeRecord } from './log.ts'
import { refuse, tellCaller } from './refuse.ts'
import { noteRepetition, repetitionOf } from './repeated.ts'

declare const LINTEL_VERSION: string

const refusedStatus = 1

/** Judges a guarded call and does what the verdict says. */
export const guard = (host: Host, { call, serving, runtime, breakGlass }: GuardRequest): number => {
  if (runtime === undefined) {
    refuse(host, call, missingRuntimeText)
    return missingRuntimeStatus
  }
  const running = breakGlass?.running === true ? breakGlass : undefined
  const whole = serving.ok ? keptPolicy(host, serving.value.text) : undefined
  const policy = whole ?? noPolicy
  if (breakGlass?.running === false && !call.lintel.dryRun)
    endBreakGlass(host, { log: policy.log, breakGlass, endedBy: undefined })
  const context: Context = {
    host,
    call,
    policy: running === undefined ? policy : { ...policy, mode: 'warn' },
    broken: serving.ok ? serving.value.broken : undefined,
    runtime,
    breakGlass: running,
  }
  if (!serving.ok) return fail(context, serving.error)
  if (whole === undefined)
    return fail(context, 'its compiled policy cannot be read; remove /var/lib/lintel/policy')
  const subject = loadSubject(host, call, runtime)
  return subject.ok ? decide(context, subject.value) : fail(context, subject.error)
}

/** What records speak of where no policy can serve. */
const noPolicy: Policy = {
  mode: 'enforce',
  profile: builtIn.profile,
  runtimePaths: builtIn.runtimePaths,
  rules: {},
  overrides: [],
  exemptions: [],
  log: builtIn.log,
  digest: 'none',
}

interface Context {
  readonly host: Host
  readonly call: GuardedCall
  readonly policy: Policy
  readonly broken: string | undefined
  readonly runtime: string
  readonly breakGlass: BreakGlass | undefined
}

const decide = (context: Context, loaded: Subject): number => {
  const { host, call, policy } = context
  const judgement = judgeCall(host, call, { policy, subject: loaded })
  const { decision, subject } = judgement
  const patched = decision.patch.length === 0 ? ok(subject.text) : patchedText(host, subject, decision)
  if (!patched.ok) return fail(context, patched.error)
  const record = recordOf(context, judgement, {
    before: loaded.text,
    after: patched.value,
    failure: undefined,
  })
  if (call.lintel.dryRun) return show(context, { ...record, patch: decision.patch })
  const { problem, id } = writeDown(context, judgement, record)
  if (problem !== undefined && policy.mode === 'enforce') return refuse(host, call, problem)
  if (decision.verdict === 'deny') {
    const about = { operation: call.operation, profile: policy.profile, decisionId: id }
    return tellCaller(host, call.globals, refusalText(decision.findings, about))
  }
  // A token is kept from the container whatever the mode.
  const changes = decision.verdict === 'fix' || subject.received !== undefined
  const unwritten = changes ? write(host, judgement, patched.value) : undefined
  if (unwritten !== undefined) return refuse(host, call, unwritten)
  return handOn(host, { runtime: context.runtime, runtimePaths: policy.runtimePaths }, call.argv)
}

/** Records the decision where it is to be recorded. The id is that of the record that speaks of this call. */
const writeDown = (
  { host, call, policy }: Context,
  judgement: Judgement,
  record: DecisionRecord,
): { readonly problem: string | undefined; readonly id: string } => {
  const { bundle } = judgement.subject
  if (!isRecorded(call, judgement)) return { problem: undefined, id: record.id }
  if (call.operation !== 'exec' || bundle === '')
    return { problem: writeRecord(host, policy.log, record), id: record.id }
  const words = record.config.before === '' ? call.argv.join(' ') : ''
  const repetition = repetitionOf(host, bundle, { record, words })
  const { earlier, unrecorded } = repetition
  const problem =
    earlier === undefined
      ? writeRecord(host, policy.log, unrecorded === 0 ? record : { ...record, repeated: unrecorded })
      : undefined
  if (problem === undefined) noteRepetition(host, bundle, { ...repetition, record })
  return { problem, id: earlier?.id ?? record.id }
}

const patchedText = (host: Host, subject: Subject, decision: Decision): Result<string, string> => {
  const patched = host.patchJson(subject.text, decision.patch)
  return patched.ok ? patched : err(`its configuration could not be repaired: ${patched.error.message}`)
}

/** Puts the repaired document where the runtime reads it; the problem as one line if that failed. */
const write = (host: Host, { subject, decision }: Judgement, text: string): string | undefined => {
  const { target, operation, bundle, process } = subject
  if (target.kind === 'flags') return undefined
  const isRepaired = decision.verdict === 'fix'
  if (isRepaired && operation !== 'exec' && operation !== 'update' && process !== undefined)
    keepAsked(host, bundle, process)
  const done = target.kind === 'file' ? host.replaceFile(target.path, text) : host.replaceStdin(text)
  return done.ok ? undefined : `${done.error.path} could not be rewritten (${done.error.code})`
}

/**
 * Every create, run, restore and update leaves a record. An exec leaves one when something beyond the standing
 * repairs was found, or somebody is proven to have asked for it: health checks come every few seconds.
 */
const isRecorded = (call: GuardedCall, { decision: { verdict, findings }, requester }: Judgement): boolean =>
  call.operation !== 'exec' ||
  requester?.user !== undefined ||
  verdict === 'deny' ||
  verdict === 'would_deny' ||
  findings.some(({ standing }) => standing !== true)

/** The call could not be judged. */
const fail = (context: Context, reason: string): number => {
  const { host, call, policy } = context
  const { mode, log } = policy
  const identity = { ...unknownIdentity, containerId: call.containerId }
  const decision: Decision = { verdict: mode === 'warn' ? 'would_deny' : 'deny', findings: [], patch: [] }
  const record = recordOf(
    context,
    { identity, decision, requester: undefined },
    { before: '', after: '', failure: reason },
  )
  if (call.lintel.dryRun) return show(context, record)
  writeRecord(host, log, record)
  if (mode === 'warn')
    return handOn(host, { runtime: context.runtime, runtimePaths: policy.runtimePaths }, call.argv)
  return refuse(host, call, `${reason} [decision ${record.id}]`)
}

const recordOf = (
  { host, call, policy, broken, runtime, breakGlass }: Context,
  { identity, decision, requester }: Omit<Judgement, 'subject'>,
  texts: { readonly before: string; readonly after: string; readonly failure: string | undefined },
): DecisionRecord => {
  const { timestamp: time, elapsedMicroseconds } = host.clock()
  const before = texts.before === '' ? '' : host.sha256(texts.before)
  return decisionRecord(decision, {
    id: host.sha256(`${time} ${host.process.pid} ${call.containerId}`).slice(0, 12),
    time,
    host: host.process.hostname,
    uid: host.process.effectiveUid,
    lintel: LINTEL_VERSION,
    policy,
    broken,
    operation: call.operation,
    identity,
    requester,
    breakGlass: breakGlass && recordedBreakGlass(breakGlass),
    failure: texts.failure,
    before,
    after: texts.after === texts.before ? before : host.sha256(texts.after),
    runtime,
    durationMicroseconds: elapsedMicroseconds,
    sha256: host.sha256,
  })
}

/** `--dry-run`: the decision and its patch on stdout, nothing written, nothing executed. */
const show = ({ host, call, policy }: Context, record: DecisionRecord): number => {
  host.write(1, `${JSON.stringify(record, undefined, 2)}\n`)
  if (record.verdict !== 'deny') return 0
  const text = record.failure === undefined ? `denied by profile ${policy.profile}` : record.failure
  host.write(2, `${failureText(call.operation, text)}\n`)
  return refusedStatus
}
