/** `lintel install podman` where crun is the only runtime: lintel stands in for crun, not for a runc there is none of. Needs root. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { recordsOf } from './support/decisions.ts'
import { writeImage } from './support/image.ts'
import { type InstalledHost, openInstalledHost, tree } from './support/installed.ts'

jest.setTimeout(120_000)

let host: InstalledHost
const settings =
  '[containers]\nnetns = "none"\n[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'

const podman = async (...args: readonly string[]): Promise<string> => {
  const { exitCode, stdout, all } = await host.run('podman', args)
  if (exitCode !== 0) throw new Error(`podman ${args.join(' ')} ended with ${exitCode}: ${all}`)
  return stdout
}
const alive = (name: string): Promise<string> => podman('exec', name, 'echo', 'alive')
const run = (name: string): Promise<string> =>
  podman(
    'run',
    '--detach',
    `--cgroup-parent=${host.cgroup}`,
    '--name',
    name,
    'localhost/busybox',
    'sleep',
    '1000',
  )
const runtimeOf = (name: string): Promise<string> => podman('inspect', '--format', '{{.OCIRuntime}}', name)

beforeAll(async () => {
  host = await openInstalledHost(['podman', 'conmon', 'crun'], { cgroups: 'v1' })
  for (const runc of ['/usr/sbin/runc', '/usr/bin/runc'])
    await host.shell(`[ ! -e ${runc} ] || mount --bind /dev/null ${runc}`)
  mkdirSync(host.path('/etc/containers'), { recursive: true })
  writeFileSync(host.path('/etc/containers/containers.conf'), settings)
  const archive = join(host.workspace, 'image.tar')
  await writeImage(archive)
  await podman('load', '--input', archive)
})

afterAll(async () => {
  await host?.run('podman', ['rm', '--force', '--all', '--time', '0'])
  await host?.close()
})

test("crun's name is taken over, also for containers made before, and every byte comes back", async () => {
  const before = await tree(host, ['/etc/containers'])
  await run('old')
  expect(await runtimeOf('old')).toBe('crun')
  expect(await host.lintel(['install', 'podman'])).toMatchObject({ exitCode: 0, stderr: '' })
  const dropIn = host.text('/etc/containers/containers.conf.d/zz-lintel.conf') ?? ''
  expect(dropIn).toContain(`\ncrun = ["${host.runtime}"]\n`)
  expect(dropIn).not.toMatch(/^runc =/m)
  expect(dropIn).toMatch(/^runtime_supports_json = \[.*"crun".*"lintel"\]$/m)
  expect(host.text('/var/lib/lintel/install/state.json')).toContain('"becomes":"/usr/bin/crun"')
  expect(await host.lintel(['install', 'podman'])).toMatchObject({ exitCode: 0, stdout: 'nothing to change' })

  await run('new')
  expect(recordsOf(host, 'new')).toMatchObject([
    { runtime: '/usr/bin/crun', engine: { id: 'podman', proven: true } },
  ])
  for (const name of ['old', 'new']) expect(await alive(name)).toBe('alive')
  await podman(
    'run',
    '--rm',
    '--runtime',
    'crun',
    `--cgroup-parent=${host.cgroup}`,
    '--name',
    'named',
    'localhost/busybox',
    'true',
  )
  expect(recordsOf(host, 'named')).toHaveLength(1)
  const doctor = JSON.parse((await host.lintel(['doctor', '--format', 'json'])).stdout)
  expect(doctor.engines).toContainEqual(
    expect.objectContaining({ engine: 'podman', registered: 'yes', effective: 'yes' }),
  )

  await podman('rm', '--force', '--time', '0', 'new')
  expect(await host.lintel(['uninstall', 'podman'])).toMatchObject({ exitCode: 0, stderr: '' })
  expect(await tree(host, ['/etc/containers'])).toBe(before)
  expect(await alive('old')).toBe('alive')
})

test('without any runtime nothing is registered: each container would fail', async () => {
  await host.shell('mount --bind /dev/null /usr/bin/crun')
  try {
    const before = await tree(host, ['/etc/containers'])
    expect(await host.lintel(['install', 'podman'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^lintel: no container runtime is at [^\n]*; nothing was changed$/),
    })
    expect(await tree(host, ['/etc/containers'])).toBe(before)
  } finally {
    await host.shell('umount /usr/bin/crun')
  }
})
