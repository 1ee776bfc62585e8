/** A token that is good for one container: whether this is the one. Asked last, of a token that nothing else is wrong with. */
import type { RequesterProblem } from '../core/requester.ts'
import type { Host } from '../host/host.ts'
import type { RequesterQuestion } from './request.ts'
import type { ParsedToken } from './token.ts'

/**
 * What is wrong with bringing this token here, where the policy lets each admit one container only; it has then been used,
 * whatever else becomes of the call.
 */
export const usedProblem = (
  host: Pick<Host, 'admitOnce' | 'clock' | 'sha256'>,
  question: RequesterQuestion,
  { claims, signed }: Pick<ParsedToken, 'claims' | 'signed'>,
): RequesterProblem | undefined => {
  const { settings, container, dryRun } = question
  if (!settings.once || container.operation === 'exec') return undefined
  const { jti, exp } = claims
  if (jti !== undefined && typeof jti !== 'string')
    return { kind: 'malformed', detail: 'its claim jti is no text' }
  // Not of the signature: ES256 has two for one text.
  const token = host.sha256(jti === undefined ? `token ${signed}` : `jti ${jti}`)
  const now = Math.floor(host.clock().epochMilliseconds / 1000)
  const ends = Math.ceil(typeof exp === 'number' ? exp : now) + settings.clockSkew
  const admission = { token, holder: holderOf(question), ends, now, keepsEnded: settings.readmit }
  const admitted = host.admitOnce(admission, !dryRun)
  if (!admitted.ok) {
    const { code, path } = admitted.error
    return { kind: 'used', detail: `that it does cannot be noted (${code}, ${path})` }
  }
  return admitted.value ? undefined : { kind: 'used', detail: 'it has been used before' }
}

/**
 * Who may come again with the same token. A container whose engine chooses its id and tells when it was made is started
 * again as it was; of a pod each container brings the pod's token, those that its kubelet makes anew too. An id alone is
 * nobody: ctr and runc let their callers choose it, and take it twice.
 */
const holderOf = ({ container: { id, sandboxId }, created }: RequesterQuestion): string => {
  if (sandboxId !== undefined) return `pod ${sandboxId}`
  return created === undefined ? '' : `container ${id} ${created}`
}
