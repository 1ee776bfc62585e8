/** Configurations of real engines, damaged at random: lintel never crashes and hands none on unjudged. Needs root. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import type { Json } from '../src/core/json.ts'
import type { PatchOperation } from '../src/core/patch.ts'
import type { RecordedOperation } from '../src/core/record.ts'
import { rules } from '../src/rules/index.ts'
import { guardedCalls } from './support/calls.ts'
import { patchedByHand } from './support/patch-oracle.ts'
import { openShim, type Shim } from './support/shim.ts'

jest.setTimeout(120_000)

const count = 200
/** Another number, another set of damages: HOSTILE_SEED=1 npx jest test/hostile. */
const seed = Number(process.env['HOSTILE_SEED'] ?? 20261121)

let shim: Shim

beforeAll(async () => {
  shim = await openShim()
  shim.clear()
  shim.policy('')
  const unfixable = rules.filter(({ fixes }) => !fixes).map(({ id }) => `rules.${id}.action = "warn"\n`)
  const watched = [
    'seccomp',
    'sensitive-host-mounts',
    'capabilities',
    'host-pid',
    'host-ipc',
    'host-uts',
    'mount-propagation',
  ]
  const others = watched.map((id) => `rules.${id}.action = "warn"\n`)
  shim.write(
    lenient,
    `runtime.path = ["${shim.runtime}"]\n${[...new Set([...unfixable, ...others])].join('')}`,
  )
})
afterAll(() => shim.close())

/** A policy under which most of the originals are repaired, as under the other one most are refused. */
const lenient = '/etc/lintel/lenient.toml'

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url))

const originals = readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('config.json'))
  .toSorted()
  .map((name) => readFileSync(join(fixtures, name), 'utf8'))

/** What is put in a member's place, as JSON text. */
const values = [
  ...[
    'null',
    '0',
    '-1',
    '1e3',
    '18446744073709551615',
    '0.5',
    '""',
    '"x"',
    'true',
    '[]',
    '{}',
    '[null]',
    '[[]]',
    '[{}]',
  ],
  ...[
    '{"path":"/proc/1/ns/pid"}',
    '"/"',
    '"/../.."',
    '["ALL","CAP_SYS_ADMIN",""]',
    '"\\u202e"',
    '"\\ud83e\\udd80"',
    '"../x"',
  ],
  ...[
    '[{"type":"pid"},{"type":"pid"}]',
    '[{"destination":"/","type":"bind","source":"/","options":["rbind"]}]',
    '"__proto__"',
  ],
]

type Damage = (text: string, pick: (below: number) => number) => string

/** Places of names and values in the text; crude, but it must not be lintel's own scan. */
const spots = (text: string): readonly RegExpExecArray[] => [
  ...text.matchAll(/"([A-Za-z]+)"\s*:\s*("(?:[^"\\]|\\.)*"|[-\d.eE]+|true|false|null|\[\s*\]|\{\s*\})?/g),
]

const damages: { readonly [name: string]: Damage } = {
  value: (text, pick) =>
    edited(
      text,
      pick,
      ([whole, , value = '']) =>
        whole.slice(0, whole.length - value.length) +
        values[pick(values.length)] +
        (value === '' ? ',"y":' : ''),
    ),
  name: (text, pick) => edited(text, pick, ([whole, name = '']) => whole.replace(name, name.toUpperCase())),
  stranger: (text, pick) => edited(text, pick, ([whole, name = '']) => whole.replace(name, `${name}X`)),
  twice: (text, pick) => edited(text, pick, ([whole, name, value]) => `"${name}":${value ?? '{}'},${whole}`),
  beside: (text, pick) =>
    edited(text, pick, ([whole]) => `"__proto__":${values[pick(values.length)]},"constructor":1,${whole}`),
  cut: (text, pick) => text.slice(0, pick(text.length)),
  byte: (text, pick) => replaced(text, pick(text.length), String.fromCharCode(1 + pick(255))),
  gone: (text, pick) => replaced(text, pick(text.length), ''),
  space: (text, pick) => replaced(text, text.lastIndexOf('}', pick(text.length)), ' \n\t\r}'),
  none: (text) => text,
}

const replaced = (text: string, at: number, by: string): string =>
  text.slice(0, Math.max(0, at)) + by + text.slice(at + 1)

