/** DESIGN section 3, row of the documents: what cannot be read in one way only is refused. Needs root. */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import {
  configWith,
  expectAllPass,
  expectHandedOn,
  expectRefused,
  type GuardedName,
  guardedCalls,
  preparedBundle,
  refusedConfig,
  repairedConfig,
} from './support/calls.ts'
import { openShim, type Shim } from './support/shim.ts'

jest.setTimeout(60_000)

let shim: Shim

beforeAll(async () => {
  shim = await openShim()
}, 60_000)
afterAll(() => shim.close(), 60_000)
beforeEach(() => shim.clear())

type Document = 'config.json' | 'process.json' | 'resources.json'

/** Every judged call and each document it reads. */
const readings: readonly (readonly [GuardedName, Document])[] = [
  ['create', 'config.json'],
  ['run', 'config.json'],
  ['restore', 'config.json'],
  ['exec with a process file', 'process.json'],
  ['exec with a process file', 'config.json'],
  ['exec with flags', 'config.json'],
  ['update with a file', 'resources.json'],
  ['update with a file', 'config.json'],
  ['update with flags', 'config.json'],
]

/** A member of each document lintel reads as text or number, and its case variant. */
const members = {
  'config.json': { name: 'process', variant: 'Process', wrong: '"process":"root"', at: '/process' },
  'process.json': { name: 'cwd', variant: 'CWD', wrong: '"noNewPrivileges":"yes"', at: '/noNewPrivileges' },
  'resources.json': { name: 'memory', variant: 'memorY', wrong: '"memory":[]', at: '/memory' },
}

