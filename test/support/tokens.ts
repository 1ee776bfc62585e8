/** An identity service for tests: real keys, tokens as it would sign them, and as an attacker would. */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

export type Claims = Readonly<Record<string, unknown>>
export type Header = Readonly<Record<string, unknown>>

const issuer = 'https://id.example'
export const audience = 'lintel'

/** Base64url of a text or bytes, without padding. */
export const base64url = (value: string | Buffer): string => Buffer.from(value).toString('base64url')

/** A key pair of the service, under a key id. */
export interface IssuerKey {
  readonly id: string
  readonly algorithm: 'RS256' | 'ES256' | 'EdDSA'
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** As it stands in a JWK Set. */
  readonly jwk: Readonly<Record<string, unknown>>
}

const keyOf = (
  id: string,
  algorithm: IssuerKey['algorithm'],
  pair: { readonly privateKey: KeyObject; readonly publicKey: KeyObject },
): IssuerKey => ({
  id,
  algorithm,
  ...pair,
  jwk: { ...pair.publicKey.export({ format: 'jwk' }), kid: id, alg: algorithm, use: 'sig' },
})

export const rsaKey = (id: string, bits = 2048): IssuerKey =>
  keyOf(id, 'RS256', generateKeyPairSync('rsa', { modulusLength: bits }))
export const ellipticKey = (id: string): IssuerKey =>
  keyOf(id, 'ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }))
export const edwardsKey = (id: string): IssuerKey => keyOf(id, 'EdDSA', generateKeyPairSync('ed25519'))

/** The bytes of a signature as RFC 7518 has it. */
export const signatureOf = ({ algorithm, privateKey }: IssuerKey, text: string): Buffer => {
  const data = Buffer.from(text)
  if (algorithm === 'RS256') return sign('sha256', data, privateKey)
  if (algorithm === 'ES256') return sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return sign(null, data, privateKey)
}

/** What the service puts into a token for a container of this id; it holds for five minutes. */
export const claimsFor = (container: string, changes: Claims = {}): Claims => {
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: issuer, aud: audience, sub: 'alice', iat: now, exp: now + 300 }
  return { ...claims, container_id: container, ...changes }
}

/** Header and payload texts, signed. */
export const signTexts = (key: IssuerKey, header: string, payload: string): string => {
  const text = `${base64url(header)}.${base64url(payload)}`
  return `${text}.${base64url(signatureOf(key, text))}`
}

/** A token of the service. */
export const issue = (key: IssuerKey, claims: Claims, header: Header = {}): string =>
  signTexts(
    key,
    JSON.stringify({ alg: key.algorithm, typ: 'JWT', kid: key.id, ...header }),
    JSON.stringify(claims),
  )

/** A token signed with a shared secret. */
export const issueBySecret = (secret: string | Buffer, claims: Claims, header: Header = {}): string => {
  const text = `${base64url(JSON.stringify({ alg: 'HS256', ...header }))}.${base64url(JSON.stringify(claims))}`
  return `${text}.${base64url(createHmac('sha256', secret).update(text).digest())}`
}
