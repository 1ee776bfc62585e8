/** Registration with each engine: files as vendors and people write them, and what becomes of every byte. */

import { describe, expect, test } from '@jest/globals'
import { registrationOf } from '../src/registration/engines.ts'
import type { Texts } from '../src/registration/registration.ts'
import {
  type Fixture,
  fixtures,
  keep,
  keptOutcome,
  outcomeOf,
  withChanges,
} from './support/registration-fixture.ts'

const all = fixtures()
const accepted = all.filter((fixture) => outcomeOf(fixture).refused === undefined)
const named = (list: readonly Fixture[]) => list.map((fixture) => [fixture.name, fixture] as const)

test.each(named(all))(
  '%s: the files after it, the handlers told of, or the one line of the refusal',
  (_, fixture) => {
    const outcome = outcomeOf(fixture)
    if (process.env['UPDATE_GOLDEN'] === '1') keep(fixture, outcome)
    expect(outcome).toEqual(keptOutcome(fixture))
  },
)

describe.each(named(accepted))('%s', (_, fixture) => {
  const { installation, before, wanted } = fixture
  const { register, unregister, handlers } = registrationOf(installation.engine)
  const changes = register(installation, before, wanted)
  if (!changes.ok) throw new Error(changes.error)
  const registered = withChanges(before, changes.value)
  const past = Object.fromEntries(changes.value.map((change) => [change.path, change.before]))
  const undone = (texts: Texts): Texts => {
    const back = unregister(installation, texts, { before: past, wanted })
    if (!back.ok) throw new Error(back.error)
    return withChanges(texts, back.value)
  }

  test('registered again, nothing changes', () => {
    expect(register(installation, registered, wanted)).toEqual({ ok: true, value: [] })
  })

  test('untouched files come back byte for byte', () => {
    expect(undone(registered)).toEqual(before)
  })

  test('with a comment added to each file since, that is all that is left of the difference', () => {
    const comment = (path: string, text: string) => (path.endsWith('.json') ? ` ${text}` : `# since\n${text}`)
    const edited = (texts: Texts): Texts =>
      Object.fromEntries(Object.entries(texts).map(([path, text = '']) => [path, comment(path, text)]))
    const left = undone(edited(registered))
    // A file of nothing but white space becomes an empty object once it is edited.
    const kept = Object.keys(before).filter((path) => before[path]?.trim() !== '')
    const ofBefore = Object.fromEntries(kept.map((path) => [path, before[path]]))
    expect(Object.fromEntries(kept.map((path) => [path, left[path]]))).toEqual(edited(ofBefore))
  })

  test('with the record lost, nothing of lintel is left', () => {
    const back = unregister(installation, registered, { before: {}, wanted })
    if (!back.ok) throw new Error(back.error)
    const left = handlers(installation, withChanges(registered, back.value), wanted)
    expect(left.ok && left.value.filter(({ throughLintel }) => throughLintel)).toEqual([])
  })
})

test.each([
  ['docker/rich', ['crun', 'lintel', 'runc', 'io.containerd.runc.v2']],
  ['podman/rich', ['youki', 'runsc', 'lintel', 'crun', 'runc']],
  ['crio/packaged', ['crun', 'runc', 'lintel']],
])("%s: while containers are pinned to the name, it stays and is nobody's default", (name, names) => {
  const fixture = all.find((each) => each.name === name)
  if (fixture === undefined) throw new Error(`no fixture ${name}`)
  const { installation, before, wanted } = fixture
  const { register, unregister, handlers } = registrationOf(installation.engine)
  const changes = register(installation, before, wanted)
  if (!changes.ok) throw new Error(changes.error)
  const past = Object.fromEntries(changes.value.map((change) => [change.path, change.before]))
  const registered = withChanges(before, changes.value)
  const back = unregister(installation, registered, { before: past, wanted, keepName: true })
  if (!back.ok) throw new Error(back.error)
  const left = handlers(installation, withChanges(registered, back.value), wanted)
  if (!left.ok) throw new Error(left.error)
  expect(left.value.map((each) => each.name)).toEqual(names)
  expect(left.value.filter(({ throughLintel }) => throughLintel)).toMatchObject([
    { name: 'lintel', isDefault: false },
  ])
})

test('what somebody set otherwise since stays as he set it', () => {
  const fixture = all.find((each) => each.name === 'docker/nvidia')
  if (fixture === undefined) throw new Error('no fixture docker/nvidia')
  const { installation, before, wanted } = fixture
  const { register, unregister } = registrationOf('docker')
  const changes = register(installation, before, wanted)
  if (!changes.ok) throw new Error(changes.error)
  const path = installation.configuration
  const since = changes.value[0]?.after?.replace('"default-runtime": "lintel"', '"default-runtime": "crun"')
  const back = unregister(installation, { [path]: since }, { before, wanted })
  expect(back).toEqual({
    ok: true,
    value: [
      {
        path,
        before: since,
        after: before[path]?.replace('"default-runtime": "nvidia"', '"default-runtime": "crun"'),
      },
    ],
  })
})
