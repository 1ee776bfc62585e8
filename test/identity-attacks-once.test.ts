/** A token that is good for one container, and how one would have it serve twice. Through the binary; needs root. */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { expectRefused } from './support/calls.ts'
import { elliptic, id, now, openScene, parts, type Scene, settings } from './support/identity-scene.ts'
import { base64url, type Claims, claimsFor, issue } from './support/tokens.ts'

jest.setTimeout(120_000)

const noted = '/run/lintel/tokens'
const once = settings.replace('[identity]\n', '[identity]\nonce = true\n')

let scene: Scene
let count = 0

beforeAll(async () => {
  scene = await openScene()
})
afterAll(() => scene.shim.close())
beforeEach(async () => {
  await scene.shim.shell('mountpoint -q /run/lintel && umount /run/lintel; rm -rf /run/lintel')
  scene.writePolicy(once)
})

/** A token like no other. */
const another = (changes: Claims = {}): string =>
  issue(elliptic, claimsFor(id, { jti: `${count++}`, ...changes }))
const admits = async (token: string): Promise<void> =>
  expect((await scene.create(token)).called).toMatchObject({ status: 0, stderr: '' })
const refuses = async (
  token: string,
  says = /admits one container: it has been used before/,
): Promise<void> => expectRefused((await scene.create(token)).called, says)

test('it admits one container, on record, and is itself nowhere', async () => {
  const token = another()
  await admits(token)
  await refuses(token)
  expect(scene.shim.records()).toMatchObject([
    { verdict: 'allow', requester: { user: 'alice' } },
    { verdict: 'deny', requester: { proof: 'none' } },
  ])
  const text = readFileSync(scene.shim.path(noted), 'utf8')
  expect(text).toMatch(/^[0-9a-f]{64} \d+ \n$/)
  await admits(another())
})

test('where the policy does not say so, it admits as often as it is brought', async () => {
  scene.writePolicy()
  const token = another()
  await admits(token)
  await admits(token)
  expect(existsSync(scene.shim.path(noted))).toBe(false)
})

const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

describe('attacks', () => {
  test('the other signature that ES256 has for the same text', async () => {
    const token = another({ jti: undefined, nonce: Math.random() })
    const [head, body, tail] = parts(token)
    const signature = Buffer.from(tail, 'base64url')
    const s = order - BigInt(`0x${signature.subarray(32).toString('hex')}`)
    const mirrored = Buffer.concat([
      signature.subarray(0, 32),
      Buffer.from(s.toString(16).padStart(64, '0'), 'hex'),
    ])
    await admits(`${head}.${body}.${base64url(mirrored)}`)
    await refuses(token)
  })

  test('the same jti in a token that holds longer, or is signed anew', async () => {
    await admits(another({ jti: 'one' }))
    await refuses(another({ jti: 'one', exp: now + 900 }))
    await refuses(another({ jti: 'one' }))
  })

  test('a jti that is no text', async () => {
    await refuses(another({ jti: 7 }), /jti is no text/)
  })

  test('a forged token does not use up the real one', async () => {
    const token = another()
    const [head, body] = parts(token)
    await refuses(`${head}.${body}.${base64url(Buffer.alloc(64, 1))}`, /forged or damaged/)
    await admits(token)
  })

  test('another container does not use up the token', async () => {
    const token = another()
    const bundle = scene.bundleWith({ 'io.lintel.token': token })
    expectRefused(await scene.shim.call(['create', '--bundle', bundle, 'other']), /not for this container/)
    await admits(token)
  })

  test('fifty at once: one is admitted', async () => {
    const token = another()
    const bundle = scene.bundleWith({ 'io.lintel.token': token })
    const { workspace, runtime } = scene.shim.host
    await scene.shim.shell(
      `cd ${workspace}; for i in $(seq 50); do cp -r ${bundle} many-$i; done
       for i in $(seq 50); do ${runtime} create --bundle many-$i ${id} 2>/dev/null & done; wait`,
    )
    const verdicts = scene.shim.records().map(({ verdict }) => verdict)
    expect(verdicts.filter((verdict) => verdict === 'allow')).toHaveLength(1)
    expect(verdicts.filter((verdict) => verdict === 'deny')).toHaveLength(49)
    expect(readFileSync(scene.shim.path(noted), 'utf8').split('\n')).toHaveLength(2)
  })
})

describe('nobody is admitted where it cannot be noted', () => {
  const rows: readonly (readonly [string, string, RegExp])[] = [
    ['a file in the place of its folder', 'touch /run/lintel', /cannot be noted \(EPERM/],
    ['a folder that others may write', 'mkdir -m 1777 /run/lintel', /cannot be noted \(EPERM/],
    ['a folder of somebody else', 'mkdir -m 700 /run/lintel; chown 1 /run/lintel', /cannot be noted \(EPERM/],
    ['a link to another folder', 'mkdir -p /run/x; ln -s x /run/lintel', /cannot be noted \(EPERM/],
    ['what cannot be read', 'mkdir -m 700 /run/lintel; echo x > /run/lintel/tokens', /noted \(EBADMSG/],
    [
      'a file system without room',
      'mkdir -m 700 /run/lintel; mount -t tmpfs -o size=4k,mode=700 tmpfs /run/lintel; head -c 4096 /dev/zero > /run/lintel/x || :',
      /cannot be noted \(ENOSPC/,
    ],
    [
      'one that is read-only',
      'mkdir -m 700 /run/lintel; mount -t tmpfs -o ro,mode=700 tmpfs /run/lintel',
      /cannot be noted \(EROFS/,
    ],
  ]
  test.each(rows)('%s', async (_, script, says) => {
    await scene.shim.shell(script)
    await refuses(another(), says)
  })
})

test('a dry run looks, and uses nothing', async () => {
  const token = another()
  const bundle = scene.bundleWith({ 'io.lintel.token': token })
  const dry = (): ReturnType<Scene['shim']['call']> =>
    scene.shim.call(['--dry-run', 'create', '--bundle', bundle, id])
  expect(await dry()).toMatchObject({ status: 0 })
  await admits(token)
  rmSync(`${bundle}/config.json`)
  scene.bundleWith({ 'io.lintel.token': token })
  expect(await dry()).toMatchObject({ status: 1, stdout: expect.stringContaining('used before') })
})

test('what has ended is forgotten', async () => {
  await scene.shim.shell(
    `mkdir -m 700 /run/lintel; echo "old ${now - 1} x" > ${noted}; echo "runs ${now + 60} x" >> ${noted}`,
  )
  await admits(another())
  expect(readFileSync(scene.shim.path(noted), 'utf8')).toMatch(/^runs \d+ x\n[0-9a-f]{64} \d+ \n$/)
})
