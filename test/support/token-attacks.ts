/** Attacks on a requester's token: each must be refused with its own sentence. */
import { edwards, elliptic, good, id, now, parts, rsa, stranger } from './identity-scene.ts'
import { base64url, claimsFor, issue, issueBySecret, signatureOf, signTexts } from './tokens.ts'

const changed = (change: (token: [string, string, string]) => readonly string[]): string =>
  change(parts(good())).join('.')
const raw = (payload: string, header = `{"alg":"ES256","kid":"ec-1"}`): string =>
  signTexts(elliptic, header, payload)
const payload = (): string => JSON.stringify(claimsFor(id))
const pem = (): string => rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()

const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** r and s as OpenSSL has them. */
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

/** Name, token and what the refusal says. */
export const attacks: readonly (readonly [name: string, token: () => string, says: RegExp])[] = [
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
