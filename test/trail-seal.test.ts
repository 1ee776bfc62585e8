/**
 * Seals: a key vouches for the log. What root without the key can do to a sealed log is caught although hashes, numbers
 * and head were all made to fit. Needs root.
 */
import { createHash, createPublicKey, verify as isSigned } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import type { SealRecord } from '../src/core/record.ts'
import { openssl } from './support/certificates.ts'
import { asLogLine } from './support/record-schema.ts'
import { decisionLog, openShim, type Shim } from './support/shim.ts'
import { decide, found, hashOf, linked, quickPolicy, relinked, verify } from './support/trail.ts'

jest.setTimeout(60_000)

let shim: Shim

const at = (name: string): string => join(shim.host.workspace, name)
const judged = (...more: readonly string[]): readonly string[] => ['--public-key', at('good.pub'), ...more]
const lintel = (...words: readonly string[]) => shim.host.run(at('lintel'), ['log', ...words])
const textOf = (file: string): string => readFileSync(file, 'utf8')
const linesOf = (file: string): readonly string[] => textOf(file).split('\n').slice(0, -1)

const seal = async (...words: readonly string[]): Promise<void> => {
  const { exitCode, stderr } = await lintel('seal', '--key', at('good'), ...words)
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
}

const sealIn = (line: string): SealRecord => {
  const record = asLogLine(JSON.parse(line))
  if (!('event' in record) || record.event !== 'sealed') throw new Error(`no seal: ${line}`)
  return record
}

beforeAll(async () => {
  shim = await openShim()
  for (const name of ['good', 'evil']) {
    openssl('genpkey', '-algorithm', 'ed25519', '-out', at(name))
    openssl('pkey', '-in', at(name), '-pubout', '-out', at(`${name}.pub`))
  }
}, 60_000)
afterAll(() => shim.close(), 60_000)

