/** A line of the decision log as it is read back, whichever release of lintel wrote it. */
import { type Json, memberOf, textOf } from '../core/json.ts'

export interface LoggedFinding {
  readonly rule: string
  readonly outcome: string
  readonly severity: string
  readonly actual: string
  readonly expected: string
  readonly message: string
  /** The exemption that let it pass. */
  readonly exemption:
    | { readonly reason: string; readonly owner: string; readonly expires: string }
    | undefined
}

/** A decision, or what else was written down (`event`). Members that were not recorded are undefined, lists empty. */
export interface LoggedRecord {
  readonly id: string
  /** RFC 3339, UTC. */
  readonly time: string
  readonly host: string
  /** What happened, where it is no decision. */
  readonly event: string | undefined
  readonly verdict: string | undefined
  readonly operation: string | undefined
  readonly mode: string | undefined
  readonly policy: { readonly digest: string | undefined; readonly profile: string | undefined }
  readonly container: {
    readonly id: string
    readonly name: string | undefined
    readonly image: string | undefined
    readonly namespace: string | undefined
    readonly pod: string | undefined
    readonly sandbox: boolean
  }
  readonly engine: string
  /** The call came from that engine indeed. */
  readonly proven: boolean
  /** User of the calling process. */
  readonly uid: number | undefined
  /** On whose behalf the engine called, where that was proven. */
  readonly user: string | undefined
  readonly findings: readonly LoggedFinding[]
  readonly failure: string | undefined
  /** Why, by whom and how long break-glass ran. */
  readonly breakGlass: { readonly by: string; readonly reason: string; readonly until: string } | undefined
  /** Up to which record of whose log a key vouches, where it does. */
  readonly seal: { readonly host: string; readonly sequence: number; readonly key: string } | undefined
  /** Place in the hash chain. */
  readonly sequence: number | undefined
}

/** Reads a parsed line; undefined where it is no record of lintel. */
export const loggedRecord = (value: Json): LoggedRecord | undefined => {
  const [id, time] = [textOf(value, 'id'), textOf(value, 'time')]
  const [verdict, event] = [textOf(value, 'verdict'), textOf(value, 'event')]
  if (id === undefined || time === undefined || (verdict === undefined) === (event === undefined))
    return undefined
  const engine = memberOf(value, 'engine')
  const policy = memberOf(value, 'policy')
  const findings = memberOf(value, 'findings')
  return {
    id,
    time,
    host: textOf(value, 'host') ?? '',
    event,
    verdict,
    operation: textOf(value, 'operation'),
    mode: textOf(value, 'mode'),
    policy: { digest: textOf(policy, 'digest'), profile: textOf(policy, 'profile') },
    container: containerOf(memberOf(value, 'container')),
    engine: textOf(engine, 'id') ?? 'none',
    proven: memberOf(engine, 'proven') === true,
    uid: numberOf(engine, 'uid'),
    user: textOf(memberOf(value, 'requester'), 'user'),
    findings: Array.isArray(findings) ? findings.map(findingOf) : [],
    failure: textOf(value, 'failure'),
    breakGlass: breakGlassOf(memberOf(value, 'breakGlass')),
    seal: sealOf(value),
    sequence: numberOf(value, 'sequence'),
  }
}

const numberOf = (value: Json | undefined, name: string): number | undefined => {
  const member = memberOf(value, name)
  return typeof member === 'number' ? member : undefined
}

const containerOf = (container: Json | undefined): LoggedRecord['container'] => ({
  id: textOf(container, 'id') ?? '',
  name: textOf(container, 'name'),
  image: textOf(container, 'image'),
  namespace: textOf(container, 'namespace'),
  pod: textOf(container, 'pod'),
  sandbox: memberOf(container, 'sandbox') === true,
})

const findingOf = (finding: Json): LoggedFinding => ({
  rule: textOf(finding, 'rule') ?? '',
  outcome: textOf(finding, 'outcome') ?? '',
  severity: textOf(finding, 'severity') ?? '',
  actual: textOf(finding, 'actual') ?? '',
  expected: textOf(finding, 'expected') ?? '',
  message: textOf(finding, 'message') ?? '',
  exemption: exemptionOf(memberOf(finding, 'exemption')),
})

const exemptionOf = (told: Json | undefined): LoggedFinding['exemption'] => {
  const [reason, owner, expires] = ['reason', 'owner', 'expires'].map((name) => textOf(told, name))
  return reason === undefined || owner === undefined || expires === undefined
    ? undefined
    : { reason, owner, expires }
}

const sealOf = (value: Json): LoggedRecord['seal'] => {
  const sealed = memberOf(value, 'sealed')
  const [host, sequence, key] = [textOf(sealed, 'host'), numberOf(sealed, 'sequence'), textOf(value, 'key')]
  return host === undefined || sequence === undefined || key === undefined
    ? undefined
    : { host, sequence, key }
}

const breakGlassOf = (told: Json | undefined): LoggedRecord['breakGlass'] =>
  told === undefined
    ? undefined
    : {
        by: textOf(told, 'by') ?? '',
        reason: textOf(told, 'reason') ?? '',
        until: textOf(told, 'until') ?? '',
      }
