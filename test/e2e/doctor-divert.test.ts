/** lintel doctor on a host whose runc is diverted: what it called open before is closed, and judged. */
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { allowCgroup, logLength, recordsOf, setPolicy } from './support/decisions.ts'
import { engineIn, examine, found } from './support/examined.ts'
import { image, writeImage } from './support/image.ts'
import { openHostWithOwnUsr, succeeds } from './support/own-usr.ts'
import { type PrivateHost, until } from './support/private-host.ts'

jest.setTimeout(60_000)

let host: PrivateHost

const docker = (...args: readonly string[]) => host.run('docker', args)
const doctor = () => examine({ lintel: (args) => host.run('lintel', args) })

beforeAll(async () => {
  host = await openHostWithOwnUsr(['dockerd', 'docker', 'containerd', 'podman'])
  symlinkSync('lintel', host.path('/usr/bin/lintel-runtime'))
  allowCgroup(host)
  setPolicy(host, 'mode = "warn"\n')
  const settings = {
    'default-runtime': 'lintel',
    runtimes: { lintel: { path: '/usr/bin/lintel-runtime' } },
    'exec-opts': ['native.cgroupdriver=cgroupfs'],
    'cgroup-parent': host.cgroup,
    iptables: false,
  }
  writeFileSync(host.path('/etc/docker/daemon.json'), JSON.stringify(settings))
  host.launch('dockerd', 'dockerd', [])
  await until(async () => (await docker('version')).exitCode === 0, 'dockerd to answer', 30_000)
  const archive = join(host.workspace, 'image.tar')
  await writeImage(archive)
  await succeeds(docker('load', '--input', archive))
})

afterAll(async () => {
  await host.close()
})

test('before: the ways round are open, each closed by --divert', async () => {
  const report = await doctor()
  const ways = report.diagnoses.filter(({ level }) => level === 'way-round')
  expect(ways.length).toBeGreaterThanOrEqual(5)
  expect(ways.filter(({ divert }) => divert !== 'closes')).toEqual([])
})

test('after: none is left, engines stand as before, and podman’s own default is lintel too', async () => {
  await succeeds(host.run('rm', ['/usr/bin/crun']))
  await succeeds(host.run('lintel', ['divert']))
  const report = await doctor()
  expect(found(report, 'way-round')).toEqual([])
  expect(engineIn(report, 'docker')).toMatchObject({ registered: 'yes', effective: 'yes' })
  expect(found(report, 'problem', 'docker')).toEqual([])
  expect(engineIn(report, 'podman')).toMatchObject({ registered: 'yes', effective: 'yes' })
})

test('the real runtime is known by its package still: what that has repaired is told', async () => {
  const told = (await doctor()).diagnoses.filter(({ check }) => check === 'runtime-version')
  expect(told.map(({ about }) => about)).toEqual(told.map(() => '/usr/libexec/lintel/runc'))
  const { stdout } = await host.run('sh', ['-c', 'zcat /usr/share/doc/runc/changelog.Debian.gz'])
  const repaired = told.find(({ level }) => level === 'note')?.message ?? ''
  const open = told.find(({ level }) => level === 'problem')?.message ?? ''
  expect(repaired).toMatch(/^runc \S+ has repaired CVE-/)
  const named = (text: string): readonly string[] => text.match(/CVE-\d+-\d+/g) ?? []
  for (const id of named(repaired)) expect(stdout).toContain(id)
  for (const id of named(open)) expect(stdout).not.toContain(id)
})

test('and --runtime runc is judged', async () => {
  const before = logLength(host)
  const started = await succeeds(
    docker('run', '-d', '--net', 'none', '--runtime', 'runc', image, 'sleep', '1000'),
  )
  expect(logLength(host)).toBe(before + 1)
  expect(recordsOf(host, started.stdout)).toHaveLength(1)
  expect(found(await doctor(), 'problem', 'docker')).toEqual([])
  await docker('rm', '--force', started.stdout)
})
