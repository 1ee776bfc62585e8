/** `lintel divert` on a Debian host: real dpkg, real runc and crun, upgrades and removals while they are diverted. */

import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { allowCgroup, records, setPolicy } from './support/decisions.ts'
import {
  buildDebianPackage,
  fileFacts,
  openHostWithOwnUsr,
  succeeds,
  writeBundle,
} from './support/own-usr.ts'
import type { Outcome, PrivateHost } from './support/private-host.ts'

jest.setTimeout(120_000)

const runc = '/usr/sbin/runc'
const crun = '/usr/bin/crun'
const kept = '/usr/libexec/lintel/runc'
const keptCrun = '/usr/libexec/lintel/crun'

let host: PrivateHost

beforeEach(async () => {
  host = await openHostWithOwnUsr(['crun'])
  allowCgroup(host)
})

afterEach(async () => {
  await host?.close()
})

const lintel = (...words: readonly string[]): Promise<Outcome> => host.run('lintel', ['divert', ...words])
const diversions = async (): Promise<readonly string[]> =>
  (await host.run('dpkg-divert', ['--list', '*/runc', '*/crun'])).stdout
    .split('\n')
    .filter((line) => line !== '')
    .sort()
const isLintel = (path: string): boolean =>
  readFileSync(host.path(path)).equals(readFileSync(host.path('/usr/bin/lintel')))

/** A package of runc that is newer than the installed one, and the bytes it brings. */
const newerRunc = async (): Promise<{ readonly file: string; readonly bytes: Buffer }> => {
  const bytes = Buffer.concat([readFileSync(runc), Buffer.from('newer')])
  const content = { name: 'runc', version: '99', path: runc, bytes }
  return { file: await buildDebianPackage(host.workspace, content), bytes }
}

const install = (file: string): Promise<Outcome> =>
  succeeds(host.run('dpkg', ['--no-triggers', '--install', file]))

