/** What a private host needs that asks who wants a container: policy, keys, tokens; and where a token was left. */
import { writeFileSync } from 'node:fs'
import { type Claims, claimsFor, ellipticKey, issue } from '../../support/tokens.ts'
import { setPolicy } from './decisions.ts'
import type { PrivateHost } from './private-host.ts'

const key = ellipticKey('gateway')

const policy = (more: string): string => `profile = "minimal"
[rules]
requester = { action = "deny" }
exec-requester = { action = "deny" }
[identity]
jwks = ["/etc/lintel/keys.json"]
issuer = "https://id.example"
audience = "lintel"
${more}
[[clearances]]
user = "alice"
range = "s0"
`

/** Writes policy and keys; `more` are lines of `[identity]`. */
export const askRequesters = (host: PrivateHost, more = ''): void => {
  setPolicy(host, policy(more))
  writeFileSync(host.path('/etc/lintel/keys.json'), JSON.stringify({ keys: [key.jwk] }), { mode: 0o644 })
}

/** A token with these claims, bound by nothing else. */
export const tokenWith = (claims: Claims): string =>
  issue(key, claimsFor('', { container_id: undefined, ...claims }))

/** A token for the container of this name and image, which a refusal must not show. */
export const tokenFor = (container: string, image: string, changes: Claims = {}): string =>
  tokenWith({ container, image, ...changes })

/** Files of the runtime, of lintel and of the engine's running state that hold the token. */
export const filesWith = async (
  host: PrivateHost,
  token: string,
  folders = '/run /var/log /var/lib/lintel /etc/lintel',
): Promise<string> => {
  const { stdout } = await host.run('sh', ['-c', `grep -rlF -e '${token}' ${folders} 2>/dev/null`])
  return stdout
}
