/** `lintel divert` where rpm rules: real packages built, upgraded and removed by the real rpm while it stands. */

import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { execa } from 'execa'
import { fileFacts, openHostWithOwnUsr, succeeds } from './support/own-usr.ts'
import type { Outcome, PrivateHost } from './support/private-host.ts'
import { buildRpm, makeEmptyRoot } from './support/rpm.ts'

jest.setTimeout(120_000)

const project = fileURLToPath(new URL('../../', import.meta.url))
const runc = '/usr/bin/runc'
const kept = '/usr/libexec/lintel/runc'

let folder: string
/** Files of packages by name and version. */
let packages: { readonly [name: string]: string }

/** A runc in a few words: it says its version, and keeps to nothing else. */
const smallRunc = (version: string): string => {
  const file = join(folder, `runc-${version}`)
  writeFileSync(file, `#!/bin/sh\necho "runc version ${version}"\n`)
  return file
}

beforeAll(async () => {
  folder = mkdtempSync('/tmp/lintel-rpm-')
  const runcAt = (version: string) =>
    buildRpm(folder, { name: 'runc', version, path: runc, source: smallRunc(version) })
  const scriptlets = readFileSync(join(project, 'install/rpm/divert.spec.inc'), 'utf8')
  const source = join(project, 'dist/lintel')
  const newer = join(folder, 'lintel-newer')
  writeFileSync(newer, readFileSync(source))
  appendFileSync(newer, 'newer')
  const lintel = { name: 'lintel', path: '/usr/bin/lintel', scriptlets }
  packages = {
    'runc-1': await runcAt('1'),
    'runc-2': await runcAt('2'),
    'lintel-1': await buildRpm(folder, { ...lintel, version: '1', source }),
    'lintel-2': await buildRpm(folder, { ...lintel, version: '2', source: newer }),
    'crun-1': await buildRpm(folder, {
      name: 'crun',
      version: '1',
      path: '/usr/bin/crun',
      source: smallRunc('c'),
    }),
  }
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('in an empty root, with the trigger of the package', () => {
  let root: string

  const rpm = async (verb: string, ...names: readonly string[]): Promise<string> => {
    const options = ['--root', root, '--dbpath', '/var/lib/rpm', '--nodeps']
    const { all } = await execa('rpm', [...options, verb, ...names.map((name) => packages[name] ?? name)], {
      all: true,
    })
    return all
  }
  const inside = async (...command: readonly string[]): Promise<string> =>
    (await execa('chroot', [root, ...command], { all: true })).all
  const isLintel = (path: string): boolean =>
    readFileSync(join(root, path)).equals(readFileSync(join(root, '/usr/bin/lintel')))

  beforeEach(async () => {
    root = makeEmptyRoot(mkdtempSync(join(folder, 'case-')))
    await rpm('-i', 'runc-1')
    await rpm('-i', 'lintel-1')
  })

  test('installing the package diverts nothing by itself', async () => {
    expect(await inside(runc, '--version')).toBe('runc version 1')
    expect(existsSync(join(root, '/usr/libexec/lintel'))).toBe(false)
    expect(existsSync(join(root, '/var/lib/lintel'))).toBe(false)
  })

  test('an upgrade of runc ends with lintel at the path and the new runc behind it', async () => {
    await inside('/usr/bin/lintel', 'divert')
    expect([isLintel(runc), await inside(kept, '--version')]).toEqual([true, 'runc version 1'])
    expect(await rpm('-U', 'runc-2')).toContain(`${runc} is lintel; the real one is kept at ${kept}`)
    expect(isLintel(runc)).toBe(true)
    expect(await inside(kept, '--version')).toBe('runc version 2')
    expect(await inside(runc, '--version')).toBe('runc version 2')

    await inside('/usr/bin/lintel', 'divert', '--undo')
    expect(await inside(runc, '--version')).toBe('runc version 2')
    expect(await rpm('-V', 'runc')).toBe('')
    expect(existsSync(join(root, '/usr/libexec/lintel'))).toBe(false)
  })

  test('a downgrade and a reinstallation end the same way', async () => {
    await inside('/usr/bin/lintel', 'divert')
    await rpm('-U', 'runc-2')
    await rpm('-U', '--oldpackage', 'runc-1')
    expect([isLintel(runc), await inside(runc, '--version')]).toEqual([true, 'runc version 1'])
    await rpm('-U', '--replacepkgs', 'runc-1')
    expect([isLintel(runc), await inside(runc, '--version')]).toEqual([true, 'runc version 1'])
  })

  test('a runtime installed later is diverted too', async () => {
    await inside('/usr/bin/lintel', 'divert')
    await rpm('-i', 'crun-1')
    expect(isLintel('/usr/bin/crun')).toBe(true)
    expect(await inside('/usr/bin/crun', '--version')).toBe('runc version c')
    expect(await inside(runc, '--version')).toBe('runc version 1')
  })

  test('a removed runc stays removed, and comes back behind lintel', async () => {
    await inside('/usr/bin/lintel', 'divert')
    await rpm('-e', 'runc')
    expect(existsSync(join(root, runc))).toBe(false)
    await rpm('-i', 'runc-2')
    expect([isLintel(runc), await inside(runc, '--version')]).toEqual([true, 'runc version 2'])
  })

  test('the path goes on working when lintel is upgraded, and when it is removed without being asked', async () => {
    await inside('/usr/bin/lintel', 'divert')
    await rpm('-U', 'lintel-2')
    expect([isLintel(runc), await inside(runc, '--version')]).toEqual([true, 'runc version 1'])
    await rpm('-e', '--noscripts', 'lintel')
    expect(existsSync(join(root, '/usr/bin/lintel'))).toBe(false)
    expect(await inside(runc, '--version')).toBe('runc version 1')
  })
})

describe('without the trigger', () => {
  let host: PrivateHost

  const lintel = (...words: readonly string[]): Promise<Outcome> => host.run('lintel', ['divert', ...words])
  const rpm = (verb: string, ...names: readonly string[]): Promise<Outcome> =>
    succeeds(
      host.run('rpm', ['--nodeps', '--notriggers', verb, ...names.map((name) => packages[name] ?? name)]),
    )

  beforeEach(async () => {
    host = await openHostWithOwnUsr([], 'rpm')
    for (const path of ['/usr/bin/runc', '/usr/sbin/runc', '/usr/bin/crun']) rmSync(host.path(path))
    await rpm('-i', 'runc-1')
    await succeeds(lintel())
  })

  afterEach(async () => {
    await host?.close()
  })

  test('the record names the package', () => {
    const record = JSON.parse(readFileSync(host.path('/var/lib/lintel/divert.json'), 'utf8'))
    expect(record.diversions).toMatchObject([{ path: runc, kept, owner: 'runc' }])
  })

  test('undo leaves an upgraded runc where rpm put it', async () => {
    await rpm('-U', 'runc-2')
    const upgraded = fileFacts(host.path(runc))
    expect((await lintel('--dry-run')).stdout).toBe(
      `${runc}: was replaced by a real runtime, which would be diverted again`,
    )
    expect((await lintel('--undo')).stdout).toBe(
      `${runc} was put back already; nothing is kept at ${kept} any more`,
    )
    expect(fileFacts(host.path(runc))).toEqual(upgraded)
    expect(existsSync(host.path(kept))).toBe(false)
  })

  test('undo refuses where the file is neither lintel nor the package’s', async () => {
    writeFileSync(host.path('/usr/bin/runc.new'), '#!/bin/sh\necho by hand\n', { mode: 0o755 })
    await succeeds(host.run('mv', ['/usr/bin/runc.new', runc]))
    const refused = await lintel('--undo')
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' })
    expect(refused.stderr).toContain(
      `${runc} is not lintel's any more (package runc lists it, but did not bring`,
    )
    expect((await host.run(kept, ['--version'])).stdout).toBe('runc version 1')
    await succeeds(lintel('--repair'))
    await succeeds(lintel('--undo'))
    expect((await host.run(runc, ['--version'])).stdout).toBe('by hand')
  })

  test('undo does not bring a removed runc back', async () => {
    await rpm('-e', 'runc')
    await succeeds(lintel('--undo'))
    expect([runc, kept].map((path) => existsSync(host.path(path)))).toEqual([false, false])
  })

  test('undo puts a file back that only got lost', async () => {
    const before = fileFacts(host.path(kept))
    rmSync(host.path(runc))
    await succeeds(lintel('--undo'))
    expect(fileFacts(host.path(runc))).toEqual(before)
  })
})
