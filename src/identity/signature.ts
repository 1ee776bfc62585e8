/** Whether a key of the policy signed a token (RFC 8725: the algorithm is the policy's choice, never the token's). */
import { decodeBase64url } from '../core/base64url.ts'
import type { IdentitySettings, TokenKey } from '../core/identity-settings.ts'
import type { RequesterProblem } from '../core/requester.ts'
import type { Host } from '../host/host.ts'
import type { ParsedToken } from './token.ts'

/** What is wrong with the signature; undefined where one of the policy's keys made it. */
export const signatureProblem = (
  host: Pick<Host, 'verifySignature'>,
  { algorithm, keyId, signed, signature }: ParsedToken,
  { algorithms, keys }: Pick<IdentitySettings, 'algorithms' | 'keys'>,
): RequesterProblem | undefined => {
  const allowed = algorithms.find((each) => each === algorithm)
  if (allowed === undefined) {
    const named = /^[A-Za-z0-9]{1,10}$/.test(algorithm) ? ` (${algorithm})` : ''
    return { kind: 'algorithm', detail: `it is signed another way${named} than ${algorithms.join(', ')}` }
  }
  const named = keyId === undefined ? keys : keys.filter(({ id }) => id === keyId)
  if (named.length === 0) return { kind: 'key', detail: 'none of the keys has the id that it names' }
  const fitting = named.filter((key) => key.algorithm === allowed)
  if (fitting.length === 0) return { kind: 'key', detail: `no key it could mean is one for ${allowed}` }
  const signedBy = (key: TokenKey): boolean =>
    host.verifySignature({
      algorithm: allowed,
      key: key.parts.map((part) => decodeBase64url(part) ?? []),
      text: signed,
      signature,
    })
  return fitting.some(signedBy)
    ? undefined
    : { kind: 'signature', detail: 'its signature is not that of the key' }
}
