/** The cold module: proves who asks, for policies that want to know. Loaded by the judge only then. */
import { isJsonObject } from '../core/json.ts'
import type { Requester, RequesterProblem } from '../core/requester.ts'
import type { Host } from '../host/host.ts'
import { judgeClaims } from './claims.ts'
import { tableClearance, tokenClearance } from './clearance.ts'
import { type Evidence, evidenceOf } from './evidence.ts'
import { callingUser, loginRange } from './host-user.ts'
import { usedProblem } from './once.ts'
import type { RequesterAnswer, RequesterQuestion } from './request.ts'
import { signatureProblem } from './signature.ts'
import { epochSeconds } from './time.ts'
import { parseToken } from './token.ts'

/** Who asks (a {@link RequesterQuestion}), and the document without the token (a {@link RequesterAnswer}). */
export const main = (host: Host, question: unknown): unknown => {
  if (!isQuestion(question)) throw new Error('the judge asked nothing')
  const evidence = evidenceOf(host, question)
  const answer: RequesterAnswer = {
    requester: requesterOf(host, question, evidence),
    text: evidence.text,
  }
  return answer
}

// Both modules are of one build.
const isQuestion = (value: unknown): value is RequesterQuestion => isJsonObject(value)

const requesterOf = (host: Host, question: RequesterQuestion, evidence: Evidence): Requester => {
  const { tokens, exposed } = evidence
  const [token] = tokens
  if (token === undefined) return byCaller(host, question, evidence)
  const proven = byToken(host, question, { ...evidence, token })
  const more: readonly RequesterProblem[] = [
    ...(exposed === undefined ? [] : [{ kind: 'exposed', detail: exposed } as const]),
    ...(tokens.length === 1
      ? []
      : [{ kind: 'malformed', detail: 'there are several, and they differ' } as const]),
  ]
  return more.length === 0 ? proven : unproven([...more, ...proven.problems])
}

const unproven = (problems: readonly RequesterProblem[]): Requester => ({
  user: undefined,
  groups: [],
  clearance: undefined,
  proof: 'none',
  problems,
})

const byToken = (
  host: Host,
  question: RequesterQuestion,
  { token, user: annotated }: Evidence & { readonly token: string },
): Requester => {
  const { settings, container } = question
  const parsed = parseToken(host, token)
  if (!parsed.ok) return unproven([parsed.error])
  const forged = signatureProblem(host, parsed.value, settings)
  if (forged !== undefined) return unproven([forged])
  const seconds = host.clock().epochMilliseconds / 1000
  const context = { settings, container, annotated, seconds, madeSeconds: madeSeconds(host, question) }
  const { claimed, problems } = judgeClaims(parsed.value.claims, context)
  if (problems.length > 0) return unproven(problems)
  const used = usedProblem(host, question, parsed.value)
  if (used !== undefined) return unproven([used])
  const { user, groups } = claimed
  return { user, groups, clearance: tokenClearance(settings, claimed), proof: 'token', problems: [] }
}

/** Files of an engine that runs as somebody else than root are that person's own word. */
const madeSeconds = (
  host: Host,
  { settings, container, created = '' }: RequesterQuestion,
): number | undefined => {
  const { effectiveUid, initialUserNamespace } = host.process
  const counts = settings.readmit && effectiveUid === 0 && initialUserNamespace
  return counts && container.operation !== 'exec' ? epochSeconds(created) : undefined
}

const byCaller = (
  host: Host,
  { settings, container }: RequesterQuestion,
  { user: annotated }: Evidence,
): Requester => {
  const where =
    container.operation === 'exec'
      ? `the command brings no token (${settings.names.environment})`
      : `the container carries no token (${settings.names.token})`
  if (!settings.hostUsers) return unproven([{ kind: 'absent', detail: where }])
  const found = callingUser(host)
  if (!found.ok) return unproven([{ kind: 'absent', detail: `${where}, and ${found.error}` }])
  const { user, groups } = found.value
  if (annotated !== undefined && annotated !== user)
    return unproven([{ kind: 'user', detail: `${user} calls, and ${settings.names.user} names another` }])
  const clearance = tableClearance(settings, found.value) ?? loginRange(host, settings.seusers, found.value)
  return { user, groups, clearance, proof: 'caller', problems: [] }
}
