/** A private host whose policy asks who wants a container, and the keys of its identity service. */
import { readFileSync } from 'node:fs'
import { configWith } from './calls.ts'
import { type Called, openShim, type Shim } from './shim.ts'
import { claimsFor, edwardsKey, ellipticKey, issue, rsaKey } from './tokens.ts'

export const id = 'web'
export const keyFile = '/etc/lintel/keys.json'
export const rsa = rsaKey('rsa-1')
export const elliptic = ellipticKey('ec-1')
export const edwards = edwardsKey('ed-1')
export const rotated = ellipticKey('ec-2')
export const stranger = ellipticKey('ec-1')
const known = [rsa, elliptic, edwards, rotated]

export const settings = `profile = "minimal"
[rules]
requester = { action = "deny" }
clearance = { action = "deny" }
exec-requester = { action = "deny" }
exec-clearance = { action = "deny" }
[identity]
jwks = ["${keyFile}"]
issuer = "https://id.example"
audience = "lintel"
[[clearances]]
user = "alice"
range = "s0-s2:c0.c7"
[[clearances]]
group = "radar"
range = "s0-s1:c0.c3"
[[clearances]]
group = "sonar"
range = "s0-s2:c2.c9"
`

/** A JWK Set of these keys. */
export const keySet = (keys: readonly object[]): string => JSON.stringify({ keys })

/** The label of the containers here. */
const label = 'system_u:system_r:container_t:s1:c3'

/** When the tests began, in seconds. */
export const now = Math.floor(Date.now() / 1000)

/** A token that is accepted. */
export const good = (): string => issue(elliptic, claimsFor(id))

/** The three parts of a token. */
export const parts = (token: string): [string, string, string] => {
  const [head = '', body = '', tail = ''] = token.split('.')
  return [head, body, tail]
}

/** What came of a create, and its config.json afterwards. */
export interface Created {
  readonly called: Called
  readonly bundle: string
  readonly config: string
}

export interface Scene {
  readonly shim: Shim
  /** Every token that lintel has seen. */
  readonly seen: Set<string>
  /** Begins anew with this policy and key set. */
  writePolicy(text?: string, keys?: string): void
  bundleWith(annotations: object, process?: object): string
  /** Creates a container that carries this token. */
  create(token: string, more?: object): Promise<Created>
}

/** Opens the host; the policy is to be written. */
export const openScene = async (): Promise<Scene> => {
  const shim = await openShim()
  const seen = new Set<string>()
  const bundleWith: Scene['bundleWith'] = (annotations, process = {}) => {
    const changes = { annotations, process: { selinuxLabel: label, ...process } }
    return shim.bundle('bundle', JSON.stringify(configWith(JSON.parse(JSON.stringify(changes)))))
  }
  return {
    shim,
    seen,
    bundleWith,
    writePolicy: (text = settings, keys = keySet(known.map(({ jwk }) => jwk))) => {
      shim.clear()
      shim.policy(text)
      shim.write(keyFile, keys)
    },
    create: async (token, more = {}) => {
      seen.add(token)
      const bundle = bundleWith({ 'io.lintel.token': token, 'org.example.kept': 'yes', ...more })
      const called = await shim.call(['create', '--bundle', bundle, id])
      return { called, bundle, config: readFileSync(`${bundle}/config.json`, 'utf8') }
    },
  }
}
