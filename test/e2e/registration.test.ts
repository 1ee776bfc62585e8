/** What registration writes, as the real programs understand it: containerd, Podman and dockerd of this machine. */

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { parse } from 'smol-toml'
import { registrationOf } from '../../src/registration/engines.ts'
import type { Texts } from '../../src/registration/registration.ts'
import { memberAt } from '../../src/registration/text-edit.ts'
import { type Fixture, fixtures, withChanges } from '../support/registration-fixture.ts'
import { type Outcome, openPrivateHost, type PrivateHost, until } from './support/private-host.ts'

jest.setTimeout(120_000)

let host: PrivateHost

beforeAll(async () => {
  host = await openPrivateHost(['containerd', 'podman', 'conmon', 'dockerd', 'docker'])
})

afterAll(async () => {
  await host?.close()
})

/** Writes the texts on the private host, and takes those files away that are in `gone` and not in them. */
const place = (texts: Texts, gone: Texts = {}): void => {
  for (const path of Object.keys(gone)) rmSync(host.path(path), { force: true })
  for (const [path, text = ''] of Object.entries(texts)) {
    mkdirSync(host.path(dirname(path)), { recursive: true })
    writeFileSync(host.path(path), text)
  }
}

/** The files of a fixture with lintel of the private host registered. */
const registered = ({ installation, before, wanted }: Fixture): Texts => {
  const changes = registrationOf(installation.engine).register(installation, before, {
    ...wanted,
    runtime: host.runtime,
  })
  if (!changes.ok) throw new Error(changes.error)
  return withChanges(before, changes.value)
}

const succeeded = async (outcome: Promise<Outcome>): Promise<string> => {
  const { exitCode, stdout, all } = await outcome
  if (exitCode !== 0) throw new Error(all)
  return stdout
}

const fixtureOf = (name: string): Fixture => {
  const found = fixtures().find((each) => each.name === name)
  if (found === undefined) throw new Error(`no fixture ${name}`)
  return found
}

describe('containerd 1.6', () => {
  const cri = ['plugins', 'io.containerd.grpc.v1.cri', 'containerd']
  const dump = async (): Promise<unknown> => {
    // Without a file there is nothing to dump: containerd runs by its defaults.
    const isThere = existsSync(host.path('/etc/containerd/config.toml'))
    return parse(await succeeded(host.run('containerd', ['config', isThere ? 'dump' : 'default'])))
  }

  test.each([
    ['none-1.6', ['runc']],
    ['default-1.6', ['runc']],
    ['debian-1.6', ['runc']],
    ['gvisor', ['runc']],
    ['nvidia', ['runc']],
    ['rich', ['runc', 'hard', 'dotted', 'c']],
    ['version-1', ['fast']],
  ])(
    '%s: its own dump names lintel in the handlers %j and differs in nothing else',
    async (name, handlers) => {
      const fixture = fixtureOf(`containerd/${name}`)
      place(fixture.before, { '/etc/containerd/config.toml': '' })
      const before = await dump()
      const after = registered(fixture)
      place(after)
      const found = await dump()
      for (const handler of handlers) {
        expect(memberAt(found, [...cri, 'runtimes', handler, 'options', 'BinaryName'])).toBe(host.runtime)
        expect(memberAt(found, [...cri, 'runtimes', handler, 'runtime_type'])).toMatch(
          /^io\.containerd\.runc\.v[12]$/,
        )
      }
      expect(sansBinaries(found)).toEqual(sansBinaries(before))
      place({}, after)
    },
  )

  /** The dump without the names of executables, and without options that say what is so anyway. */
  const sansBinaries = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value, (key, each) => {
        if (key === 'BinaryName' || key === 'runtime_engine' || key === 'imports') return undefined
        if (key !== 'options') return each
        const told = Object.entries(each).filter(([name, option]) => name !== 'BinaryName' && Boolean(option))
        return told.length === 0 ? undefined : Object.fromEntries(told)
      }),
    )
})

test('Podman: its own info names lintel, and every other runtime as before', async () => {
  const info = async () => JSON.parse(await succeeded(host.run('podman', ['info', '--format', 'json'])))
  const before = await info()
  const fixture = fixtureOf('podman/none')
  const after = registered(fixture)
  place(after)
  expect((await info()).host.ociRuntime).toMatchObject({ name: 'lintel', path: host.runtime })
  const byName = JSON.parse(
    await succeeded(host.run('podman', ['--runtime', 'runc', 'info', '--format', 'json'])),
  )
  expect(byName.host.ociRuntime).toMatchObject({ name: 'runc', path: host.runtime })
  place({}, after)
  expect((await info()).host.ociRuntime).toEqual(before.host.ociRuntime)
})

test('dockerd: takes the file, tells its default, keeps other runtimes, and forgets it all again', async () => {
  const fixture = fixtureOf('docker/nvidia')
  const installation = { ...fixture.installation, version: '20.10.24' }
  const settings = { 'exec-opts': ['native.cgroupdriver=cgroupfs'], iptables: false, bridge: 'none' }
  const path = installation.configuration
  const before = {
    [path]: `${JSON.stringify({ ...settings, runtimes: { other: { path: '/usr/bin/crun' } } }, null, 2)}\n`,
  }
  place(before)
  host.launch('dockerd', 'dockerd', [])
  const info = async () => {
    const { stdout } = await host.run('docker', ['info', '--format', '{{json .}}'])
    return JSON.parse(stdout)
  }
  const answers = () =>
    until(async () => (await host.run('docker', ['version'])).exitCode === 0, 'dockerd to answer', 30_000)
  await answers()
  const pid = (): string => readFileSync(host.path('/run/docker.pid'), 'utf8').trim()
  const runtimes = (await info()).Runtimes
  const { register, unregister } = registrationOf('docker')
  const wanted = { runtime: host.runtime, tls: undefined }
  const changes = register(installation, before, wanted)
  if (!changes.ok) throw new Error(changes.error)
  place(withChanges(before, changes.value))
  await succeeded(host.run('kill', ['-HUP', pid()]))
  await until(async () => (await info()).DefaultRuntime === 'lintel', 'lintel to be the default')
  expect((await info()).Runtimes).toMatchObject({
    runc: {},
    other: runtimes.other,
    lintel: { path: host.runtime },
  })
  const edited = { [path]: readFileSync(host.path(path), 'utf8').replace('{', '{\n  "live-restore": true,') }
  const back = unregister(installation, edited, { before, wanted })
  if (!back.ok) throw new Error(back.error)
  place(withChanges(edited, back.value))
  await succeeded(host.run('kill', [pid()]))
  await until(() => !existsSync(host.path('/run/docker.pid')), 'dockerd to end')
  host.launch('dockerd', 'dockerd', [])
  await answers()
  expect(await info()).toMatchObject({ DefaultRuntime: 'runc', Runtimes: runtimes, LiveRestoreEnabled: true })
  expect((await info()).Runtimes).not.toHaveProperty('lintel')
})
