/** Ten installs and uninstalls in random order with kills in between, on a running dockerd and Podman. Needs root. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { writeImage } from './support/image.ts'
import { type InstalledHost, openInstalledHost, tree } from './support/installed.ts'
import { until } from './support/private-host.ts'

jest.setTimeout(300_000)

let host: InstalledHost
const seed = Number(process.env['LINTEL_SEED'] ?? Date.now() % 1_000_000)

/** mulberry32: the same numbers for the same seed. */
const random = (() => {
  let state = seed
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
})()
const oneOf = <Value>(...values: readonly [Value, ...Value[]]): Value =>
  values[random(values.length)] ?? values[0]

const changing =
  '?rename,?renameat,?renameat2,?link,?linkat,?unlink,?unlinkat,?rmdir,?mkdir,?mkdirat,write,fsync,fdatasync,?fchmod,?chmod,kill'

const docker = async (...args: readonly string[]): Promise<string> => {
  const { exitCode, stdout, all } = await host.run('docker', args)
  if (exitCode !== 0) throw new Error(`docker ${args.join(' ')} ended with ${exitCode}: ${all}`)
  return stdout
}

beforeAll(async () => {
  host = await openInstalledHost(['dockerd', 'docker', 'podman', 'conmon', 'strace'])
  for (const folder of ['docker', 'containers']) mkdirSync(host.path(`/etc/${folder}`), { recursive: true })
  const settings = {
    iptables: false,
    'exec-opts': ['native.cgroupdriver=cgroupfs'],
    'cgroup-parent': host.cgroup,
    runtimes: { other: { path: '/usr/bin/runc-other' } },
  }
  writeFileSync(host.path('/etc/docker/daemon.json'), JSON.stringify(settings))
  writeFileSync(
    host.path('/etc/containers/containers.conf'),
    '[engine]\nruntime = "runc"\nevents_logger = "file"\n',
  )
  host.launch('dockerd', 'dockerd', [])
  await until(async () => (await host.run('docker', ['version'])).exitCode === 0, 'dockerd', 30_000)
  const archive = join(host.workspace, 'image.tar')
  await writeImage(archive)
  await docker('load', '--input', archive)
})

afterAll(() => host?.close())

test(`they end where they began (LINTEL_SEED=${seed})`, async () => {
  const folders = ['/etc/docker', '/etc/containers']
  const before = await tree(host, folders)
  await docker('run', '--detach', '--network', 'none', '--name', 'old', 'busybox', 'sleep', '1000')
  for (let step = 0; step < 10; step += 1) {
    const words = [oneOf('install', 'uninstall'), oneOf('docker', 'podman')]
    const command = ['/usr/local/sbin/lintel', ...words]
    const isKilled = random(2) === 0
    const inject = `inject=${changing}:signal=KILL:when=${1 + random(60)}`
    const ran = isKilled
      ? await host.run('strace', ['-qq', '-o', '/run/trace', '-e', inject, ...command])
      : await host.lintel(words)
    if (!isKilled) expect({ step, words, ...ran }).toMatchObject({ exitCode: 0, stderr: '' })
    expect(await docker('exec', 'old', 'echo', 'alive')).toBe('alive')
    // Every engine runs containers at every moment.
    await docker('run', '--rm', '--network', 'none', 'busybox', 'true')
    expect((await host.run('podman', ['info'])).exitCode).toBe(0)
  }
  for (const _ of ['whatever was killed last', 'and what was registered'])
    expect(await host.lintel(['uninstall'])).toMatchObject({ exitCode: 0, stderr: '' })
  expect(await tree(host, folders)).toBe(before)
  expect(await docker('info', '--format', '{{.DefaultRuntime}}')).toBe('runc')
  expect(await docker('exec', 'old', 'echo', 'alive')).toBe('alive')
})
