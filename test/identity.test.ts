/** Who asks for a container, proven by a token: what is accepted, every attack, and that no token is left anywhere. Needs root. */
import { chmodSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { configWith, expectHandedOn, expectRefused } from './support/calls.ts'
import { openShim, type Shim } from './support/shim.ts'
import {
  audience,
  base64url,
  type Claims,
  claimsFor,
  edwardsKey,
  ellipticKey,
  issue,
  issueBySecret,
  rsaKey,
  signatureOf,
  signTexts,
} from './support/tokens.ts'

jest.setTimeout(120_000)

const id = 'web'
const keyFile = '/etc/lintel/keys.json'
const rsa = rsaKey('rsa-1')
const elliptic = ellipticKey('ec-1')
const edwards = edwardsKey('ed-1')
const rotated = ellipticKey('ec-2')
const stranger = ellipticKey('ec-1')
const weak = rsaKey('weak', 1024)
const known = [rsa, elliptic, edwards, rotated]

const settings = `profile = "minimal"
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

let shim: Shim
/** Every token that lintel has seen. */
const seen = new Set<string>()

const keySet = (keys: readonly object[]): string => JSON.stringify({ keys })

const writePolicy = (text = settings, keys = keySet(known.map(({ jwk }) => jwk))): void => {
  shim.clear()
  shim.policy(text)
  shim.write(keyFile, keys)
}

beforeAll(async () => {
  shim = await openShim()
})
afterAll(() => shim.close())
beforeEach(() => writePolicy())

const label = 'system_u:system_r:container_t:s1:c3'

const bundleWith = (annotations: object, process: object = {}): string =>
  shim.bundle(
    'bundle',
    JSON.stringify(
      configWith(JSON.parse(JSON.stringify({ annotations, process: { selinuxLabel: label, ...process } }))),
    ),
  )

/** Creates a container that carries this token. */
const create = async (token: string, more: object = {}) => {
  seen.add(token)
  const bundle = bundleWith({ 'io.lintel.token': token, 'org.example.kept': 'yes', ...more })
  const called = await shim.call(['create', '--bundle', bundle, id])
  return { called, bundle, config: readFileSync(`${bundle}/config.json`, 'utf8') }
}

const now = Math.floor(Date.now() / 1000)

describe('accepted', () => {
  test.each([
    ['RS256', rsa],
    ['ES256', elliptic],
    ['EdDSA', edwards],
    ['a key added by rotation', rotated],
  ])('%s', async (_, key) => {
    const { called, bundle, config } = await create(issue(key, claimsFor(id)))
    expectHandedOn(called, ['create', '--bundle', bundle, id])
    expect(JSON.parse(config).annotations).toEqual({ 'org.example.kept': 'yes' })
    const [record] = shim.records()
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
    expect((await create(token())).called).toMatchObject({ status: 0, stderr: '' })
  })

  test('a user by annotation, where it is the token’s', async () => {
    const { called } = await create(issue(elliptic, claimsFor(id)), { 'io.lintel.user': 'alice' })
    expect(called).toMatchObject({ status: 0 })
  })
})

const parts = (token: string): [string, string, string] => {
  const [head = '', body = '', tail = ''] = token.split('.')
  return [head, body, tail]
}

/** The same signature in another place of the field, as DER, and with another last character. */
const good = (): string => issue(elliptic, claimsFor(id))
const changed = (change: (token: [string, string, string]) => readonly string[]): string =>
  change(parts(good())).join('.')
const raw = (payload: string, header = `{"alg":"ES256","kid":"ec-1"}`): string =>
  signTexts(elliptic, header, payload)
const payload = (): string => JSON.stringify(claimsFor(id))
const pem = (): string => rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()

const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** r and n - s sign as well as r and s, and nothing may depend on a signature being the only one. */
const derOf = (signature: Buffer): Buffer => {
  const number = (bytes: Buffer): Buffer => {
    const trimmed = Buffer.from(bytes.toString('hex').replace(/^(00)+/, ''), 'hex')
    const body = (trimmed[0] ?? 0) > 127 ? Buffer.concat([Buffer.from([0]), trimmed]) : trimmed
    return Buffer.concat([Buffer.from([2, body.length]), body])
  }
  const body = Buffer.concat([number(signature.subarray(0, 32)), number(signature.subarray(32))])
  return Buffer.concat([Buffer.from([0x30, body.length]), body])
}

const resigned = (change: (signature: Buffer) => Buffer): string => {
  const [head, body, tail] = parts(good())
  return `${head}.${body}.${base64url(change(Buffer.from(tail, 'base64url')))}`
}

const attacks: readonly (readonly [name: string, token: () => string, says: RegExp])[] = [
  [
    'alg none',
    () => `${base64url('{"alg":"none"}')}.${base64url(payload())}.`,
    /not signed as the policy asks.*none/,
  ],
  ['alg None, with a signature', () => raw(payload(), '{"alg":"None"}'), /not signed as the policy asks/],
  [
    'HS256 with the public key as secret',
    () => issueBySecret(pem(), claimsFor(id), { kid: 'rsa-1' }),
    /HS256/,
  ],
  ['HS256 with an empty secret', () => issueBySecret('', claimsFor(id)), /HS256/],
  ['HS256 with the modulus as secret', () => issueBySecret(String(rsa.jwk['n']), claimsFor(id)), /HS256/],
  ['RS512', () => raw(payload(), '{"alg":"RS512","kid":"rsa-1"}'), /RS512/],
  [
    'an RSA key named for ES256',
    () => issue(elliptic, claimsFor(id), { kid: 'rsa-1' }),
    /no key it could mean is one for ES256/,
  ],
  [
    'a curve’s key named for RS256',
    () => issue(rsa, claimsFor(id), { kid: 'ec-1' }),
    /no key it could mean is one for RS256/,
  ],
  ['EdDSA over a key of ES256', () => issue(edwards, claimsFor(id), { kid: 'ec-1' }), /unknown key/],
  ['another’s key under a known id', () => issue(stranger, claimsFor(id)), /forged or damaged/],
  [
    'another’s key without an id',
    () => issue(stranger, claimsFor(id), { kid: undefined }),
    /forged or damaged/,
  ],
  [
    'a key id that is a path',
    () => issue(elliptic, claimsFor(id), { kid: '../../etc/lintel/keys.json' }),
    /unknown key/,
  ],
  ['a key id /dev/null', () => issueBySecret('', claimsFor(id), { kid: '/dev/null' }), /HS256/],
  [
    'a key id that is no text',
    () => issue(elliptic, claimsFor(id), { kid: 1 }),
    /does not say alg and kid as text/,
  ],
  ['a key id of JavaScript’s', () => issue(elliptic, claimsFor(id), { kid: '__proto__' }), /unknown key/],
  [
    'an algorithm of JavaScript’s',
    () => issue(elliptic, claimsFor(id), { alg: 'constructor' }),
    /not signed as the policy asks/,
  ],
  ['its own key (jwk)', () => issue(stranger, claimsFor(id), { jwk: stranger.jwk }), /holds jwk/],
  [
    'where its key lies (jku)',
    () => issue(stranger, claimsFor(id), { jku: 'https://evil.example' }),
    /holds jku/,
  ],
  [
    'where its certificate lies (x5u)',
    () => issue(stranger, claimsFor(id), { x5u: 'file:///tmp/x' }),
    /holds x5u/,
  ],
  ['its own certificate (x5c)', () => issue(stranger, claimsFor(id), { x5c: ['MII'] }), /holds x5c/],
  ['crit', () => issue(elliptic, claimsFor(id), { crit: ['exp'] }), /holds crit/],
  ['an unencoded payload (b64)', () => issue(elliptic, claimsFor(id), { b64: false }), /holds b64/],
  ['expired', () => issue(elliptic, claimsFor(id, { exp: now - 60 })), /has expired: it held until .* ago/],
  ['no end', () => issue(elliptic, claimsFor(id, { exp: undefined })), /no time until which it holds/],
  ['an end that is text', () => issue(elliptic, claimsFor(id, { exp: '9999999999' })), /exp is no time/],
  [
    'an end beyond all numbers',
    () => raw(payload().replace(/"exp":\d+/, '"exp":1e999')),
    /no time|cannot be read/,
  ],
  ['not yet valid', () => issue(elliptic, claimsFor(id, { nbf: now + 600 })), /not yet valid/],
  ['issued in the future', () => issue(elliptic, claimsFor(id, { iat: now + 600 })), /not yet valid/],
  ['a wrong audience', () => issue(elliptic, claimsFor(id, { aud: 'registry' })), /not meant for this host/],
  ['no audience', () => issue(elliptic, claimsFor(id, { aud: undefined })), /not meant for this host/],
  [
    'an audience that begins alike',
    () => issue(elliptic, claimsFor(id, { aud: 'lintel2' })),
    /not meant for this host/,
  ],
  [
    'a wrong issuer',
    () => issue(elliptic, claimsFor(id, { iss: 'https://id.example/' })),
    /comes from elsewhere/,
  ],
  ['another container', () => issue(elliptic, claimsFor('db')), /not for this container.*id is web/],
  [
    'replayed for another name',
    () => issue(elliptic, claimsFor(id, { container: 'db' })),
    /not for this container/,
  ],
  [
    'an image nobody proves',
    () => issue(elliptic, claimsFor(id, { image: 'web:1' })),
    /not for this container/,
  ],
  [
    'no container',
    () => issue(elliptic, claimsFor(id, { container_id: undefined })),
    /serves for any container/,
  ],
  [
    'a namespace only',
    () => issue(elliptic, claimsFor(id, { container_id: undefined, namespace: 'x' })),
    /not for this container/,
  ],
  ['for exec only', () => issue(elliptic, claimsFor(id, { operation: 'exec' })), /not for this container/],
  ['a claim twice', () => raw(payload().replace('{', '{"sub":"root",')), /a member twice/],
  ['alg twice', () => raw(payload(), '{"alg":"none","alg":"ES256","kid":"ec-1"}'), /a member twice/],
  ['JSON with more behind it', () => raw(`${payload()} x`), /no JSON object/],
  ['two JSON objects', () => raw(`${payload()}{}`), /no JSON object/],
  ['a list for claims', () => raw(`[${payload()}]`), /no JSON object/],
  ['a byte order mark', () => raw(`\ufeff${payload()}`), /no JSON object/],
  [
    'bytes that are no UTF-8',
    () => {
      const body = base64url(
        Buffer.concat([Buffer.from('{"sub":"'), Buffer.from([0xff, 0xc0, 0x80]), Buffer.from('"}')]),
      )
      const text = `${parts(good())[0]}.${body}`
      return `${text}.${base64url(signatureOf(elliptic, text))}`
    },
    /no base64url of UTF-8/,
  ],
  ['too deep', () => raw(`{"a":${'['.repeat(2000)}${']'.repeat(2000)}}`), /cannot be read/],
  ['huge', () => issue(elliptic, claimsFor(id, { pad: 'x'.repeat(20_000) })), /longer than 8192/],
  [
    'a payload changed',
    () =>
      changed(([head, , tail]) => [head, base64url(JSON.stringify(claimsFor(id, { sub: 'root' }))), tail]),
    /forged or damaged/,
  ],
  [
    'a header changed',
    () => changed(([, body, tail]) => [base64url('{"alg":"ES256","kid":"ec-1","x":1}'), body, tail]),
    /forged or damaged/,
  ],
  ['a signature cut off', () => changed(([head, body]) => [head, body, '']), /forged or damaged/],
  ['two parts', () => changed(([head, body]) => [head, body]), /three parts/],
  ['five parts, as if encrypted', () => changed((each) => [...each, 'a', 'b']), /three parts/],
  ['padding', () => `${good()}==`, /no base64url/],
  ['a blank', () => `${good()} `, /no base64url/],
  ['a line break', () => good().replace('.', '.\n'), /no base64url/],
  [
    'the other alphabet',
    () => changed(([head, body, tail]) => [head, body, `+/${tail.slice(2)}`]),
    /no base64url/,
  ],
  [
    'bits left over',
    () =>
      changed(([head, body, tail]) => [head, body, `${tail.slice(0, -1)}${tail.endsWith('B') ? 'C' : 'B'}`]),
    /no base64url/,
  ],
  ['ES256 as DER', () => resigned(derOf), /forged or damaged/],
  ['ES256, r and s zero', () => resigned(() => Buffer.alloc(64)), /forged or damaged/],
  [
    'ES256, r zero',
    () => resigned((each) => Buffer.concat([Buffer.alloc(32), each.subarray(32)])),
    /forged or damaged/,
  ],
  [
    'ES256, s beyond the order',
    () =>
      resigned((each) => {
        const s = BigInt(`0x${each.subarray(32).toString('hex')}`) + order
        return Buffer.concat([
          each.subarray(0, 32),
          Buffer.from((s % (1n << 256n)).toString(16).padStart(64, '0'), 'hex'),
        ])
      }),
    /forged or damaged/,
  ],
  [
    'ES256, a byte more',
    () => resigned((each) => Buffer.concat([each, Buffer.from([0])])),
    /forged or damaged/,
  ],
  [
    'RS256, another encoding of the same number',
    () => {
      const [head, body, tail] = parts(issue(rsa, claimsFor(id)))
      return `${head}.${body}.${base64url(Buffer.concat([Buffer.from([0]), Buffer.from(tail, 'base64url')]))}`
    },
    /forged or damaged/,
  ],
  [
    'RS256, the number 1',
    () => {
      const [head, body] = parts(issue(rsa, claimsFor(id)))
      return `${head}.${body}.${base64url(Buffer.concat([Buffer.alloc(255), Buffer.from([1])]))}`
    },
    /forged or damaged/,
  ],
  [
    'EdDSA, all zero',
    () => {
      const [head, body] = parts(issue(edwards, claimsFor(id)))
      return `${head}.${body}.${base64url(Buffer.alloc(64))}`
    },
    /forged or damaged/,
  ],
  [
    'a user in Cyrillic',
    () => issue(elliptic, claimsFor(id, { sub: 'аlice' })),
    /no name in printable ASCII/,
  ],
  [
    'a user that turns the line around',
    () => issue(elliptic, claimsFor(id, { sub: 'alice\u202e' })),
    /no name in printable ASCII/,
  ],
  [
    'a user with a line break',
    () => issue(elliptic, claimsFor(id, { sub: 'alice\nroot' })),
    /no name in printable ASCII/,
  ],
  ['no user', () => issue(elliptic, claimsFor(id, { sub: undefined })), /no name in printable ASCII/],
  ['groups that are no list', () => issue(elliptic, claimsFor(id, { groups: 'radar' })), /no list of names/],
  [
    'a clearance that is none',
    () => issue(elliptic, claimsFor(id, { clearance: 's0:c3.c1' })),
    /clearance in the token cannot be read/,
  ],
  ['nothing', () => '', /three parts/],
]

describe('attacks, each refused with its own sentence', () => {
  test.each(attacks)('%s', async (_, token, says) => {
    const { called } = await create(token())
    expectRefused(called, says)
    expect(shim.records()).toMatchObject([{ verdict: 'deny', requester: { proof: 'none' } }])
  })

  test('no token', async () => {
    expectRefused(await shim.call(['create', '--bundle', bundleWith({}), id]), /nobody is proven to ask/)
  })

  test('another user by annotation', async () => {
    const { called } = await create(issue(elliptic, claimsFor(id)), { 'io.lintel.user': 'bob' })
    expectRefused(called, /the user is not who the token says/)
  })

  test('an annotation that claims what the engine does not prove', async () => {
    const token = issue(elliptic, claimsFor(id, { image: 'web:1' }))
    const { called } = await create(token, { 'io.kubernetes.cri.image-name': 'web:1', 'nerdctl/name': 'web' })
    expectRefused(called, /not for this container/)
  })

  test('in the environment, where every exec would bring it', async () => {
    const token = good()
    seen.add(token)
    const bundle = bundleWith({}, { env: [`LINTEL_TOKEN=${token}`] })
    expectRefused(await shim.call(['create', '--bundle', bundle, id]), /could be read in the container/)
  })

  test('in its annotation and among the words of the command', async () => {
    const token = good()
    seen.add(token)
    const bundle = bundleWith({ 'io.lintel.token': token }, { args: ['login', token] })
    expectRefused(await shim.call(['create', '--bundle', bundle, id]), /in another place too/)
  })
})

describe('what is taken out', () => {
  test('copies in other annotations, as CRI-O makes them, and nothing else', async () => {
    const token = good()
    const more = { 'io.kubernetes.cri-o.Annotations': JSON.stringify({ 'io.lintel.token': token, a: 'b' }) }
    const { called, config } = await create(token, more)
    expect(called).toMatchObject({ status: 0 })
    expect(JSON.parse(config).annotations).toEqual({
      'org.example.kept': 'yes',
      'io.kubernetes.cri-o.Annotations': '{"io.lintel.token":"","a":"b"}',
    })
  })

  test('in mode warn too, where nothing is refused', async () => {
    writePolicy(`mode = "warn"\n${settings}`)
    const { called, config } = await create(issue(stranger, claimsFor(id)))
    expect(called).toMatchObject({ status: 0 })
    expect(config).not.toContain('io.lintel.token')
    expect(shim.records()).toMatchObject([{ verdict: 'would_deny' }])
  })

  test('and a policy without [identity] leaves everything as it is', async () => {
    writePolicy('profile = "minimal"')
    const { called, config } = await create('no token at all')
    expect(called).toMatchObject({ status: 0 })
    expect(config).toContain('no token at all')
    expect(shim.records()[0]).not.toHaveProperty('requester')
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
    seen.add(token)
    const selinuxLabel = `system_u:system_r:container_t:${level}`
    const called = await shim.call([
      'create',
      '--bundle',
      bundleWith({ 'io.lintel.token': token }, { selinuxLabel }),
      id,
    ])
    if (says === undefined) expect(called).toMatchObject({ status: 0, stderr: '' })
    else expectRefused(called, says)
  })

  test('defined by the token, where the policy lets it', async () => {
    writePolicy(settings.replace('[identity]', '[identity]\ntoken-clearance = "define"'))
    const { called } = await create(issue(elliptic, claimsFor(id, { sub: 'mallory', clearance: 's0-s1:c3' })))
    expect(called).toMatchObject({ status: 0 })
  })
})

describe('exec', () => {
  const admitted = (): string => {
    const bundle = bundleWith({})
    shim.container(id, bundle)
    return bundle
  }
  const exec = async (env: readonly string[]) => {
    const file = `${admitted()}/process.json`
    shim.write(
      file,
      JSON.stringify({ args: ['id'], cwd: '/', noNewPrivileges: true, env, user: { uid: 1000, gid: 1000 } }),
    )
    const called = await shim.call(['exec', '--process', file, id])
    return { called, process: JSON.parse(readFileSync(file, 'utf8')) }
  }
  const bring = (claims: Claims): string => {
    const token = issue(elliptic, claimsFor(id, claims))
    seen.add(token)
    return `LINTEL_TOKEN=${token}`
  }

  test('a token for exec lets in, is taken out, and leaves a record', async () => {
    const { called, process } = await exec(['A=1', bring({ operation: 'exec' }), 'B=2'])
    expect(called).toMatchObject({ status: 0, stderr: '' })
    expect(process.env).toEqual(['A=1', 'B=2'])
    expect(shim.records()).toMatchObject([
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
    const called = await shim.call(['exec', '--env', bring({ operation: 'exec' }), id, 'id'])
    expectRefused(called, /in the words of the call/)
  })

  test('the action decides where nobody is proven', async () => {
    writePolicy(
      settings.replace('exec-requester = { action = "deny" }', 'exec-requester = { action = "warn" }'),
    )
    expect((await exec([])).called).toMatchObject({ status: 0 })
    expect(shim.records()).toMatchObject([{ operation: 'exec', verdict: 'allow' }])
  })
})

describe('policy and keys', () => {
  const broken: readonly (readonly [string, () => void, RegExp])[] = [
    [
      'keys that others may write',
      () => chmodSync(shim.path(keyFile), 0o666),
      /keys\.json can be written by others/,
    ],
    [
      'no such file',
      () => writePolicy(settings.replace('keys.json', 'none.json')),
      /there is no such file of keys/,
    ],
    ['no JSON', () => writePolicy(settings, '{'), /keys\.json:1:/],
    [
      'a private key',
      () => writePolicy(settings, keySet([elliptic.privateKey.export({ format: 'jwk' })])),
      /keys\[0\] is a private key/,
    ],
    ['a shared secret', () => writePolicy(settings, keySet([{ kty: 'oct', k: 'AAAA' }])), /shared secret/],
    ['RSA of 1024 bits', () => writePolicy(settings, keySet([weak.jwk])), /RSA key of 1024 bits/],
    [
      'one id twice',
      () => writePolicy(settings, keySet([elliptic.jwk, stranger.jwk])),
      /two keys have the id "ec-1"/,
    ],
    [
      'no key for the algorithms',
      () => writePolicy(settings, keySet([{ ...elliptic.jwk, use: 'enc' }])),
      /no key for/,
    ],
    [
      'a range that is none',
      () => writePolicy(settings.replace('s0-s2:c0.c7', 's2-s0')),
      /the range "s2-s0" of alice is none/,
    ],
    ['no issuer', () => writePolicy(settings.replace(/issuer = .*/, '')), /identity/],
  ]
  test.each(broken)('%s', async (_, breakIt, says) => {
    breakIt()
    expectRefused((await create(good())).called, says)
  })

  test('a small-order Ed25519 key verifies nothing', async () => {
    const jwk = { ...edwards.jwk, x: base64url(Buffer.concat([Buffer.from([1]), Buffer.alloc(31)])) }
    writePolicy(settings, keySet([jwk]))
    const [head, body] = parts(issue(edwards, claimsFor(id)))
    const forged = Buffer.concat([Buffer.from([1]), Buffer.alloc(63)])
    expectRefused((await create(`${head}.${body}.${base64url(forged)}`)).called, /forged or damaged/)
  })

  test('a key taken out counts no longer', async () => {
    expect((await create(issue(rotated, claimsFor(id)))).called).toMatchObject({ status: 0 })
    shim.write(keyFile, keySet([elliptic.jwk]))
    expectRefused((await create(issue(rotated, claimsFor(id)))).called, /unknown key/)
  })
})

test('no token is left in any file: records, kept policy, reports, bundles’ own files', async () => {
  const { called } = await create(good())
  expect(called).toMatchObject({ status: 0 })
  const forged = await create(issue(stranger, claimsFor(id)))
  const token = [...seen].at(-1) ?? ''
  expect(token.length).toBeGreaterThan(100)
  const found = await shim.shell(
    `grep -rlF -e '${token.split('.')[1]}' /etc/lintel /var/log /var/lib/lintel /run ${shim.host.workspace} || true`,
  )
  // What was refused is left to the engine as it made it.
  expect(found.split('\n').filter((path) => path !== '')).toEqual([`${forged.bundle}/config.json`])
  expect(called.stderr + forged.called.stderr).not.toContain(token.slice(0, 40))
})
