/** The public keys seals are verified with, and what each is called. */
import { decodeBase64url, encodeBase64url } from '../core/base64url.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import type { Host } from '../host/host.ts'
import { parseKeySet } from '../policy/key-set.ts'
import { fileProblem } from '../runtime/load.ts'
import { type Seal, sealOf, sealText } from '../trail/seal.ts'
import type { SealJudge } from '../trail/seal-walk.ts'

/** Public keys of 32 bytes by their ids. */
type Keys = ReadonlyMap<string, readonly number[]>

const longestFile = 64 * 1024

/** The id of an Ed25519 public key: its thumbprint by RFC 7638 (RFC 8037 appendix A.3), base64url. */
export const keyId = (host: Pick<Host, 'sha256'>, key: readonly number[]): string => {
  const digest = host.sha256(`{"crv":"Ed25519","kty":"OKP","x":"${encodeBase64url(key)}"}`)
  return encodeBase64url((digest.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)))
}

/** Reads public keys (PEM, or a JWK Set). Errors: one line that names the file. */
const readKeys = (host: AdministratorHost, files: readonly string[]): Result<Keys, string> => {
  const keys = new Map<string, readonly number[]>()
  for (const file of files) {
    const text = host.readText(file, longestFile, true)
    if (!text.ok) return err(fileProblem(file, text.error))
    const read = text.value.trimStart().startsWith('{')
      ? keysOfSet(host, text.value)
      : keyOfPem(host, text.value)
    if (!read.ok) return err(`${file}: ${read.error}`)
    for (const key of read.value) keys.set(keyId(host, key), key)
  }
  return ok(keys)
}

const keyOfPem = (host: AdministratorHost, text: string): Result<readonly (readonly number[])[], string> => {
  const key = host.publicKey(text)
  if (key.ok) return ok([key.value])
  return err('it is no Ed25519 public key; make it of the private one: openssl pkey -in KEY -pubout')
}

const keysOfSet = (host: AdministratorHost, text: string): Result<readonly (readonly number[])[], string> => {
  const set = parseKeySet(host, text, ['EdDSA'])
  return set.ok ? ok(set.value.map(({ parts: [x = ''] }) => decodeBase64url(x) ?? [])) : err(set.error)
}

/** How seals are judged with the keys in these files. Errors: one line that names the file. */
export const sealJudge = (host: AdministratorHost, files: readonly string[]): Result<SealJudge, string> => {
  const read = (line: string): Seal | undefined => {
    const parsed = host.parseJson(line, 8, '')
    return parsed.ok ? sealOf(parsed.value) : undefined
  }
  const keys = readKeys(host, files)
  return keys.ok ? ok({ read, problem: (seal) => sealProblem(host, keys.value, seal) }) : keys
}

const sealProblem = (host: AdministratorHost, keys: Keys, seal: Seal): string | undefined => {
  const key = keys.get(seal.key)
  if (key === undefined) return `none of the public keys is the one it names (${seal.key.slice(0, 64)})`
  const signature = decodeBase64url(seal.signature) ?? []
  const signed = { algorithm: 'EdDSA', key: [key], text: sealText(seal), signature } as const
  return host.verifySignature(signed) ? undefined : 'its signature is not that of the key'
}