describe('a sealed log', () => {
  beforeEach(async () => {
    shim.clear()
    quickPolicy(shim)
    await decide(shim, 2)
  })

  test('the seal is the next record, signed as docs/trail.md states, and verify tells how far it goes', async () => {
    await seal()
    await decide(shim, 1)
    const [, second = '', third = ''] = linesOf(shim.path(decisionLog))
    const { sealed, time, key, signature } = sealIn(third)
    const { host, time: written } = linked(second)
    expect(sealed).toEqual({ host, sequence: 2, hash: hashOf(second), time: written })
    const text = `lintel log seal 1\nhost ${host}\nsequence 2\nhash ${hashOf(second)}\ntime ${written}\nsealed ${time}\n`
    const publicKey = createPublicKey(textOf(at('good.pub')))
    expect(isSigned(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64url'))).toBe(true)
    const { x } = publicKey.export({ format: 'jwk' })
    const thumbprint = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`)
    expect(key).toBe(thumbprint.digest('base64url'))

    expect(await verify(shim, [], judged())).toMatchObject({
      status: 0,
      records: 4,
      faults: [],
      seals: { found: 1, judged: true, older: 0, last: { sealed: { sequence: 2 }, key } },
    })
    expect(await verify(shim)).toMatchObject({ status: 0, seals: { found: 1, judged: false } })
    const { stdout } = await lintel('verify', ...judged(), decisionLog)
    expect(stdout).toContain(`sealed up to record 2 (${written}), at ${time} with key ${key}`)
    expect((await lintel('show')).stdout).toContain(` sealed up to record 2 of ${host}, with key ${key}\n`)
  })

  test('a JWK Set serves as well, and a new key beside the old one', async () => {
    const keys = ['good.pub', 'evil.pub'].map((name) =>
      createPublicKey(textOf(at(name))).export({ format: 'jwk' }),
    )
    writeFileSync(at('keys.json'), JSON.stringify({ keys }))
    await seal()
    expect((await lintel('seal', '--key', at('evil'))).exitCode).toBe(0)
    expect(found(await verify(shim, [], judged()))).toEqual(['seal-wrong 4'])
    for (const words of [['--public-key', at('keys.json')], judged('--public-key', at('evil.pub'))])
      expect(await verify(shim, [], words)).toMatchObject({ status: 0, seals: { found: 2 } })
  })

  test('sealed while many write and the log is rotated: every seal holds', async () => {
    const sealing = `i=0; while [ $i -lt 8 ]; do ${at('lintel')} log seal --key ${at('good')}; i=$((i+1)); done`
    const rotation = `sleep 0.2; mv ${decisionLog} ${decisionLog}.1`
    await Promise.all([decide(shim, 25), decide(shim, 25), shim.shell(sealing), shim.shell(rotation)])
    expect(await verify(shim, [], judged())).toMatchObject({
      status: 0,
      records: 60,
      faults: [],
      seals: { found: 8, older: 0 },
    })
    await shim.shell(`rm ${decisionLog}.1`)
    expect((await verify(shim, [], judged())).status).toBe(0)
  })

  test('a copy is sealed beside it, and stays as it is', async () => {
    const [copy, seals] = [at('copy.jsonl'), at('copy-seals.jsonl')]
    writeFileSync(copy, textOf(shim.path(decisionLog)))
    await seal('--into', seals, copy)
    expect(textOf(copy)).toBe(textOf(shim.path(decisionLog)))
    sealIn(linesOf(seals)[0] ?? '')
    await decide(shim, 1)
    const words = judged('--seals', seals)
    expect(await verify(shim, [], words)).toMatchObject({
      status: 0,
      seals: { last: { sealed: { sequence: 2 } } },
    })
    await shim.shell(`rm ${decisionLog}*`)
    await decide(shim, 3)
    expect(found(await verify(shim, [], words))).toEqual(['seal-contradicted 2'])
  })
})

type Change = (lines: readonly string[]) => readonly string[] | Promise<readonly string[]>

/** Numbered and chained from 1, as whoever holds no key would do it. */
const fitted = (lines: readonly string[]): readonly string[] =>
  relinked(
    lines.map((line, index) =>
      line.replace(/"sequence":\d+,"previous"/, `"sequence":${index + 1},"previous"`),
    ),
    '',
  )

const altered = (line = ''): string => line.replace('"verdict":"allow"', '"verdict":"ALLOW"')
const isSeal = (line: string): boolean => line.startsWith('{"version":1,"event":"sealed"')

/** Sealed with a key of the attacker's own. */
const sealedAnew = async (lines: readonly string[]): Promise<readonly string[]> => {
  const file = written('anew', fitted(lines))
  expect((await lintel('seal', '--key', at('evil'), file)).exitCode).toBe(0)
  return linesOf(file)
}

/** The attacker's log with a head that fits it. */
const written = (name: string, lines: readonly string[]): string => {
  const folder = at(`log-${name.replaceAll(/\W/g, '-')}`)
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'log')
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''))
  const last = lines.at(-1) ?? ''
  const number = (value: number): string => String(value).padStart(20, '0')
  const head = `sequence ${number(linked(last).sequence)}\nhash ${hashOf(last)}\nfile ${number(0)}\nsize ${number(0)}\n`
  writeFileSync(`${file}.head`, head)
  return file
}

/** Of records 1 to 3, the seal 4 of 3, 5 and 6, the seal 7 of 6, and 8. All pass where nobody looks at seals. */
const attacks: readonly (readonly [string, Change, readonly string[]])[] = [
  ['nothing', (lines) => lines, []],
  [
    'a record before the seals altered',
    (lines) => fitted(lines.with(1, altered(lines[1]))),
    ['seal-contradicted 3', 'seal-contradicted 6'],
  ],
  ['the sealed record altered', (lines) => fitted(lines.with(5, altered(lines[5]))), ['seal-contradicted 6']],
  ['the sealed record removed', (lines) => fitted(lines.toSpliced(5, 1)), ['seal-contradicted 6']],
  [
    'a record before put in',
    (lines) => fitted([...lines.slice(0, 2), lines[1] ?? '', ...lines.slice(2)]),
    ['seal-contradicted 3', 'seal-contradicted 6'],
  ],
  [
    'a seal moved before what it seals',
    (lines) => fitted([...lines.slice(0, 2), lines[3] ?? '', lines[2] ?? '', ...lines.slice(4)]),
    ['seal-contradicted 3', 'seal-contradicted 6'],
  ],
  ['a seal of another log', async (lines) => fitted([...lines, await otherSeal()]), ['seal-contradicted 2']],
  [
    'all written anew and sealed with another key',
    (lines) => sealedAnew(lines.filter((line) => !isSeal(line)).map(altered)),
    ['seal-wrong 7'],
  ],
  [
    'that, in the name of the right key',
    async (lines) => {
      const name = sealIn(lines[3] ?? '').key
      const forged = await sealedAnew(lines.filter((line) => !isSeal(line)))
      return fitted(forged.map((line) => line.replace(/"key":"[^"]*"/, `"key":"${name}"`)))
    },
    ['seal-wrong 7'],
  ],
  [
    'another hash written into the seal',
    (lines) =>
      fitted(lines.with(6, (lines[6] ?? '').replace(/"hash":"\w+"/, `"hash":"${hashOf(lines[1] ?? '')}"`))),
    ['seal-wrong 7'],
  ],
  [
    'the time of the seal altered',
    (lines) => fitted(lines.with(6, (lines[6] ?? '').replace(/"time":"\d{4}/, '"time":"2031'))),
    ['seal-wrong 7'],
  ],
  [
    'a seal that is none',
    (lines) => fitted(lines.with(6, (lines[6] ?? '').replace('"signature"', '"Signature"'))),
    ['seal-wrong 7'],
  ],
]

let otherLog: readonly string[]
const otherSeal = async (): Promise<string> => otherLog[2] ?? ''

describe('attacks that make everything fit but the seals', () => {
  let lines: readonly string[]

  beforeAll(async () => {
    shim.clear()
    quickPolicy(shim)
    await decide(shim, 2)
    await seal()
    otherLog = linesOf(shim.path(decisionLog))
    shim.clear()
    quickPolicy(shim)
    for (const count of [3, 2]) {
      await decide(shim, count)
      await seal()
    }
    await decide(shim, 1)
    lines = linesOf(shim.path(decisionLog))
  })

  test.each(attacks)('%s', async (name, change, expected) => {
    const file = written(name, await change(lines))
    expect(found(await verify(shim, [file]))).toEqual([])
    const verified = await verify(shim, [file], judged())
    expect(found(verified)).toEqual(expected)
    expect(verified.status).toBe(expected.length === 0 ? 0 : 1)
  })

  test('without its seals a log only says that it has none; seals that lie elsewhere tell', async () => {
    const file = written('bare', fitted(lines.filter((line) => !isSeal(line))))
    const { status, seals } = await verify(shim, [file], judged())
    expect([status, seals.found, seals.last]).toEqual([0, 0, undefined])
    const kept = written('kept', fitted(lines.filter(isSeal)))
    expect(found(await verify(shim, [file], judged('--seals', kept)))).toEqual(['seal-contradicted 6'])
  })
})

describe('keys that will not do', () => {
  beforeAll(async () => {
    shim.clear()
    quickPolicy(shim)
    await decide(shim, 1)
    openssl('genpkey', '-algorithm', 'ed448', '-out', at('ed448'))
    openssl('pkey', '-in', at('good'), '-aes256', '-passout', 'pass:secret', '-out', at('encrypted'))
    await shim.shell(
      `cd ${shim.host.workspace}; for each in open group foreign; do cp good $each; chmod 600 $each; done
       chmod 644 open; chmod 640 group; chown 65534 foreign; : > empty; chmod 600 empty encrypted ed448`,
    )
  })

  test.each([
    ['open', /must belong to root or the caller, and nobody else may read it/],
    ['group', /must belong to root or the caller, and nobody else may read it/],
    ['foreign', /must belong to root or the caller, and nobody else may read it/],
    ['ed448', /holds no Ed25519 key that is not encrypted; make one: openssl/],
    ['encrypted', /holds no Ed25519 key that is not encrypted; make one: openssl/],
    ['empty', /holds no Ed25519 key/],
    ['missing', /missing does not exist/],
  ])('%s: one line, and nothing is written', async (name, expected) => {
    const before = textOf(shim.path(decisionLog))
    const { exitCode, stdout, stderr } = await lintel('seal', '--key', at(name))
    expect([exitCode, stdout, stderr.trim().split('\n').length]).toEqual([2, '', 1])
    expect(stderr).toMatch(expected)
    expect(textOf(shim.path(decisionLog))).toBe(before)
  })

  test.each([
    [['--public-key', 'good'], /good: it is no Ed25519 public key/],
    [['--public-key', 'empty'], /empty: it is no Ed25519 public key/],
    [['--seals', 'empty'], /--seals needs --public-key/],
    [['--public-key', 'good.pub', '--seals', 'missing'], /missing does not exist/],
  ])('verify %j', async (words, expected) => {
    const named = words.map((word) => (word.startsWith('--') ? word : at(word)))
    expect(await verify(shim, [], named)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(expected),
    })
  })

  test('no log, no records', async () => {
    expect((await lintel('seal', '--key', at('good'), at('empty'))).stderr).toContain('holds no record yet')
    expect((await lintel('seal', '--key', at('good'), at('none'))).stderr).toContain('none does not exist')
  })
})
