/** lintel doctor on a host with a real dockerd: before lintel, registered by hand, and with every way round opened. */
import { appendFileSync, chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { logLength, policyFile, setPolicy } from './support/decisions.ts'
import { engineIn, examine, found } from './support/examined.ts'
import { image, writeImage } from './support/image.ts'
import { type InstalledHost, openInstalledHost } from './support/installed.ts'
import { until } from './support/private-host.ts'

jest.setTimeout(60_000)

let host: InstalledHost

const settings = (more: object = {}): string =>
  JSON.stringify({
    'exec-opts': ['native.cgroupdriver=cgroupfs'],
    'cgroup-parent': host.cgroup,
    iptables: false,
    ...more,
  })

const configure = (text: string): void => writeFileSync(host.path('/etc/docker/daemon.json'), text)

const registered = (runtimes: object = {}): string =>
  settings({ 'default-runtime': 'lintel', runtimes: { lintel: { path: host.runtime }, ...runtimes } })

const docker = (...args: readonly string[]) => host.run('docker', args)

const reload = async (runtime: string): Promise<void> => {
  await host.shell('kill -HUP $(pidof dockerd)')
  await until(
    async () => (await docker('info', '--format', '{{.DefaultRuntime}}')).stdout === runtime,
    `dockerd to have ${runtime} as its default`,
  )
}

beforeAll(async () => {
  host = await openInstalledHost(['dockerd', 'docker', 'containerd', 'containerd-shim-runc-v2'])
  setPolicy(host, 'mode = "warn"\n')
  configure(settings())
  await startDockerd()
  const archive = join(host.workspace, 'image.tar')
  await writeImage(archive)
  expect((await docker('load', '--input', archive)).exitCode).toBe(0)
})

afterAll(async () => {
  await host.close()
})

const waysRound = ['docker-builds', 'docker-runc-name', 'docker-shim-names']

test('a fresh host: not registered, and its running container is unjudged', async () => {
  expect((await docker('run', '-d', '--name', 'old', '--net', 'none', image, 'sleep', '1000')).exitCode).toBe(
    0,
  )
  const report = await examine(host)
  expect(report.exitCode).toBe(1)
  expect(engineIn(report, 'docker')).toMatchObject({
    program: '/usr/sbin/dockerd',
    configuration: '/etc/docker/daemon.json',
    registered: 'no',
    effective: 'no',
  })
  expect(found(report, 'problem', 'docker')).toEqual(['registered', 'unjudged-containers'])
  // dockerd's own containerd is Docker's.
  expect(engineIn(report, 'containerd')?.daemon).toBeUndefined()
  const { exitCode, stdout } = await host.lintel(['doctor'])
  expect(exitCode).toBe(1)
  expect(stdout).toContain('-> lintel install docker\n')
})

test('registered in the file alone: not effective until dockerd reads it', async () => {
  configure(registered())
  const report = await examine(host)
  expect(engineIn(report, 'docker')).toMatchObject({ registered: 'yes', effective: 'no' })
  expect(found(report, 'problem', 'docker')).toEqual(['effective', 'unjudged-containers'])
})

test('registered by hand: green but for the named ways round, and proven by a real call', async () => {
  await reload('lintel')
  await docker('rm', '--force', 'old')
  const silent = await examine(host)
  expect(engineIn(silent, 'docker')?.evidence).toBeUndefined()
  expect(found(silent, 'note', 'docker')).toEqual(['proven'])
  const images = (await docker('images', '--all', '--quiet')).stdout
  const proven = await examine(host, '--prove')
  expect(engineIn(proven, 'docker')).toMatchObject({
    registered: 'yes',
    effective: 'yes',
    proven: true,
    evidence: { verdict: expect.stringMatching(/^(?:allow|would_deny)$/) },
  })
  expect(found(proven, 'problem', 'docker')).toEqual([])
  expect(found(proven, 'problem', 'lintel')).toEqual([])
  expect(found(proven, 'way-round', 'docker')).toEqual(waysRound)
  expect(found(proven, 'way-round')).toContain('other-runtimes /usr/sbin/runc')
  expect(proven.diagnoses.filter(({ level }) => level === 'way-round').map(({ divert }) => divert)).toEqual(
    expect.not.arrayContaining(['leaves open']),
  )
  expect((await docker('ps', '--all', '--quiet')).stdout).toBe('')
  expect((await docker('images', '--all', '--quiet')).stdout).toBe(images)
})

test('a judged container is covered, and doctor’s evidence', async () => {
  const started = await docker('run', '-d', '--net', 'none', '--name', 'web', image, 'sleep', '1000')
  const report = await examine(host)
  expect(engineIn(report, 'docker')?.evidence?.container).toBe(started.stdout)
  expect(found(report, 'problem', 'docker')).toEqual([])
  await docker('rm', '--force', 'web')
})

const startDockerd = async (): Promise<void> => {
  host.launch('dockerd', 'dockerd', [])
  await until(async () => (await docker('version')).exitCode === 0, 'dockerd to answer', 30_000)
}

const restart = async (): Promise<void> => {
  await host.shell('kill $(pidof dockerd)')
  await until(async () => (await host.run('pidof', ['dockerd'])).exitCode !== 0, 'dockerd to end', 30_000)
  await startDockerd()
}

test('what doctor says of --runtime runc and io.containerd.runc.v2 is so', async () => {
  const before = logLength(host)
  const unseen = (runtime: string) =>
    docker('run', '--rm', '--net', 'none', '--runtime', runtime, image, 'echo', 'unseen')
  expect((await unseen('runc')).all).toBe('unseen')
  await restart()
  expect((await unseen('io.containerd.runc.v2')).all).toBe('unseen')
  expect(logLength(host)).toBe(before)
  expect(engineIn(await examine(host), 'docker')).toMatchObject({ registered: 'yes', effective: 'yes' })
})

test('every further way round that is opened is found', async () => {
  configure(registered({ other: { path: '/usr/sbin/runc' } }))
  await reload('lintel')
  await host.shell('cp /bin/true /usr/local/sbin/containerd-shim-kata-v2; cp /bin/true /usr/local/sbin/youki')
  appendFileSync(host.path('/etc/passwd'), 'ann:x:1234:1234::/var/lib/ann:/bin/sh\n')
  const own = host.path('/var/lib/ann/.config')
  for (const folder of ['docker', 'containers']) mkdirSync(join(own, folder), { recursive: true })
  writeFileSync(join(own, 'docker/daemon.json'), '{}')
  writeFileSync(join(own, 'containers/containers.conf'), '[engine]\nruntime = "crun"\n')
  writeFileSync(host.path('/etc/profile.d/own.sh'), 'export CONTAINERS_CONF=/dev/null\n')
  const opened = [
    'containers-configuration-variable /etc/profile.d/own.sh',
    'other-handlers docker',
    'other-runtimes /usr/local/sbin/youki',
    'other-shims /usr/local/sbin/containerd-shim-kata-v2',
    'rootless-configurations /var/lib/ann/.config/containers/containers.conf',
    'rootless-configurations /var/lib/ann/.config/docker/daemon.json',
  ]
  const report = await examine(host)
  expect(found(report, 'way-round')).toEqual(expect.arrayContaining(opened))
  expect(engineIn(report, 'docker')?.registered).toBe('partly')
})

test('an open port without TLS is found', async () => {
  host.launch('listener', 'busybox', ['nc', '-l', '-p', '2375'])
  await until(
    async () => found(await examine(host), 'problem').includes('docker-port docker'),
    'the port to be found',
  )
})

test('policy others can write, and break-glass, are problems', async () => {
  chmodSync(host.path(policyFile), 0o666)
  expect(found(await examine(host), 'problem')).toContain('policy-state policy')
  chmodSync(host.path(policyFile), 0o644)
  expect((await host.lintel(['break-glass', '--for', '5m', '--reason', 'trying'])).exitCode).toBe(0)
  expect(found(await examine(host), 'problem')).toContain('policy-state break-glass')
  await host.lintel(['break-glass', '--end'])
  expect(found(await examine(host), 'problem')).not.toContain('policy-state break-glass')
})

test('a runtime that has gone is a problem', async () => {
  configure(registered({ gone: { path: '/srv/gone' } }))
  const report = await examine(host)
  expect(report.diagnoses.map(({ message }) => message)).toContainEqual(
    expect.stringContaining('runtime gone is /srv/gone, which is no program here (/etc/docker/daemon.json:'),
  )
  configure('{ "runtimes": ')
  const broken = await examine(host)
  expect(engineIn(broken, 'docker')?.registered).toBe('unknown')
  expect(found(broken, 'problem', 'docker')).toContain('registered')
})

test('status shows the same on one screen', async () => {
  configure(registered())
  const { exitCode, stdout } = await host.lintel(['status'])
  expect(exitCode).toBe(0)
  expect(stdout.split('\n').length).toBeLessThan(24)
  expect(stdout).toMatch(/docker \S+: registered yes, effective yes, last decision \d+ (?:s|min) ago/)
  expect(stdout).toContain('mode warn')
})

test('without root doctor does not pretend to have looked: exit 3', async () => {
  const { exitCode, all } = await host.run('setpriv', [
    '--reuid',
    '1234',
    '--clear-groups',
    '/usr/local/sbin/lintel',
    'doctor',
  ])
  expect(exitCode).toBe(3)
  expect(all).toContain('only root')
  rmSync(host.path('/etc/profile.d/own.sh'))
})