const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`

/** What is done to the document, and what the refusal says. */
const faults: readonly (readonly [string, (file: string, document: Document) => void, RegExp])[] = [
  ['missing', (file) => rmSync(file), /\.json does not exist/],
  ['empty', (file) => writeFileSync(file, ''), /\.json:1:1: the document is empty/],
  ['blank', (file) => writeFileSync(file, ' \n\n'), /\.json:1:1: the document is empty/],
  ['not JSON', (file) => writeFileSync(file, 'memory: 1'), /\.json:1:1: expected a value/],
  ['cut short', (file) => cut(file), /\.json:1:\d+: unexpected end of input/],
  ['with a comment', (file) => append(file, ' // mine'), /\.json:1:\d+: /],
  ['with text after it', (file) => append(file, '\n{}'), /\.json:2:1: text after the end/],
  ['with a byte order mark', (file) => writeFileSync(file, '\ufeff{}'), /\.json:1:1: .*byte order mark/],
  [
    'not UTF-8',
    (file) => writeFileSync(file, Buffer.from('7b22ff227d', 'hex')),
    /\.json:1:3: this is not UTF-8/,
  ],
  ['a list', (file) => writeFileSync(file, '[]'), /\.json:1:1: .*must be an object/],
  ['null', (file) => writeFileSync(file, 'null'), /\.json:1:1: .*must be an object/],
  ['with a NUL in a text', (file) => insert(file, '"pad":"a\\u0000b"'), /\.json:1:\d+: .*u0000/],
  ['with half a surrogate', (file) => insert(file, '"pad":"\\ud800"'), /\.json:1:\d+: .*surrogate/],
  ['with an endless number', (file) => insert(file, '"pad":1e999'), /\.json:1:\d+: /],
  ['with a name twice', (file) => insert(file, '"pad":1,"pad":1'), /\.json:1:\d+: .*"pad"/],
  [
    'with a member twice, once escaped',
    (file, document) =>
      insert(file, `"\\u00${code(members[document].name)}${members[document].name.slice(1)}":{}`),
    /\.json:1:\d+: /,
  ],
  [
    'with a member in other case',
    (file, document) => insert(file, `"${members[document].variant}":{}`),
    /\.json:1:\d+: .*"(Process|CWD|memorY)"/,
  ],
  [
    'with a known name folded by Unicode',
    (file) => insert(file, '"proceſs":{},"memorY":{},"uſer":{}'),
    /:1:\d+: /,
  ],
  [
    'with a member of the wrong type',
    (file, document) => writeFileSync(file, wrongType(file, document)),
    /\.json:1:\d+: \/(process|noNewPrivileges|memory) must be/,
  ],
  ['too deep', (file) => insert(file, `"pad":${deep(64)}`), /\.json:1:\d+: nesting deeper than 64/],
  ['far too deep', (file) => insert(file, `"pad":${deep(100_000)}`), /nesting deeper than 64/],
  ['over 4 MiB', (file) => append(file, ' '.repeat(4 * 1024 * 1024)), /\.json is larger than 4 MiB/],
  ['a symbolic link', (file) => link(file), /\.json is a symbolic link/],
  ['a folder', (file) => folder(file), /\.json is a folder/],
]

const text = (file: string): string => readFileSync(file, 'utf8')
const cut = (file: string): void => writeFileSync(file, text(file).slice(0, -5))
const append = (file: string, more: string): void => writeFileSync(file, text(file) + more)
/** Puts a member before the others. */
const insert = (file: string, member: string): void =>
  writeFileSync(file, text(file).replace('{', `{${member},`))
const code = (name: string): string => name.charCodeAt(0).toString(16)
const link = (file: string): void => {
  renameSync(file, `${file}.real`)
  symlinkSync(`${file}.real`, file)
}
const folder = (file: string): void => {
  rmSync(file)
  mkdirSync(file)
}
const wrongType = (file: string, document: Document): string => {
  const { name, wrong, at } = members[document]
  const { [name]: _, [at.slice(1)]: __, ...others } = JSON.parse(text(file))
  return JSON.stringify(others).replace('{', `{${wrong},`)
}

describe.each(faults)('a document %s', (_, damage, says) => {
  test.each(readings)('%s refuses for its %s', async (name, document) => {
    shim.policy('')
    const bundle = preparedBundle(shim, 'c')
    const words = guardedCalls[name](bundle, 'c')
    damage(join(bundle, document), document)
    expectRefused(await shim.call(words), says)
    const record = shim.records().at(-1)
    expect(shim.records()).toHaveLength(1)
    expect(record).toMatchObject({ verdict: 'deny', findings: [], container: { id: 'c' } })
    expect(record?.failure).toMatch(says)
    shim.policy('mode = "warn"')
    expectHandedOn(await shim.call(words), words)
    expect(shim.records().at(-1)).toMatchObject({ verdict: 'would_deny', mode: 'warn' })
    if (name === 'create') await expectAllPass(shim, 'c')
  })
})

describe('a document that would hold lintel up', () => {
  test.each(readings)('a fifo: %s refuses at once for its %s', async (name, document) => {
    shim.policy('')
    const bundle = preparedBundle(shim, 'c')
    await shim.shell(`rm ${bundle}/${document}; mkfifo ${bundle}/${document}`)
    expectRefused(await shim.call(guardedCalls[name](bundle, 'c')), /\.json cannot be read \(EINVAL\)/)
  })

  test('resources on standard input are held to the same', async () => {
    shim.policy('')
    preparedBundle(shim, 'c')
    const words = ['update', '--resources', '-', 'c']
    expectHandedOn(await shim.call(words, { input: '{"memory":{"limit":268435456}}' }), words)
    const twice = '{"memory":{"limit":1,"limit":2}}'
    expectRefused(await shim.call(words, { input: twice }), /resources on standard input:1:\d+: /)
    const much = `{"memory":{"limit":268435456}}${' '.repeat(4 * 1024 * 1024)}`
    expectRefused(await shim.call(words, { input: much }), /standard input .*EFBIG/)
    expectRefused(await shim.call(words, { input: '' }), /resources on standard input:1:1: .* empty/)
  })
})

describe('an order that holds', () => {
  const stamp = (file: string): object => {
    const { ino, mtimeNs, ctimeNs, size } = statSync(file, { bigint: true })
    return { ino, mtimeNs, ctimeNs, size, text: text(file) }
  }

  test.each(['create', 'run', 'restore'] as const)(
    '%s: the record is on disk before the runtime runs',
    async (name) => {
      shim.policy('rules.restore-checkpoint.action = "warn"\n')
      // A restored process comes back with its checkpoint's privileges: there is nothing to repair.
      for (const config of name === 'restore' ? [configWith()] : [configWith(), repairedConfig]) {
        const bundle = preparedBundle(shim, 'c', config)
        const called = await shim.call(guardedCalls[name](bundle, 'c'))
        expectHandedOn(called, guardedCalls[name](bundle, 'c'))
        const last = shim.records().at(-1)
        expect(called.logThen.split('\n').at(-2)).toBe(JSON.stringify(last))
        expect(last?.operation).toBe(name)
      }
    },
  )

  test.each(['create', 'run', 'restore'] as const)(
    '%s: a refused config.json is not touched',
    async (name) => {
      shim.policy('')
      const bundle = preparedBundle(shim, 'c', refusedConfig)
      const before = stamp(join(bundle, 'config.json'))
      expectRefused(await shim.call(guardedCalls[name](bundle, 'c')), /capabilities/)
      expect(stamp(join(bundle, 'config.json'))).toEqual(before)
      expect(await shim.shell(`ls -A ${bundle}`)).toBe('config.json\nprocess.json\nresources.json\nrootfs')
      expect(shim.records().at(-1)).toMatchObject({ verdict: 'deny', patch: [] })
    },
  )

  test('an allowed config.json is not touched, a repaired one is replaced with mode and owner kept', async () => {
    shim.policy('')
    const clean = preparedBundle(shim, 'c')
    const before = stamp(join(clean, 'config.json'))
    await shim.call(guardedCalls.create(clean, 'c'))
    expect(stamp(join(clean, 'config.json'))).toEqual(before)
    const bundle = preparedBundle(shim, 'd', repairedConfig)
    await shim.shell(`chown 7:8 ${bundle}/config.json; chmod 640 ${bundle}/config.json`)
    expectHandedOn(await shim.call(guardedCalls.create(bundle, 'd')), guardedCalls.create(bundle, 'd'))
    const expected = text(join(clean, 'config.json'))
    expect(text(join(bundle, 'config.json'))).toBe(expected)
    expect(statSync(join(bundle, 'config.json'))).toMatchObject({ uid: 7, gid: 8, mode: 0o100640 })
    expect(shim.records().at(-1)).toMatchObject({
      verdict: 'fix',
      patch: [{ op: 'replace', path: '/process/noNewPrivileges', value: true }],
    })
  })

  test('a repair that cannot be written is a refusal', async () => {
    shim.policy('')
    const bundle = preparedBundle(shim, 'd', repairedConfig)
    await shim.shell(`mount --bind ${bundle} ${bundle}; mount -o remount,bind,ro ${bundle}`)
    try {
      const called = await shim.call(guardedCalls.create(bundle, 'd'))
      expectRefused(called, /config\.json could not be rewritten \(EROFS\)/)
    } finally {
      await shim.shell(`umount ${bundle}`)
    }
  })
})
