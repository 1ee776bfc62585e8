/** Who asks for a container or a command: what is accepted, cleared, taken out, and what keys may be. Needs root. */
import { chmodSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { expectHandedOn, expectRefused } from './support/calls.ts'
import {
  edwards,
  elliptic,
  good,
  id,
  keyFile,
  keySet,
  now,
  openScene,
  parts,
  rotated,
  rsa,
  type Scene,
  settings,
  stranger,
} from './support/identity-scene.ts'
import { audience, base64url, type Claims, claimsFor, issue, rsaKey } from './support/tokens.ts'

jest.setTimeout(120_000)

const weak = rsaKey('weak', 1024)

let scene: Scene

beforeAll(async () => {
  scene = await openScene()
})
afterAll(() => scene.shim.close())
beforeEach(() => scene.writePolicy())

describe('accepted', () => {
  test.each([
    ['RS256', rsa],
    ['ES256', elliptic],
    ['EdDSA', edwards],
    ['a key added by rotation', rotated],
  ])('%s', async (_, key) => {
    const { called, bundle, config } = await scene.create(issue(key, claimsFor(id)))
    expectHandedOn(called, ['create', '--bundle', bundle, id])
    expect(JSON.parse(config).annotations).toEqual({ 'org.example.kept': 'yes' })
    const [record] = scene.shim.records()
    expect(record).toMatchObject({
      verdict: 'allow',
      requester: { proof: 'token', user: 'alice', clearance: 's0-s2:c0.c7' },
    })
    expect(record?.config.before).not.toBe(record?.config.after)
  })

  const accepted: readonly (readonly [string, () => string])[] = [
    [
      'without a key id, the keys of its kind are tried',
      () => issue(rotated, claimsFor(id), { kid: undefined }),
    ],
    ['an audience among several', () => issue(elliptic, claimsFor(id, { aud: ['x', audience] }))],
    ['expired within the skew of clocks', () => issue(elliptic, claimsFor(id, { exp: now - 5 }))],
    ['for create by its own word', () => issue(elliptic, claimsFor(id, { operation: ['create', 'exec'] }))],
    ['times with a fraction', () => issue(elliptic, claimsFor(id, { exp: now + 100.5 }))],
  ]
  test.each(accepted)('%s', async (_, token) => {
    expect((await scene.create(token())).called).toMatchObject({ status: 0, stderr: '' })
  })

  test('a user by annotation, where it is the token’s', async () => {
    const { called } = await scene.create(issue(elliptic, claimsFor(id)), { 'io.lintel.user': 'alice' })
    expect(called).toMatchObject({ status: 0 })
  })
})

describe('what is taken out', () => {
  test('copies in other annotations, as CRI-O makes them, and nothing else', async () => {
    const token = good()
    const more = { 'io.kubernetes.cri-o.Annotations': JSON.stringify({ 'io.lintel.token': token, a: 'b' }) }
    const { called, config } = await scene.create(token, more)
    expect(called).toMatchObject({ status: 0 })
    expect(JSON.parse(config).annotations).toEqual({
      'org.example.kept': 'yes',
      'io.kubernetes.cri-o.Annotations': '{"io.lintel.token":"","a":"b"}',
    })
  })

  test('in mode warn too, where nothing is refused', async () => {
    scene.writePolicy(`mode = "warn"\n${settings}`)
    const { called, config } = await scene.create(issue(stranger, claimsFor(id)))
    expect(called).toMatchObject({ status: 0 })
    expect(config).not.toContain('io.lintel.token')
    expect(scene.shim.records()).toMatchObject([{ verdict: 'would_deny' }])
  })

  test('and a policy without [identity] leaves everything as it is', async () => {
    scene.writePolicy('profile = "minimal"')
    const { called, config } = await scene.create('no token at all')
    expect(called).toMatchObject({ status: 0 })
    expect(config).toContain('no token at all')
    expect(scene.shim.records()[0]).not.toHaveProperty('requester')
  })
})

describe('clearances', () => {
  const rows: readonly (readonly [string, Claims, string, RegExp | undefined])[] = [
    ['the own entry', {}, 's2:c7', undefined],
    [
      'beyond the own entry',
      {},
      's2:c8',
      /beyond the clearance.*s2:c8 for alice; the clearance is s0-s2:c0.c7/,
    ],
    ['the own entry goes before groups', { groups: ['sonar'] }, 's2:c9', /beyond the clearance/],
    ['a group’s', { sub: 'bob', groups: ['radar'] }, 's1:c1', undefined],
    ['two groups: what both give', { sub: 'bob', groups: ['radar', 'sonar'] }, 's1:c2', undefined],
    [
      'two groups: not what one gives',
      { sub: 'bob', groups: ['radar', 'sonar'] },
      's1:c1',
      /the clearance is s0-s1:c2,c3/,
    ],
    ['nobody’s', { sub: 'mallory' }, 's0', /mallory is cleared for nothing/],
    ['narrowed by the token', { clearance: 's0-s1:c0.c3' }, 's1:c4', /the clearance is s0-s1:c0.c3/],
    ['never widened by the token', { clearance: 's0-s15:c0.c1023' }, 's3', /the clearance is s0-s2:c0.c7/],
    ['not defined by the token', { sub: 'mallory', clearance: 's0-s15' }, 's0', /cleared for nothing/],
  ]
  test.each(rows)('%s', async (_, claims, level, says) => {
    const token = issue(elliptic, claimsFor(id, claims))
    scene.seen.add(token)
    const selinuxLabel = `system_u:system_r:container_t:${level}`
    const called = await scene.shim.call([
      'create',
      '--bundle',
      scene.bundleWith({ 'io.lintel.token': token }, { selinuxLabel }),
      id,
    ])
    if (says === undefined) expect(called).toMatchObject({ status: 0, stderr: '' })
    else expectRefused(called, says)
  })

  test('defined by the token, where the policy lets it', async () => {
    scene.writePolicy(settings.replace('[identity]', '[identity]\ntoken-clearance = "define"'))
    const { called } = await scene.create(
      issue(elliptic, claimsFor(id, { sub: 'mallory', clearance: 's0-s1:c3' })),
    )
    expect(called).toMatchObject({ status: 0 })
  })
})

describe('exec', () => {
  const admitted = (): string => {
    const bundle = scene.bundleWith({})
    scene.shim.container(id, bundle)
    return bundle
  }
  const exec = async (env: readonly string[]) => {
    const file = `${admitted()}/process.json`
    scene.shim.write(
      file,
      JSON.stringify({ args: ['id'], cwd: '/', noNewPrivileges: true, env, user: { uid: 1000, gid: 1000 } }),
    )
    const called = await scene.shim.call(['exec', '--process', file, id])
    return { called, process: JSON.parse(readFileSync(file, 'utf8')) }
  }
  const bring = (claims: Claims): string => {
    const token = issue(elliptic, claimsFor(id, claims))
    scene.seen.add(token)
    return `LINTEL_TOKEN=${token}`
  }

  test('a token for exec lets in, is taken out, and leaves a record', async () => {
    const { called, process } = await exec(['A=1', bring({ operation: 'exec' }), 'B=2'])
    expect(called).toMatchObject({ status: 0, stderr: '' })
    expect(process.env).toEqual(['A=1', 'B=2'])
    expect(scene.shim.records()).toMatchObject([
      { operation: 'exec', verdict: 'allow', requester: { user: 'alice' } },
    ])
  })

  test('the token of create does not', async () => {
    expectRefused((await exec([bring({})])).called, /does not say that it is for exec/)
  })

  test('nor none, nor another container’s', async () => {
    expectRefused((await exec([])).called, /nobody is proven to ask for this command/)
    expectRefused(
      (await exec([bring({ operation: 'exec', container_id: 'db' })])).called,
      /another container/,
    )
  })

  test('nor two that differ', async () => {
    const both = [bring({ operation: 'exec' }), bring({ operation: 'exec', jti: '2' })]
    expectRefused((await exec(both)).called, /there are several/)
  })

  test('who is cleared for less than the container is kept out', async () => {
    const claims = { operation: 'exec', clearance: 's0' }
    expectRefused((await exec([bring(claims)])).called, /above the clearance of who asks: s1:c3 for alice/)
  })

  test('by the words of the call it cannot be taken out', async () => {
    admitted()
    const called = await scene.shim.call(['exec', '--env', bring({ operation: 'exec' }), id, 'id'])
    expectRefused(called, /in the words of the call/)
  })

  test('the action decides where nobody is proven', async () => {
    scene.writePolicy(
      settings.replace('exec-requester = { action = "deny" }', 'exec-requester = { action = "warn" }'),
    )
    expect((await exec([])).called).toMatchObject({ status: 0 })
    expect(scene.shim.records()).toMatchObject([{ operation: 'exec', verdict: 'allow' }])
  })
})

describe('policy and keys', () => {
  const broken: readonly (readonly [string, () => void, RegExp])[] = [
    [
      'keys that others may write',
      () => chmodSync(scene.shim.path(keyFile), 0o666),
      /keys\.json can be written by others/,
    ],
    [
      'no such file',
      () => scene.writePolicy(settings.replace('keys.json', 'none.json')),
      /there is no such file of keys/,
    ],
    ['no JSON', () => scene.writePolicy(settings, '{'), /keys\.json:1:/],
    [
      'a private key',
      () => scene.writePolicy(settings, keySet([elliptic.privateKey.export({ format: 'jwk' })])),
      /keys\[0\] is a private key/,
    ],
    [
      'a shared secret',
      () => scene.writePolicy(settings, keySet([{ kty: 'oct', k: 'AAAA' }])),
      /shared secret/,
    ],
    ['RSA of 1024 bits', () => scene.writePolicy(settings, keySet([weak.jwk])), /RSA key of 1024 bits/],
    [
      'one id twice',
      () => scene.writePolicy(settings, keySet([elliptic.jwk, stranger.jwk])),
      /two keys have the id "ec-1"/,
    ],
    [
      'no key for the algorithms',
      () => scene.writePolicy(settings, keySet([{ ...elliptic.jwk, use: 'enc' }])),
      /no key for/,
    ],
    [
      'a range that is none',
      () => scene.writePolicy(settings.replace('s0-s2:c0.c7', 's2-s0')),
      /the range "s2-s0" of alice is none/,
    ],
    ['no issuer', () => scene.writePolicy(settings.replace(/issuer = .*/, '')), /identity/],
  ]
  test.each(broken)('%s', async (_, breakIt, says) => {
    breakIt()
    expectRefused((await scene.create(good())).called, says)
  })

  test('a small-order Ed25519 key verifies nothing', async () => {
    const jwk = { ...edwards.jwk, x: base64url(Buffer.concat([Buffer.from([1]), Buffer.alloc(31)])) }
    scene.writePolicy(settings, keySet([jwk]))
    const [head, body] = parts(issue(edwards, claimsFor(id)))
    const forged = Buffer.concat([Buffer.from([1]), Buffer.alloc(63)])
    expectRefused((await scene.create(`${head}.${body}.${base64url(forged)}`)).called, /forged or damaged/)
  })

  test('a key taken out counts no longer', async () => {
    expect((await scene.create(issue(rotated, claimsFor(id)))).called).toMatchObject({ status: 0 })
    scene.shim.write(keyFile, keySet([elliptic.jwk]))
    expectRefused((await scene.create(issue(rotated, claimsFor(id)))).called, /unknown key/)
  })
})
