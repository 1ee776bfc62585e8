/** The plan of a diversion, and its record. */
import { describe, expect, test } from '@jest/globals'
import {
  candidates,
  type Diversion,
  foldersOf,
  formatRecord,
  keptPaths,
  linksBeside,
  planDiversion,
  recordOf,
} from './diversion.ts'

const diversion: Diversion = {
  path: '/usr/sbin/runc',
  kept: '/usr/libexec/lintel/runc',
  dpkg: '/usr/sbin/runc',
  owner: 'runc',
  stamp: '1 2',
}

describe('the plan', () => {
  test('one file found by many names is diverted once', () => {
    const found = [
      { name: 'runc', path: '/usr/sbin/runc' },
      { name: 'runc', path: '/usr/sbin/runc' },
      { name: 'crun', path: '/usr/bin/crun' },
    ]
    expect(planDiversion(found, [])).toEqual([
      { path: '/usr/sbin/runc', kept: '/usr/libexec/lintel/runc' },
      { path: '/usr/bin/crun', kept: '/usr/libexec/lintel/crun' },
    ])
  })

  test('what is diverted already is left out, and keeps its place', () => {
    const second = { name: 'runc', path: '/usr/local/sbin/runc' }
    expect(planDiversion([{ name: 'runc', path: diversion.path }, second], [diversion])).toEqual([
      { path: second.path, kept: '/usr/libexec/lintel/usr/local/sbin/runc' },
    ])
  })

  test('a kept runtime that a link leads to is not diverted', () => {
    expect(planDiversion([{ name: 'runc', path: diversion.kept }], [])).toEqual([])
  })

  test('a file of another name is kept under the name it is called by', () => {
    const found = [{ name: 'runc', path: '/usr/lib/runc/1.2/runc-1.2' }]
    expect(planDiversion(found, [])).toEqual([{ path: found[0]?.path, kept: '/usr/libexec/lintel/runc' }])
    // A link named runc that leads to crun does not make it runc.
    expect(keptPaths('/usr/bin/crun', 'runc')[0]).toBe('/usr/libexec/lintel/crun')
  })

  test('candidates are the places of the built-in [runtime] path first', () => {
    expect(candidates.slice(0, 2).map(({ path }) => path)).toEqual(['/usr/sbin/runc', '/usr/bin/runc'])
  })

  test('crun is found by its other names too, runc has none', () => {
    expect(linksBeside('/usr/libexec/lintel/crun')).toEqual([
      '/usr/libexec/lintel/krun',
      '/usr/libexec/lintel/crun-wasm',
    ])
    expect(linksBeside(diversion.kept)).toEqual([])
  })

  test('folders are taken away from the inside', () => {
    expect(foldersOf('/usr/libexec/lintel/opt/bin/runc')).toEqual([
      '/usr/libexec/lintel/opt/bin',
      '/usr/libexec/lintel/opt',
      '/usr/libexec/lintel',
    ])
  })
})

describe('the record', () => {
  const read = (text: string) => recordOf(JSON.parse(text))

  test.each([[diversion], [{ ...diversion, dpkg: undefined, owner: undefined }]])(
    'comes back as it was written',
    (each) => {
      const record = { undoing: true, diversions: [each] }
      expect(read(formatRecord(record))).toEqual({ ok: true, value: record })
    },
  )

  test.each([
    ['another version', { version: 2, diversions: [] }, 'is not of version 1'],
    ['no list', { version: 1 }, 'incomplete'],
    ['a relative path', { version: 1, diversions: [{ ...diversion, path: 'runc' }] }, 'incomplete'],
    ['a place outside', { version: 1, diversions: [{ ...diversion, kept: '/etc/runc' }] }, 'incomplete'],
    ['a number', { version: 1, diversions: [{ ...diversion, stamp: 1 }] }, 'incomplete'],
    ['no object', [], 'is not of version 1'],
  ])('with %s is refused', (_what, value, error) => {
    expect(recordOf(JSON.parse(JSON.stringify(value)))).toMatchObject({
      ok: false,
      error: expect.stringContaining(error),
    })
  })
})
