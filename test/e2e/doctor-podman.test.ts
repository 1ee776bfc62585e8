/** lintel doctor on a host with a real Podman: before lintel, registered by hand, installed, and overwritten since. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { setPolicy } from './support/decisions.ts'
import { engineIn, examine, found } from './support/examined.ts'
import { image, writeImage } from './support/image.ts'
import { type InstalledHost, openInstalledHost } from './support/installed.ts'
import { podmanImage } from './support/podman.ts'

jest.setTimeout(60_000)

let host: InstalledHost

const podman = (...args: readonly string[]) => host.run('podman', args)

const dropIn = '/etc/containers/containers.conf.d/50-lintel.conf'

const register = (runtime: string): void => {
  mkdirSync(host.path('/etc/containers/containers.conf.d'), { recursive: true })
  const table = `[engine]\nruntime = "${runtime}"\nruntime_supports_json = ["crun", "runc", "lintel"]\n`
  writeFileSync(host.path(dropIn), `${table}[engine.runtimes]\nlintel = ["${host.runtime}"]\n`)
}

beforeAll(async () => {
  host = await openInstalledHost(['podman', 'conmon'])
  setPolicy(host, 'mode = "warn"\n')
  writeFileSync(
    host.path('/etc/containers/containers.conf'),
    '[containers]\nnetns = "none"\n[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n',
  )
  const archive = join(host.workspace, 'image.tar')
  await writeImage(archive)
  const loaded = await podman('load', '--input', archive)
  if (loaded.exitCode !== 0) throw new Error(loaded.all)
})

afterAll(async () => {
  await host.close()
})

const run = (name: string) =>
  podman('run', '-d', '--name', name, `--cgroup-parent=${host.cgroup}`, podmanImage, 'sleep', '1000')

test('a fresh host: not registered, and its running container is unjudged', async () => {
  const started = await run('old')
  expect(started).toMatchObject({ exitCode: 0 })
  const report = await examine(host)
  expect(report.exitCode).toBe(1)
  expect(engineIn(report, 'podman')).toMatchObject({ registered: 'no', effective: 'no' })
  expect(found(report, 'problem')).toEqual(
    expect.arrayContaining(['registered podman', 'unjudged-containers /run/runc']),
  )
})

test('registered by hand: effective at once, and proven by a real call', async () => {
  register('lintel')
  await podman('rm', '--force', '--time', '0', 'old')
  const report = await examine(host, '--prove')
  expect(engineIn(report, 'podman')).toMatchObject({ registered: 'yes', effective: 'yes', proven: true })
  expect(found(report, 'problem', 'podman')).toEqual([])
  expect(found(report, 'problem')).not.toContain('unjudged-containers /run/runc')
  expect((await podman('ps', '--all', '--quiet')).stdout).toBe('')
  expect((await podman('images', '--quiet')).stdout.split('\n')).toHaveLength(new Set([image]).size)
})

test('another runtime as the default of the files is told', async () => {
  register('runc')
  const report = await examine(host)
  expect(engineIn(report, 'podman')).toMatchObject({ registered: 'no', effective: 'no' })
  rmSync(host.path(dropIn))
})

test('what lintel installed is green; what somebody wrote over it since is named', async () => {
  expect((await host.lintel(['install', 'podman'])).all).toContain('podman')
  const green = await examine(host)
  expect(engineIn(green, 'podman')).toMatchObject({ registered: 'yes', effective: 'yes' })
  expect(found(green, 'problem', 'podman')).toEqual([])
  expect(green.diagnoses.some(({ check }) => check === 'overwritten')).toBe(false)
  const files = (await host.shell('grep -rl lintel-runtime /etc/containers')).trim().split('\n')
  const [file = ''] = files
  expect(files).toHaveLength(1)
  writeFileSync(host.path(file), '# mine\n')
  const report = await examine(host)
  const [told] = report.diagnoses.filter(({ check }) => check === 'overwritten')
  expect(told).toMatchObject({
    level: 'problem',
    about: file,
    message: expect.stringContaining('belongs to uid 0'),
  })
  expect(found(report, 'problem', 'podman')).toEqual(['registered'])
  rmSync(host.path(file))
  expect(found(await examine(host), 'problem')).toContain(`overwritten ${file}`)
})
