/** `lintel install docker` on the Docker of a newer Debian, whose containers never notice. Needs root. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { recordsOf } from './support/decisions.ts'
import { engineIn, examine, found } from './support/examined.ts'
import { writeImage } from './support/image.ts'
import { type InstalledHost, openInstalledHost, tree } from './support/installed.ts'
import { newerEngines } from './support/newer-engines.ts'
import { until } from './support/private-host.ts'

jest.setTimeout(180_000)

let host: InstalledHost
const daemonFile = '/etc/docker/daemon.json'
const shimName = 'io.containerd.runc.v2'

const settings = (cgroup: string): string => `{
    "iptables": false, "ip6tables": false,   "exec-opts": ["native.cgroupdriver=cgroupfs"],
    "cgroup-parent": "${cgroup}"
}
`

const answer = async (...args: readonly string[]): Promise<string> => {
  const { exitCode, stdout, all } = await host.run('docker', args)
  if (exitCode !== 0) throw new Error(`docker ${args.join(' ')} ended with ${exitCode}: ${all}`)
  return stdout
}
const alive = (name: string): Promise<string> => answer('exec', name, 'echo', 'alive')
const run = (name: string, ...more: readonly string[]): Promise<string> =>
  answer('run', '--detach', '--network', 'none', '--name', name, ...more, 'busybox', 'sleep', '1000')

/** What dockerd goes by now, whatever its file says: its default, and the path of each runtime. */
const runtimes = async (): Promise<object> => {
  const told = await answer('info', '--format', '{{json .Runtimes}}')
  const paths = Object.entries<{ readonly path: string }>(JSON.parse(told)).map(([name, { path }]) => [
    name,
    path,
  ])
  return { default: await answer('info', '--format', '{{.DefaultRuntime}}'), ...Object.fromEntries(paths) }
}

beforeAll(async () => {
  host = await openInstalledHost([], { newer: await newerEngines() })
  mkdirSync(host.path('/etc/docker'), { recursive: true })
  writeFileSync(host.path(daemonFile), settings(host.cgroup), { mode: 0o640 })
  host.launch('dockerd', 'dockerd', [])
  await until(async () => (await host.run('docker', ['version'])).exitCode === 0, 'dockerd to answer', 30_000)
  expect(Number.parseInt(await answer('version', '--format', '{{.Server.Version}}'), 10)).toBeGreaterThan(25)
  const archive = join(host.workspace, 'image.tar')
  await writeImage(archive)
  await answer('load', '--input', archive)
})

afterAll(() => host?.close())

test('installed: judged by default and by the name of the shim, which both point back after uninstall', async () => {
  const before = await tree(host, ['/etc/docker'])
  const own = { default: 'runc', runc: 'runc', [shimName]: 'runc' }
  expect(await runtimes()).toEqual(own)
  await run('old')
  const first = await host.lintel(['install', 'docker'])
  expect(first).toMatchObject({ exitCode: 0, stderr: '' })
  expect(first.stdout).toContain('docker: lintel is registered, and the engine calls it')
  const { runtime } = host
  expect(await runtimes()).toEqual({ default: 'lintel', runc: 'runc', lintel: runtime, [shimName]: runtime })
  await run('new')
  await run('shim', '--runtime', shimName)
  await run('named', '--runtime', 'runc')
  for (const name of ['new', 'shim'])
    expect(recordsOf(host, name)).toMatchObject([
      { mode: 'warn', engine: { id: 'docker', proven: true }, container: { name } },
    ])
  expect(recordsOf(host, 'named')).toEqual([])
  const report = await examine(host)
  expect(engineIn(report, 'docker')).toMatchObject({ registered: 'yes', effective: 'yes' })
  expect(found(report, 'problem', 'docker')).toEqual(['unjudged-containers'])
  expect(found(report, 'way-round', 'docker')).toEqual(['docker-builds', 'docker-runc-name'])
  const names = ['old', 'new', 'shim', 'named']
  for (const name of names) expect(await alive(name)).toBe('alive')

  expect(await host.lintel(['uninstall', 'docker'])).toMatchObject({ exitCode: 0, stderr: '' })
  expect(await runtimes()).toMatchObject(own)
  for (const name of names) expect(await alive(name)).toBe('alive')
  for (const name of names) {
    await answer('restart', '--timeout', '0', name)
    expect(await alive(name)).toBe('alive')
  }
  expect(recordsOf(host, 'shim')).toHaveLength(1)
  await run('after', '--runtime', shimName)
  expect(recordsOf(host, 'after')).toEqual([])

  // Once the last container made with it is gone, nothing of lintel is left in the file or in dockerd.
  await answer('rm', '--force', 'new')
  expect(await host.lintel(['uninstall', 'docker'])).toMatchObject({ exitCode: 0, stderr: '' })
  expect(await tree(host, ['/etc/docker'])).toBe(before)
  expect(await runtimes()).toEqual(own)
  for (const name of ['old', 'shim', 'named', 'after']) expect(await alive(name)).toBe('alive')
})