describe('what diverting does', () => {
  test('every name of runc and crun is lintel then, and each calls its own real one', async () => {
    const answers = async (): Promise<readonly string[]> => {
      const calls = [
        [runc],
        ['runc'],
        ['/usr/bin/runc'],
        [crun],
        ['crun'],
        ['bash', '-c', `exec -a krun ${crun} "$@"`, '-'],
      ]
      const outcomes = await Promise.all(
        calls.map(([command = '', ...words]) => host.run(command, [...words, '--version'])),
      )
      return outcomes.map(({ all }) => all)
    }
    const before = await answers()
    const foreseen = await lintel('--dry-run')
    expect(foreseen.stdout).toBe(
      `${runc} would become lintel; the runtime of package runc would be kept at ${kept}, as dpkg would be told\n` +
        `${crun} would become lintel; the runtime of package crun would be kept at ${keptCrun}, as dpkg would be told`,
    )
    expect(existsSync(host.path(kept))).toBe(false)
    expect(await lintel()).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout: `${runc} is lintel; the real one is kept at ${kept}\n${crun} is lintel; the real one is kept at ${keptCrun}`,
    })
    expect([runc, crun].map(isLintel)).toEqual([true, true])
    expect(fileFacts(host.path(kept))).toEqual(fileFacts(runc))
    expect(fileFacts(host.path(keptCrun))).toEqual(fileFacts(crun))
    expect(await answers()).toEqual(before)
    expect(await diversions()).toEqual([
      `local diversion of ${crun} to ${keptCrun}`,
      `local diversion of ${runc} to ${kept}`,
    ])
    expect((await lintel()).stdout).toBe('nothing to do')
    expect((await lintel('--repair')).all).toBe('')
  })

  test.each(['runc', 'crun'])(
    'a bundle run by %s is judged, recorded and run by the real one',
    async (name) => {
      await succeeds(lintel())
      setPolicy(host, 'profile = "minimal"\n')
      const bundle = writeBundle(host, 'good', 'echo ran; exit 6')
      const ran = await host.run(name, ['run', '--bundle', bundle, 'good'])
      // crun runs nothing where cgroup v1 and v2 stand side by side.
      const told = /cgroups in hybrid mode not supported/.test(ran.stderr)
      if (name === 'runc' || !told) expect(ran).toMatchObject({ exitCode: 6, stdout: 'ran' })
      const runtime = `/usr/libexec/lintel/${name}`
      expect(records(host)).toMatchObject([
        { operation: 'run', container: { id: 'good' }, verdict: 'fix', runtime },
      ])

      const bad = writeBundle(host, 'bad', 'echo ran')
      const file = `${bad}/config.json`
      const config = JSON.parse(readFileSync(file, 'utf8'))
      config.mounts.push({ destination: '/x', type: 'bind', source: '/', options: ['rbind'] })
      writeFileSync(file, JSON.stringify(config))
      const refused = await host.run(name, ['run', '--bundle', bad, 'bad'])
      expect(refused).toMatchObject({ exitCode: 1, stdout: '' })
      expect(refused.stderr).toContain('lintel refused to run this container')
      expect(records(host)[1]).toMatchObject({ container: { id: 'bad' }, verdict: 'deny' })
    },
  )

  test('a second, other runc of the same name is diverted too, and each path keeps its own', async () => {
    const second = '/usr/local/sbin/runc'
    copyFileSync(host.path(runc), host.path(second))
    appendFileSync(host.path(second), 'second')
    const before = fileFacts(host.path(second))
    await succeeds(lintel())
    expect([runc, second].map(isLintel)).toEqual([true, true])
    expect(fileFacts(host.path('/usr/libexec/lintel/usr/local/sbin/runc'))).toEqual(before)
    await succeeds(lintel('--undo'))
    expect(fileFacts(host.path(second))).toEqual(before)
    expect(fileFacts(host.path(runc))).toEqual(fileFacts(runc))
    expect(existsSync(host.path('/usr/libexec/lintel'))).toBe(false)
  })

  test('where another diversion stands, nothing is touched', async () => {
    const add = ['--local', '--no-rename', '--divert', '/usr/sbin/runc.real', '--add', runc]
    await succeeds(host.run('dpkg-divert', add))
    const refused = await lintel()
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' })
    expect(refused.stderr).toContain(
      `${runc} is diverted to /usr/sbin/runc.real by the administrator already`,
    )
    expect(fileFacts(host.path(runc))).toEqual(fileFacts(runc))
    expect(existsSync(host.path(kept))).toBe(false)
  })

  test('across file systems the runtime is copied with all it has', async () => {
    await succeeds(host.run('mkdir', ['/usr/libexec/lintel']))
    await succeeds(host.run('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', '/usr/libexec/lintel']))
    await succeeds(host.run('chmod', ['2751', runc]))
    await succeeds(host.run('chown', ['1234:4321', crun]))
    const before = [runc, crun].map((path) => fileFacts(host.path(path)))
    await succeeds(lintel())
    expect([kept, keptCrun].map((path) => fileFacts(host.path(path)))).toEqual(before)
    await succeeds(lintel('--undo'))
    expect([runc, crun].map((path) => fileFacts(host.path(path)))).toEqual(before)
    expect(readdirSync(host.path('/usr/libexec/lintel'))).toEqual([])
  })

  const expectNothingDone = async (): Promise<void> => {
    for (const path of [runc, crun]) expect(fileFacts(host.path(path))).toEqual(fileFacts(path))
    expect(await diversions()).toEqual([])
    expect(existsSync(host.path('/var/lib/lintel/divert.json'))).toBe(false)
  }

  test('a folder that others may change keeps nothing', async () => {
    await succeeds(host.run('install', ['-d', '-m', '777', '/usr/libexec/lintel']))
    const refused = await lintel()
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toContain("/usr/libexec/lintel must be root's and not writable by others")
    await expectNothingDone()
  })

  test('where the kept one could not be executed, all is taken back', async () => {
    await succeeds(host.run('mkdir', ['/usr/libexec/lintel']))
    await succeeds(
      host.run('mount', ['-t', 'tmpfs', '-o', 'mode=755,noexec', 'tmpfs', '/usr/libexec/lintel']),
    )
    const refused = await lintel()
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toContain(`${runc} cannot be run from ${kept}`)
    await expectNothingDone()
  })

  test('where lintel does not reach the real one, all is taken back', async () => {
    // Called at its path, kept, and kept again, it says the same; what is called through lintel says something else.
    const counts =
      'n=$(($(cat /tmp/calls-$PPID 2>/dev/null) + 1)); echo $n >/tmp/calls-$PPID; test $n -gt 3 && echo other || echo mine'
    const script = '/usr/local/sbin/runc'
    writeFileSync(host.path(script), `#!/bin/sh\n${counts.replaceAll('/tmp', host.workspace)}\n`, {
      mode: 0o755,
    })
    const refused = await lintel()
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toContain(
      `as ${script}, lintel does not reach /usr/libexec/lintel${script} (it answered: other)`,
    )
    expect(readFileSync(host.path(script), 'utf8')).toContain('echo mine')
    await expectNothingDone()
  })

  test('an executable that others than root can change takes nobody’s place', async () => {
    await succeeds(host.run('chmod', ['775', '/usr/bin/lintel']))
    expect((await lintel()).stderr).toContain('/usr/bin/lintel can be changed by others than root')
    expect(fileFacts(host.path(runc))).toEqual(fileFacts(runc))
  })
})

