/** Who asks for the containers of a stage: the files of an identity service, and its tokens. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Claims, claimsFor, ellipticKey, issue } from '../support/tokens.ts'

/** Tokens of a service whose key a machine has. */
export interface IdentityService {
  /** Its files, by name, with their paths here. */
  readonly files: Readonly<Record<string, string>>
  /** A token for alice, with these claims beside those it always has; long enough for a slow machine. */
  token(claims: Claims): string
}

/** Makes its key, and writes its key set into a folder; `claims` of tokens that go as files `token-NAME`, by name. */
export const openIdentityService = (
  folder: string,
  claims: Readonly<Record<string, Claims>> = {},
): IdentityService => {
  const key = ellipticKey('machine')
  const exp = Math.floor(Date.now() / 1000) + 1800
  const token: IdentityService['token'] = (more) =>
    issue(key, claimsFor('', { container_id: undefined, exp, ...more }))
  const texts = {
    'identity.jwks.json': JSON.stringify({ keys: [key.jwk] }),
    ...Object.fromEntries(Object.entries(claims).map(([name, each]) => [`token-${name}`, token(each)])),
  }
  const written = Object.entries(texts).map(([name, text]) => {
    const file = join(folder, name)
    writeFileSync(file, text)
    return [name, file] as const
  })
  return { files: Object.fromEntries(written), token }
}
