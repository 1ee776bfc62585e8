/** `lintel install podman` and `lintel uninstall`: the next command goes through lintel, containers never notice. Needs root. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { recordsOf } from './support/decisions.ts'
import { writeImage } from './support/image.ts'
import { type InstalledHost, openInstalledHost, tree } from './support/installed.ts'

jest.setTimeout(180_000)

let host: InstalledHost
const settings = `# Of this site.
[containers]
netns = "none"      # no network here
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
`

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
    'localhost/busybox:latest',
    'sleep',
    '1000',
  )

beforeAll(async () => {
  host = await openInstalledHost(['podman', 'conmon'])
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

test('installed, judged, installed again, taken out: containers alive, files byte by byte as they were', async () => {
  const before = await tree(host, ['/etc/containers'])
  await run('old')
  const first = await host.lintel(['install', 'podman'])
  expect(first).toMatchObject({ exitCode: 0, stderr: '' })
  expect(await podman('info', '--format', '{{.Host.OCIRuntime.Path}}')).toBe(host.runtime)
  expect(host.text('/etc/containers/containers.conf')).toBe(settings)
  expect(await alive('old')).toBe('alive')

  await run('new')
  expect(recordsOf(host, 'new')).toMatchObject([{ mode: 'warn', engine: { id: 'podman', proven: true } }])
  expect(await alive('new')).toBe('alive')

  const installed = await tree(host, ['/etc/containers', '/var/lib/lintel/install'])
  expect(await host.lintel(['install', 'podman'])).toMatchObject({ exitCode: 0, stdout: 'nothing to change' })
  expect(await tree(host, ['/etc/containers', '/var/lib/lintel/install'])).toBe(installed)

  const out = await host.lintel(['uninstall', 'podman'])
  expect(out).toMatchObject({ exitCode: 0, stderr: '' })
  expect(out.stdout).toMatch(/containers of podman that were made with lintel and still call it:\n {2}new\n/)
  const kept = '/etc/containers/containers.conf.d/zz-lintel.conf'
  expect(out.stdout).toContain(`${kept} keeps the name lintel for them, as no default.`)
  expect(host.text(kept)).toMatch(/^# Written[^\n]*\n\s*\[engine\.runtimes\]\nlintel = \["[^"]+"\]\s*$/)
  expect(await podman('info', '--format', '{{.Host.OCIRuntime.Path}}')).not.toBe(host.runtime)
  for (const name of ['old', 'new']) expect(await alive(name)).toBe('alive')
  expect(await host.lintel(['uninstall', 'podman'])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^nothing to change\n(?:.*\n)* {2}new\n/),
  })
  expect(await alive('new')).toBe('alive')
  const log = host.text('/var/log/lintel/decisions.jsonl')
  await podman('restart', '--time', '0', 'new')
  await podman('stop', '--time', '0', 'new')
  await podman('start', 'new')
  expect(await alive('new')).toBe('alive')
  expect(host.text('/var/log/lintel/decisions.jsonl')).toBe(log)

  // What Podman needs for that container goes with it.
  await podman('rm', '--force', '--time', '0', 'new')
  expect(await host.lintel(['uninstall', 'podman'])).toMatchObject({ exitCode: 0, stderr: '' })
  expect(await tree(host, ['/etc/containers'])).toBe(before)
  expect(await alive('old')).toBe('alive')
})

test('an engine that is not there is an error when it is named', async () => {
  expect(await host.lintel(['install', 'buildkit'])).toMatchObject({
    exitCode: 1,
    stdout: '',
    stderr: 'lintel: buildkit is not on this host',
  })
})

test.each([
  ['/run/lintel-here', 755, /belongs to an engine or does not last/],
  ['/mnt', 777, /\/mnt can be written by others \(mode 777\)/],
])('lintel in %s is not what engines are told of', async (folder, mode, problem) => {
  await host.shell(
    `mkdir -p ${folder}; mount -t tmpfs -o mode=${mode} tmpfs ${folder}; cp -a /usr/local/sbin/lintel* ${folder}`,
  )
  const before = await tree(host, ['/etc/containers'])
  try {
    const ran = await host.run(`${folder}/lintel`, ['install', 'podman'])
    expect(ran).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(problem) })
    expect(ran.stderr.split('\n')).toHaveLength(1)
    expect(await tree(host, ['/etc/containers'])).toBe(before)
  } finally {
    await host.shell(`umount ${folder}`)
  }
})
