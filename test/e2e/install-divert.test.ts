/** `lintel install docker --divert` and `lintel uninstall`, which gives the runtime its path back. Needs root. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { allowCgroup, recordsOf } from './support/decisions.ts'
import { writeImage } from './support/image.ts'
import { fileFacts, openHostWithOwnUsr, succeeds } from './support/own-usr.ts'
import { type PrivateHost, until } from './support/private-host.ts'

jest.setTimeout(120_000)

let host: PrivateHost
const daemonFile = '/etc/docker/daemon.json'
const runtimes = ['/usr/sbin/runc', '/usr/bin/crun']

const docker = async (...args: readonly string[]): Promise<string> =>
  (await succeeds(host.run('docker', args))).stdout
const run = (name: string, ...more: readonly string[]): Promise<string> =>
  docker('run', '--detach', '--network', 'none', '--name', name, ...more, 'busybox', 'sleep', '1000')
const alive = (name: string): Promise<string> => docker('exec', name, 'echo', 'alive')
const facts = () =>
  runtimes.map((path) => ({ ...fileFacts(host.path(path)), inode: statSync(host.path(path)).ino }))

beforeAll(async () => {
  host = await openHostWithOwnUsr(['dockerd', 'docker', 'containerd', 'crun'])
  allowCgroup(host)
  // Written anew, so that they lie in the host's own layer and keep their inodes when they are moved.
  const anew = runtimes.map((path) => `cp -p ${path} ${path}.own && mv ${path}.own ${path}`)
  await succeeds(host.run('sh', ['-euc', ['ln -s lintel /usr/bin/lintel-runtime', ...anew].join('; ')]))
  mkdirSync(host.path('/etc/docker'), { recursive: true })
  const settings = {
    iptables: false,
    'exec-opts': ['native.cgroupdriver=cgroupfs'],
    'cgroup-parent': host.cgroup,
  }
  writeFileSync(host.path(daemonFile), JSON.stringify(settings))
  host.launch('dockerd', 'dockerd', [])
  await until(async () => (await host.run('docker', ['version'])).exitCode === 0, 'dockerd', 30_000)
  const archive = join(host.workspace, 'image.tar')
  await writeImage(archive)
  await docker('load', '--input', archive)
})

afterAll(() => host?.close())

test('every name of runc is judged while it stands, and the very same files lie at their paths afterwards', async () => {
  const [before, file] = [facts(), fileFacts(host.path(daemonFile))]
  await run('old')
  const dry = await host.run('lintel', ['install', 'docker', '--divert', '--dry-run'])
  expect(dry.stdout).toContain('/usr/sbin/runc would move to /usr/libexec/lintel/runc')
  expect(facts()).toEqual(before)

  await succeeds(host.run('lintel', ['install', 'docker', '--divert']))
  await run('usual')
  await run('named', '--runtime', 'runc')
  for (const name of ['usual', 'named'])
    expect(recordsOf(host, name)).toMatchObject([
      { operation: 'create', mode: 'warn', runtime: '/usr/libexec/lintel/runc', engine: { proven: true } },
    ])
  const names = ['old', 'usual', 'named']
  for (const name of names) expect(await alive(name)).toBe('alive')
  const again = await succeeds(host.run('lintel', ['install', 'docker', '--divert']))
  expect(again.stdout).toContain('nothing to change')

  const out = await succeeds(host.run('lintel', ['uninstall']))
  expect(out.stdout).toMatch(/made with lintel and still call it:\n {2}usual\n/)
  expect(facts()).toEqual(before)
  for (const name of names) expect(await alive(name)).toBe('alive')
  await run('after', '--runtime', 'runc')
  expect(recordsOf(host, 'after')).toEqual([])
  await docker('rm', '--force', 'usual')
  await succeeds(host.run('lintel', ['uninstall']))
  const { mtimeMs: _, ...content } = { mtimeMs: 0, ...fileFacts(host.path(daemonFile)) }
  expect(file).toMatchObject(content)
})