describe('packages that change meanwhile', () => {
  beforeEach(async () => {
    await succeeds(lintel())
  })

  test('an upgrade of runc goes to the kept place, lintel stays, and undo gives the upgraded one back', async () => {
    const { file, bytes } = await newerRunc()
    await install(file)
    expect(isLintel(runc)).toBe(true)
    expect(readFileSync(host.path(kept)).equals(bytes)).toBe(true)
    expect((await host.run('runc', ['--version'])).all).toBe((await host.run(kept, ['--version'])).all)
    const upgraded = fileFacts(host.path(kept))
    expect((await lintel('--undo')).stdout).toBe(
      `${runc} is the real runtime again\n${crun} is the real runtime again`,
    )
    expect(fileFacts(host.path(runc))).toEqual(upgraded)
    expect(await succeeds(host.run('dpkg', ['--verify', 'runc', 'crun']))).toMatchObject({ all: '' })
  })

  test('a removed runc stays removed; when it comes back, it comes back behind lintel', async () => {
    await succeeds(host.run('dpkg', ['--no-triggers', '--force-depends', '--remove', 'runc']))
    expect(existsSync(host.path(kept))).toBe(false)
    expect((await lintel('--repair')).stdout).toBe(
      `${runc}: no real runtime is kept at ${kept}; was its package removed?`,
    )
    const { file, bytes } = await newerRunc()
    await install(file)
    expect(isLintel(runc)).toBe(true)
    expect(readFileSync(host.path(kept)).equals(bytes)).toBe(true)
  })

  test('undo without a runc leaves none', async () => {
    await succeeds(host.run('dpkg', ['--no-triggers', '--force-depends', '--remove', 'runc']))
    expect((await lintel('--undo')).stdout).toContain(`${runc} is gone: no real runtime was kept`)
    expect([runc, kept].map((path) => existsSync(host.path(path)))).toEqual([false, false])
    expect(fileFacts(host.path(crun))).toEqual(fileFacts(crun))
    expect(await diversions()).toEqual([])
  })

  test('a new lintel takes the places of the old one', async () => {
    appendFileSync(host.path('/usr/bin/lintel.new'), readFileSync(host.path('/usr/bin/lintel')), {
      mode: 0o755,
    })
    appendFileSync(host.path('/usr/bin/lintel.new'), 'upgraded')
    await succeeds(host.run('mv', ['/usr/bin/lintel.new', '/usr/bin/lintel']))
    expect([runc, crun].map(isLintel)).toEqual([false, false])
    expect((await lintel('--repair')).exitCode).toBe(0)
    expect([runc, crun].map(isLintel)).toEqual([true, true])
    expect(fileFacts(host.path(kept))).toEqual(fileFacts(runc))
  })
})

describe('undo', () => {
  beforeEach(async () => {
    await succeeds(lintel())
  })

  test('gives back what was there: bytes, mode, owner, time; and leaves nothing', async () => {
    await succeeds(lintel('--undo'))
    for (const path of [runc, crun]) expect(fileFacts(host.path(path))).toEqual(fileFacts(path))
    expect(await diversions()).toEqual([])
    for (const path of ['/usr/libexec/lintel', '/var/lib/lintel/divert.json'])
      expect(existsSync(host.path(path))).toBe(false)
    expect(await lintel('--undo')).toMatchObject({ exitCode: 0, stdout: 'nothing is diverted' })
  })

  test('refuses, and says why, where somebody has put another file at the path', async () => {
    const stranger = Buffer.concat([readFileSync(runc), Buffer.from('by hand')])
    rmSync(host.path(runc))
    writeFileSync(host.path(runc), stranger, { mode: 0o755 })
    const refused = await lintel('--undo')
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' })
    expect(refused.stderr).toContain(
      `${runc} is not lintel's any more (package runc lists it, but did not bring`,
    )
    expect(readFileSync(host.path(runc)).equals(stranger)).toBe(true)
    expect([isLintel(crun), existsSync(host.path(kept))]).toEqual([true, true])
    expect((await lintel('--repair')).stderr).toContain(`${runc} and ${kept} are two different runtimes`)

    rmSync(host.path(kept))
    await succeeds(lintel('--undo'))
    expect(readFileSync(host.path(runc)).equals(stranger)).toBe(true)
    expect(await diversions()).toEqual([])
  })

  test('works without the record, from what lies on disk', async () => {
    rmSync(host.path('/var/lib/lintel/divert.json'))
    await succeeds(lintel('--undo'))
    for (const path of [runc, crun]) expect(fileFacts(host.path(path))).toEqual(fileFacts(path))
    expect(await diversions()).toEqual([])
  })

  test('lintel’s own links are no diversions', async () => {
    await succeeds(lintel('--undo'))
    await succeeds(host.run('ln', ['-s', '/usr/bin/lintel', '/usr/local/sbin/runc']))
    await succeeds(lintel())
    expect(readlinkSync(host.path('/usr/local/sbin/runc'))).toBe('/usr/bin/lintel')
    await succeeds(lintel('--undo'))
    expect(readlinkSync(host.path('/usr/local/sbin/runc'))).toBe('/usr/bin/lintel')
    expect(isLintel('/usr/bin/lintel')).toBe(true)
  })
})
