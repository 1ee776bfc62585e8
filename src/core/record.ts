/** The decision record: one JSON line, schema in schemas/decision.schema.json (DESIGN section 8). */
import { formatRange } from '../selinux/range.ts'
import type { Decision, Finding } from './decision.ts'
import type { Identity } from './identity.ts'
import type { OperationName } from './oci.ts'
import type { PatchOperation } from './patch.ts'
import type { Policy } from './policy.ts'
import type { Requester } from './requester.ts'
import type { Reference, Severity } from './rule.ts'

export interface RecordedFinding {
  readonly rule: string
  readonly severity: Severity
  readonly references: readonly Reference[]
  readonly outcome: Finding['outcome']
  readonly pointer: string
  readonly actual: string
  readonly expected: string
  readonly message: string
  readonly exemption?: { readonly reason: string; readonly owner: string; readonly expires: string }
}

/** An operation of the patch; a value longer than this many characters stands as its digest. */
export type RecordedOperation =
  | PatchOperation
  | {
      readonly op: 'add' | 'replace'
      readonly path: string
      readonly sha256: string
      readonly length: number
    }

const longestRecordedValue = 512

const recordedOperation = (
  operation: PatchOperation,
  sha256: (text: string) => string,
): RecordedOperation => {
  if (operation.op === 'remove') return operation
  const text = JSON.stringify(operation.value)
  const { op, path } = operation
  return text.length <= longestRecordedValue
    ? operation
    : { op, path, sha256: sha256(text), length: text.length }
}

/** Break-glass as every record tells it while it runs. `until`: RFC 3339, UTC. */
export interface RecordedBreakGlass {
  readonly until: string
  readonly reason: string
  /** Who began it, in words. */
  readonly by: string
}

/** A line of the decision log that is no decision: root began or ended break-glass, or the clock ended it. */
export interface BreakGlassRecord {
  readonly version: 1
  readonly event: 'break-glass-began' | 'break-glass-ended'
  readonly id: string
  readonly time: string
  readonly host: string
  readonly lintel: string
  readonly breakGlass: RecordedBreakGlass & { readonly since: string }
  /** Who ended it, in words; absent where the clock did. */
  readonly endedBy?: string
}

/** A record of the same chain, or of another, vouched for by a key (src/trail/seal.ts). */
export interface SealRecord {
  readonly version: 1
  readonly event: 'sealed'
  readonly id: string
  readonly time: string
  readonly host: string
  readonly lintel: string
  /** The last record there was: who wrote it and when, its number, the SHA-256 of its line. */
  readonly sealed: {
    readonly host: string
    readonly sequence: number
    readonly hash: string
    readonly time: string
  }
  /** RFC 7638 thumbprint of the public key. */
  readonly key: string
  /** Ed25519, base64url without padding. */
  readonly signature: string
}

/** A record that is no decision. */
export type EventRecord = BreakGlassRecord | SealRecord

/** Who asked, as far as that was proven. */
export interface RecordedRequester {
  readonly proof: Requester['proof']
  readonly user?: string
  readonly groups?: readonly string[]
  /** As the kernel writes it; absent where the user is cleared for nothing. */
  readonly clearance?: string
}

export interface DecisionRecord {
  readonly version: 1
  readonly id: string
  readonly time: string
  readonly host: string
  readonly lintel: string
  readonly policy: { readonly digest: string; readonly profile: string; readonly broken?: string }
  readonly operation: OperationName
  readonly container: {
    readonly id: string
    readonly name?: string
    readonly image?: string
    readonly namespace?: string
    readonly pod?: string
    readonly sandbox?: true
  }
  readonly engine: {
    readonly id: string
    readonly proven: boolean
    readonly caller: string
    readonly uid: number
  }
  /** Absent where the policy does not ask. */
  readonly requester?: RecordedRequester
  readonly mode: string
  /** Root has switched the host to mode warn for a time. */
  readonly breakGlass?: RecordedBreakGlass
  readonly verdict: Decision['verdict']
  /** Why nothing could be judged, where that was so. */
  readonly failure?: string
  readonly findings: readonly RecordedFinding[]
  readonly patch: readonly RecordedOperation[]
  /** SHA-256 of the document judged, and of what was written in its place. */
  readonly config: { readonly before: string; readonly after: string }
  readonly runtime: string
  readonly durationMicroseconds: number
  /** exec: how many calls like this one went unrecorded since its last record. */
  readonly repeated?: number
}