const edited = (
  text: string,
  pick: (below: number) => number,
  edit: (spot: RegExpExecArray) => string,
): string => {
  const all = spots(text)
  const spot = all[pick(all.length)]
  return spot === undefined
    ? text
    : text.slice(0, spot.index) + edit(spot) + text.slice(spot.index + spot[0].length)
}

const kinds = Object.keys(damages)
const recipe = fc.record({
  from: fc.nat(originals.length - 1),
  steps: fc.array(fc.tuple(fc.constantFrom(...kinds), fc.array(fc.nat(), { minLength: 8, maxLength: 8 })), {
    minLength: 1,
    maxLength: 3,
  }),
})

const texts = fc.sample(recipe, { numRuns: count, seed }).map(({ from, steps }) =>
  steps.reduce((text, [kind, numbers]) => {
    let next = 0
    const pick = (below: number): number =>
      below === 0 ? 0 : (numbers[next++ % numbers.length] ?? 0) % below
    return damages[kind]?.(text, pick) ?? text
  }, originals[from] ?? ''),
)

test('lint reads all of them in one run: findings or one clear error each', async () => {
  const paths = texts.map((text, index) => {
    const path = join(shim.host.workspace, `hostile-${index}.json`)
    writeFileSync(path, text)
    return path
  })
  const { status, stdout, stderr } = await shim.lintel(['lint', '--format', 'json', ...paths])
  const results: readonly { path: string; findings?: readonly object[]; error?: string }[] =
    JSON.parse(stdout)
  expect({ seed, status }).toEqual({ seed, status: 2 })
  expect(results.map(({ path }) => path)).toEqual(paths)
  const errors = results.flatMap(({ error }) => (error === undefined ? [] : [error]))
  for (const error of errors)
    expect(error).toMatch(/^\S+hostile-\d+\.json(:\d+:\d+: [^\n]+| is a tar archive with no .*)$/)
  expect(stderr.split('\n')).toHaveLength(errors.length)
  // The damage is such that both ways are walked.
  expect(errors.length).toBeGreaterThan(count / 10)
  expect(errors.length).toBeLessThan(count - count / 10)
})

/** The operations with the values a record only gives the digest of, taken from the document and held to it. */
const wholePatch = (patch: readonly RecordedOperation[], after: Json): readonly PatchOperation[] =>
  patch.map((operation) => {
    if (!('sha256' in operation)) return operation
    const { op, path, sha256, length } = operation
    const value = path
      .split('/')
      .slice(1)
      .reduce<Json>((node, token) => Reflect.get(Object(node), token), after)
    const text = JSON.stringify(value)
    expect({ length, sha256 }).toEqual({
      length: text.length,
      sha256: createHash('sha256').update(text).digest('hex'),
    })
    return { op, path, value }
  })

test('create: what runs was judged, and is what the record says; the rest is as it was', async () => {
  const seen = { allow: 0, fix: 0, deny: 0, would_deny: 0 }
  for (const [index, text] of texts.entries()) {
    const bundle = shim.bundle('hostile', text)
    const called = await shim.call([
      ...(index % 2 === 0 ? [] : ['--lintel-policy', lenient]),
      ...guardedCalls.create(bundle, `h${index}`),
    ])
    const after = readFileSync(join(bundle, 'config.json'), 'utf8')
    const record = shim.records().at(-1)
    const told = { seed, index, status: called.status, verdict: record?.verdict, id: record?.container.id }
    if (called.ran === undefined)
      expect(told).toEqual({ ...told, status: 1, verdict: 'deny', id: `h${index}` })
    else
      expect(told).toEqual({
        ...told,
        status: 0,
        verdict: expect.stringMatching(/^(allow|fix)$/),
        id: `h${index}`,
      })
    seen[record?.verdict ?? 'would_deny']++
    if (record?.verdict !== 'fix') {
      expect({ ...told, after }).toEqual({ ...told, after: text })
      continue
    }
    const before: Json = JSON.parse(text)
    expect({ ...told, document: JSON.parse(after) }).toEqual({
      ...told,
      document: patchedByHand(before, wholePatch(record.patch, JSON.parse(after))),
    })
    // Numbers beyond a double's reach are still there, digit by digit.
    const long = (of: string): readonly string[] => of.match(/\d{16,}/g) ?? []
    expect(long(after)).toEqual(
      expect.arrayContaining([...long(text)].filter((number) => after.includes(number))),
    )
  }
  expect(seen.would_deny).toBe(0)
  for (const verdict of ['fix', 'deny'] as const) expect(seen[verdict]).toBeGreaterThan(5)
})
