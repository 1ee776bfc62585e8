/** A guarded call: judged, recorded, written and handed on, or refused; every failure by its row of DESIGN section 3. */
import type { Decision } from '../core/decision.ts'
import { unknownIdentity } from '../core/identity.ts'
import { type DecisionRecord, decisionRecord } from '../core/record.ts'
import { failureText, refusalText } from '../core/refusal.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Host } from '../host/host.ts'
import type { ArgvError, GuardedCall } from './argv.ts'
import { argvFor, findRuntime, handOn, missingRuntimeStatus } from './hand-on.ts'
import { type Judgement, judgeCall } from './judge.ts'
import { loadSubject, type Subject } from './load.ts'
import { logPath, tellCaller, writeRecord } from './log.ts'
import { type ServingPolicy, servingPolicy } from './policy.ts'

declare const LINTEL_VERSION: string

const refusedStatus = 1

/** A call whose command line could not be read: refused, unless the policy only warns. */
export const refuseUnread = (host: Host, error: ArgvError): number => {
  const serving = servingPolicy(host, error.lintel.policy)
  if (serving.ok && serving.value.policy.mode === 'warn') {
    const runtime = findRuntime(host, serving.value.policy.runtimePaths)
    return handOn(
      host,
      runtime,
      host.process.argv.filter((argument) => !isOurs(argument)),
    )
  }
  tellCaller(host, error.globals, failureText(error.operation ?? 'runtime', error.message))
  return refusedStatus
}

const isOurs = (argument: string): boolean => /^--?(lintel-policy=|dry-run$)/.test(argument)

/** Judges a guarded call and does what the verdict says. */
export const guard = (host: Host, call: GuardedCall): number => {
  const serving = servingPolicy(host, call.lintel.policy)
  if (!serving.ok) {
    tellCaller(
      host,
      call.globals,
      failureText(call.operation, `its policy cannot serve. ${serving.error.message}`),
    )
    return refusedStatus
  }
  const runtime = findRuntime(host, serving.value.policy.runtimePaths)
  if (runtime === undefined) return missingRuntime(host, call)
  const { log, logFormat } = call.globals
  host.setFailsafe({
    deny: serving.value.policy.mode === 'enforce',
    runtime,
    argv: argvFor(runtime, call.argv),
    log: logPath(log),
    logFormat: logFormat ?? 'text',
  })
  const context: Context = { host, call, serving: serving.value, runtime }
  const subject = loadSubject(host, call)
  return subject.ok ? decide(context, subject.value) : fail(context, subject.error)
}

interface Context {
  readonly host: Host
  readonly call: GuardedCall
  readonly serving: ServingPolicy
  readonly runtime: string
}

const missingRuntime = (host: Host, call: GuardedCall): number => {
  const reason =
    'no container runtime at any path of [runtime] path in the policy; install runc or correct it'
  tellCaller(host, call.globals, failureText(call.operation, reason))
  return missingRuntimeStatus
}

const decide = (context: Context, subject: Subject): number => {
  const { host, call, serving } = context
  const judgement = judgeCall(host, call, { policy: serving.policy, subject })
  const { decision } = judgement
  const patched = decision.patch.length === 0 ? ok(subject.text) : patchedText(host, subject, decision)
  if (!patched.ok) return fail(context, patched.error)
  const record = recordOf(context, judgement, {
    before: subject.text,
    after: patched.value,
    failure: undefined,
  })
  if (call.lintel.dryRun) return show(context, record)
  const unwritten = isRecorded(call, decision) ? writeRecord(host, serving.policy.log, record) : undefined
  if (unwritten !== undefined && serving.policy.mode === 'enforce')
    return refuse(context, failureText(call.operation, unwritten))
  if (decision.verdict === 'deny') {
    const { profile } = serving.policy
    return refuse(
      context,
      refusalText(decision.findings, { operation: call.operation, profile, decisionId: record.id }),
    )
  }
  const written = decision.verdict === 'fix' ? write(host, subject, patched.value) : undefined
  if (written !== undefined) return refuse(context, failureText(call.operation, written))
  return handOn(host, context.runtime, call.argv)
}

const refuse = ({ host, call }: Context, text: string): number => {
  tellCaller(host, call.globals, text)
  return refusedStatus
}

const patchedText = (host: Host, subject: Subject, decision: Decision): Result<string, string> => {
  const patched = host.patchJson(subject.text, decision.patch)
  return patched.ok ? patched : err(`its configuration could not be repaired: ${patched.error.message}`)
}

/** Puts the repaired document where the runtime reads it; the problem as one line if that failed. */
const write = (host: Host, { target }: Subject, text: string): string | undefined => {
  if (target.kind === 'flags') return undefined
  const done = target.kind === 'file' ? host.replaceFile(target.path, text) : host.replaceStdin(text)
  return done.ok ? undefined : `${done.error.path} could not be rewritten (${done.error.code})`
}

/**
 * Every create, run, restore and update leaves a record. An exec leaves one when something beyond the standing
 * repairs was found: health checks come every few seconds, and logs of wrappers have filled disks.
 */
const isRecorded = (call: GuardedCall, { verdict, findings }: Decision): boolean =>
  call.operation !== 'exec' ||
  verdict === 'deny' ||
  verdict === 'would_deny' ||
  findings.some(({ rule }) => rule !== 'no-new-privileges')

/** The call could not be judged. */
const fail = (context: Context, reason: string): number => {
  const { host, call, serving } = context
  const { mode, log } = serving.policy
  const identity = { ...unknownIdentity, containerId: call.containerId }
  const decision: Decision = { verdict: mode === 'warn' ? 'would_deny' : 'deny', findings: [], patch: [] }
  const record = recordOf(context, { identity, decision }, { before: '', after: '', failure: reason })
  if (call.lintel.dryRun) return show(context, record)
  writeRecord(host, log, record)
  if (mode === 'warn') return handOn(host, context.runtime, call.argv)
  return refuse(context, failureText(call.operation, `${reason} [decision ${record.id}]`))
}

const recordOf = (
  { host, call, serving, runtime }: Context,
  { identity, decision }: Judgement,
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
    policy: serving.policy,
    broken: serving.broken,
    operation: call.operation,
    identity,
    failure: texts.failure,
    before,
    after: texts.after === texts.before ? before : host.sha256(texts.after),
    runtime,
    durationMicroseconds: elapsedMicroseconds,
  })
}

/** `--dry-run`: the decision and its patch on stdout, nothing written, nothing executed. */
const show = ({ host, call, serving }: Context, record: DecisionRecord): number => {
  host.write(1, `${JSON.stringify(record, undefined, 2)}\n`)
  if (record.verdict !== 'deny') return 0
  const text = record.failure === undefined ? `denied by profile ${serving.policy.profile}` : record.failure
  host.write(2, `${failureText(call.operation, text)}\n`)
  return refusedStatus
}
