/** Reads the JWK Sets (RFC 7517) a policy names: whole, strictly, and from files that only root writes. */
import { decodeBase64url } from '../core/base64url.ts'
import type { TokenAlgorithm, TokenKey } from '../core/identity-settings.ts'
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Host } from '../host/host.ts'

const mostKeys = 32

/**
 * The keys of one set that verify tokens by these algorithms; keys for other uses and algorithms are passed over.
 * Errors: what is wrong, as the end of a line that begins with the file; nothing of a private key is in it.
 */
export const parseKeySet = (
  host: Pick<Host, 'parseJson'>,
  text: string,
  algorithms: readonly TokenAlgorithm[],
): Result<readonly TokenKey[], string> => {
  const parsed = host.parseJson(text, 8, '')
  if (!parsed.ok) return err(`${parsed.error.line}:${parsed.error.column}: ${parsed.error.message}`)
  const listed = isJsonObject(parsed.value) ? parsed.value['keys'] : undefined
  if (!Array.isArray(listed)) return err('1: it is no JWK Set: an object with the member "keys", a list')
  if (listed.length > mostKeys) return err(`1: it holds more than ${mostKeys} keys`)
  const keys: TokenKey[] = []
  for (const [index, entry] of listed.entries()) {
    const key = keyOf(entry)
    if (!key.ok) return err(`1: keys[${index}] ${key.error}`)
    if (key.value !== undefined && algorithms.includes(key.value.algorithm)) keys.push(key.value)
  }
  if (keys.length === 0) return err(`1: it holds no key for ${algorithms.join(', ')}`)
  const ids = keys.flatMap(({ id }) => (id === undefined ? [] : [id]))
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  return twice === undefined ? ok(keys) : err(`1: two keys have the id ${JSON.stringify(twice)}`)
}

/** Undefined for a key that verifies no signature, or one lintel does not know. */
const keyOf = (entry: Json): Result<TokenKey | undefined, string> => {
  if (!isJsonObject(entry)) return err('is no key')
  const { kty, use, kid, key_ops: operations } = entry
  if (kty === 'oct') return err('is a shared secret; a host that holds one can make tokens: give public keys')
  if (Object.hasOwn(entry, 'd')) return err('is a private key; give its public part, and replace it')
  if (kid !== undefined && typeof kid !== 'string') return err('has a kid that is no text')
  if (use !== undefined && use !== 'sig') return ok(undefined)
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify')))
    return ok(undefined)
  const shape = shapeOf(entry)
  if (shape === undefined) return ok(undefined)
  const parts = shape.members.map((name) => entry[name])
  const texts = parts.filter((part) => typeof part === 'string')
  const bytes = texts.map((part) => decodeBase64url(part) ?? [])
  const problem = texts.length < parts.length ? 'lacks a part' : shape.problem(bytes)
  return problem === undefined ? ok({ id: kid, algorithm: shape.algorithm, parts: texts }) : err(problem)
}

type Bytes = readonly number[]

interface Shape {
  readonly algorithm: TokenAlgorithm
  readonly members: readonly string[]
  readonly problem: (parts: readonly Bytes[]) => string | undefined
}

const shapeOf = ({ kty, crv, alg }: JsonObject): Shape | undefined =>
  shapes.find(
    (shape) =>
      shape.kty === kty && shape.crv === (crv ?? '') && (alg === undefined || alg === shape.algorithm),
  )

const rsaProblem = ([modulus = [], exponent = []]: readonly Bytes[]): string | undefined => {
  const bits = bitLength(modulus)
  if (bits < 2048 || bits > 4096) return `is an RSA key of ${bits} bits; 2048 to 4096 are taken`
  const even = ((modulus.at(-1) ?? 0) & 1) === 0 || ((exponent.at(-1) ?? 0) & 1) === 0
  return even || bitLength(exponent) > 32 || bitLength(exponent) < 2
    ? 'is an RSA key with a modulus or exponent that no such key has'
    : undefined
}

const pointProblem = (parts: readonly Bytes[]): string | undefined =>
  parts.every(({ length }) => length === 32) ? undefined : 'has a coordinate that is not of 32 bytes'

const shapes: readonly (Shape & { readonly kty: string; readonly crv: string })[] = [
  { kty: 'RSA', crv: '', algorithm: 'RS256', members: ['n', 'e'], problem: rsaProblem },
  { kty: 'EC', crv: 'P-256', algorithm: 'ES256', members: ['x', 'y'], problem: pointProblem },
  { kty: 'OKP', crv: 'Ed25519', algorithm: 'EdDSA', members: ['x'], problem: pointProblem },
]

const bitLength = (bytes: Bytes): number => {
  const first = bytes.findIndex((byte) => byte !== 0)
  return first < 0 ? 0 : (bytes.length - first) * 8 - Math.clz32(bytes[first] ?? 0) + 24
}
