/** Requesters of calls by a user who is not root, alone and in a user namespace of their own as rootless Podman calls. */
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { configWith } from './support/calls.ts'
import { claimsFor, ellipticKey, issue } from './support/tokens.ts'

const nobody = 65534
const key = ellipticKey('gateway')
const folder = mkdtempSync(join(tmpdir(), 'lintel-rootless-requester-'))
chmodSync(folder, 0o755)
const at = (name: string): string => join(folder, name)
const bundle = at('bundle')
const log = at('home/.local/state/lintel/decisions.jsonl')

const policy = (more: string): string => `version = 1
profile = "minimal"
runtime.path = ["/bin/true"]
log.file = "/var/log/none/of/theirs"
[rules]
requester = { action = "deny" }
[identity]
jwks = ["${at('keys.json')}"]
issuer = "https://id.example"
audience = "lintel"
host-users = false
${more}
[[clearances]]
user = "alice"
range = "s0"
`

beforeEach(() => {
  for (const name of ['home', 'bundle']) {
    rmSync(at(name), { recursive: true, force: true })
    mkdirSync(at(name))
    chownSync(at(name), nobody, nobody)
  }
  copyFileSync(join(import.meta.dirname, '../dist/lintel'), at('lintel-runtime'))
  writeFileSync(at('keys.json'), JSON.stringify({ keys: [key.jwk] }), { mode: 0o644 })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each([
  ['a plain user', []],
  ['a user in a user namespace', ['unshare', '--user', '--map-root-user']],
] as const)('%s', (_, before) => {
  const create = (token: string, more = '') => {
    writeFileSync(at('policy.toml'), policy(more), { mode: 0o644 })
    const config = configWith({ annotations: { 'io.lintel.token': token } })
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(config))
    chownSync(join(bundle, 'config.json'), nobody, nobody)
    const as = ['--reuid', String(nobody), '--regid', String(nobody), '--clear-groups', ...before]
    const words = ['--lintel-policy', at('policy.toml'), 'create', '--bundle', bundle, 'own']
    const env = { HOME: at('home'), PATH: process.env['PATH'] }
    return execa('setpriv', [...as, at('lintel-runtime'), ...words], { env, extendEnv: false, reject: false })
  }
  const token = (changes = {}): string => issue(key, claimsFor('own', changes))

  test('is proven by a token, which is left in no file of theirs', async () => {
    const brought = token()
    expect(await create(brought)).toMatchObject({ exitCode: 0, stderr: '' })
    const record = readFileSync(log, 'utf8')
    expect(JSON.parse(record)).toMatchObject({
      verdict: 'allow',
      requester: { proof: 'token', user: 'alice' },
    })
    for (const text of [record, readFileSync(join(bundle, 'config.json'), 'utf8')])
      expect(text).not.toContain(brought.slice(-40))
  })

  test.each([
    ['another’s', { container_id: 'other' }, /it is for another container; here the id is own/],
    ['expired', { exp: Math.floor(Date.now() / 1000) - 60 }, /has expired/],
    [
      'for an image, of which their own engine’s files are no proof',
      { image: 'x' },
      /the image is not proven/,
    ],
  ])('is refused with a token, %s', async (_name, changes, says) => {
    const ran = await create(token(changes))
    expect(ran.exitCode).toBe(1)
    expect(ran.stderr).toMatch(says)
  })

  test('is refused where a token is good for one container: nothing of theirs could note that', async () => {
    const ran = await create(token(), 'once = true')
    expect(ran.exitCode).toBe(1)
    expect(ran.stderr).toMatch(/cannot be noted \(EPERM, \/run\/lintel\)/)
  })
})