/** What the writer of a record found the log to be, other than it left it. */
export type ChainBroken =
  /** Records, but no head. */
  | 'head-missing'
  /** Less than the head says. */
  | 'log-shorter'
  /** Lines that do not continue the chain. */
  | 'not-continued'
  /** A last line without its end: a power cut, or a hand. */
  | 'torn-line'
  /** Another file than before, and the earlier one is not beside it. */
  | 'earlier-file-missing'

/** The last members of every line of the log, added as it is written (native/src/host/chain.rs). */
export interface ChainLink {
  readonly firstOfFile?: true
  readonly chainBroken?: ChainBroken
  /** From 1. */
  readonly sequence: number
  /** SHA-256 of the line before, without its line end; empty in the first record of a chain. */
  readonly previous: string
}

/** A line of the decision log. */
export type LogLine = (DecisionRecord | EventRecord) & ChainLink

/** What a record is made of, besides the decision. */
export interface RecordContext {
  readonly id: string
  readonly time: string
  readonly host: string
  readonly uid: number
  readonly lintel: string
  readonly policy: Policy
  readonly broken: string | undefined
  readonly operation: OperationName
  readonly identity: Identity
  readonly requester: Requester | undefined
  readonly breakGlass: RecordedBreakGlass | undefined
  readonly failure: string | undefined
  readonly before: string
  readonly after: string
  readonly runtime: string
  readonly durationMicroseconds: number
  readonly sha256: (text: string) => string
}

/** Builds the record of one decision. */
export const decisionRecord = (decision: Decision, context: RecordContext): DecisionRecord => {
  const { policy, identity } = context
  return {
    version: 1,
    id: context.id,
    time: context.time,
    host: context.host,
    lintel: context.lintel,
    policy: { digest: policy.digest, profile: policy.profile, ...present('broken', context.broken) },
    operation: context.operation,
    container: {
      id: identity.containerId,
      ...present('name', identity.name),
      ...present('image', identity.image),
      ...present('namespace', identity.namespace),
      ...present('pod', identity.pod),
      ...(identity.sandbox ? { sandbox: true } : {}),
    },
    engine: { id: identity.engine, proven: identity.proven, caller: identity.caller, uid: context.uid },
    ...(context.requester === undefined ? {} : { requester: recordedRequester(context.requester) }),
    mode: policy.mode,
    ...(context.breakGlass === undefined ? {} : { breakGlass: context.breakGlass }),
    verdict: decision.verdict,
    ...present('failure', context.failure),
    findings: decision.findings.map(recorded),
    patch: decision.patch.map((operation) => recordedOperation(operation, context.sha256)),
    config: { before: context.before, after: context.after },
    runtime: context.runtime,
    durationMicroseconds: context.durationMicroseconds,
  }
}

const recordedRequester = ({ proof, user, groups, clearance }: Requester): RecordedRequester => ({
  proof,
  ...present('user', user),
  ...(groups.length === 0 ? {} : { groups }),
  ...(clearance === undefined ? {} : { clearance: formatRange(clearance) }),
})

const present = <Name extends string>(
  name: Name,
  value: string | undefined,
): { readonly [key in Name]?: string } | object => (value === undefined ? {} : { [name]: value })

const recorded = ({
  title: _,
  remedy: __,
  standing: ___,
  exemption,
  ...finding
}: Finding): RecordedFinding =>
  exemption === undefined
    ? finding
    : {
        ...finding,
        exemption: { reason: exemption.reason, owner: exemption.owner, expires: exemption.expires },
      }
