/** `lintel install docker` and `lintel uninstall` on a running dockerd: its containers never notice. Needs root. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { recordsOf } from './support/decisions.ts'
import { writeImage } from './support/image.ts'
import { type InstalledHost, openInstalledHost, tree } from './support/installed.ts'
import { type Outcome, until } from './support/private-host.ts'

jest.setTimeout(180_000)

let host: InstalledHost
const daemonFile = '/etc/docker/daemon.json'

/** As an administrator left it: order, spacing and all. */
const settings = (cgroup: string): string => `{
    "iptables": false,   "exec-opts": ["native.cgroupdriver=cgroupfs"],
    "cgroup-parent": "${cgroup}",

    "labels": [ "rack=7" ]
}
`

const docker = (...args: readonly string[]): Promise<Outcome> => host.run('docker', args)
const answer = async (...args: readonly string[]): Promise<string> => {
  const { exitCode, stdout, all } = await docker(...args)
  if (exitCode !== 0) throw new Error(`docker ${args.join(' ')} ended with ${exitCode}: ${all}`)
  return stdout
}
const alive = (name: string): Promise<string> => answer('exec', name, 'echo', 'alive')
const defaultRuntime = (): Promise<string> => answer('info', '--format', '{{.DefaultRuntime}}')
const run = (name: string, ...more: readonly string[]): Promise<string> =>
  answer('run', '--detach', '--network', 'none', '--name', name, ...more, 'busybox', 'sleep', '1000')

beforeAll(async () => {
  host = await openInstalledHost(['dockerd', 'docker', 'containerd', 'containerd-shim-runc-v2'])
  mkdirSync(host.path('/etc/docker'), { recursive: true })
  writeFileSync(host.path(daemonFile), settings(host.cgroup), { mode: 0o640 })
  host.launch('dockerd', 'dockerd', [])
  await until(async () => (await docker('version')).exitCode === 0, 'dockerd to answer', 30_000)
  const archive = join(host.workspace, 'image.tar')
  await writeImage(archive)
  await answer('load', '--input', archive)
})

afterAll(() => host?.close())

test('installed, judged, installed again, taken out: containers alive, files byte by byte as they were', async () => {
  const before = await tree(host, ['/etc/docker'])
  await run('old')
  expect(await alive('old')).toBe('alive')

  const dry = await host.lintel(['install', 'docker', '--dry-run'])
  expect(dry).toMatchObject({ exitCode: 0, stderr: '' })
  expect(dry.stdout).toMatch(/^\+.*"default-runtime": "lintel"/m)
  expect(dry.stdout).toContain('dry run: nothing was changed')
  expect(await tree(host, ['/etc/docker'])).toBe(before)
  expect(host.text('/var/lib/lintel/install/state.json')).toBeUndefined()

  const first = await host.lintel(['install', 'docker'])
  expect(first).toMatchObject({ exitCode: 0, stderr: '' })
  expect(first.stdout).toContain('docker: lintel is registered, and the engine calls it')
  expect(await defaultRuntime()).toBe('lintel')
  const written: object = JSON.parse(host.text(daemonFile) ?? '')
  expect(written).toMatchObject({ 'default-runtime': 'lintel', labels: ['rack=7'] })
  expect(host.text(daemonFile)).toContain('"iptables": false,   "exec-opts"')
  expect(await host.shell(`stat -c %a ${daemonFile}`)).toBe('640')
  const backups = (await host.shell('ls /etc/docker')).split('\n').filter((name) => /\.lintel-/.test(name))
  expect(backups).toEqual([expect.stringMatching(/^daemon\.json\.lintel-\d{8}-\d{6}$/)])
  expect(host.text(`/etc/docker/${backups[0]}`)).toBe(settings(host.cgroup))
  expect(host.text('/etc/lintel/policy.toml')).toContain('mode = "warn"')
  expect((await host.lintel(['policy', 'check'])).exitCode).toBe(0)
  expect(await alive('old')).toBe('alive')

  await run('new')
  expect(recordsOf(host, 'new')).toMatchObject([{ mode: 'warn', engine: { id: 'docker', proven: true } }])
  expect(recordsOf(host, 'old')).toEqual([])
  expect(await alive('new')).toBe('alive')

  const installed = await tree(host, ['/etc/docker', '/etc/lintel', '/var/lib/lintel/install'])
  const second = await host.lintel(['install', 'docker'])
  expect(second).toMatchObject({ exitCode: 0, stdout: 'nothing to change' })
  expect(await tree(host, ['/etc/docker', '/etc/lintel', '/var/lib/lintel/install'])).toBe(installed)

  const out = await host.lintel(['uninstall'])
  expect(out).toMatchObject({ exitCode: 0, stderr: '' })
  expect(out.stdout).toMatch(/made with lintel and still call it:\n {2}new\n/)
  expect(out.stdout).toContain(`${daemonFile} keeps the name lintel for them, as no default.`)
  expect(out.stdout).toContain('judges nothing any more')
  expect(await defaultRuntime()).toBe('runc')
  expect(JSON.parse(host.text(daemonFile) ?? '')).toEqual({
    ...JSON.parse(settings(host.cgroup)),
    runtimes: { lintel: { path: host.runtime } },
  })
  for (const name of ['old', 'new']) expect(await alive(name)).toBe('alive')
  await run('later')
  expect(recordsOf(host, 'later')).toEqual([])
  expect((await host.lintel(['status'])).stdout).toMatch(/nothing is judged\n +docker: [^\n]*\(new\)/)

  // The container lives on in every way, whatever policy would say, and though there were no log.
  await host.shell(
    `sed -i 's/^mode = .*/mode = "enforce"/' /etc/lintel/policy.toml; chmod 0666 /etc/lintel/policy.toml`,
  )
  const log = host.text('/var/log/lintel/decisions.jsonl')
  expect(await alive('new')).toBe('alive')
  await answer('restart', '--time', '0', 'new')
  expect(await alive('new')).toBe('alive')
  await answer('stop', '--time', '0', 'new')
  await answer('start', 'new')
  expect(await alive('new')).toBe('alive')
  expect(host.text('/var/log/lintel/decisions.jsonl')).toBe(log)
  await host.shell('chmod 0644 /etc/lintel/policy.toml')

  const kept = await tree(host, ['/etc/docker', '/etc/lintel', '/var/lib/lintel/install'])
  const again = await host.lintel(['uninstall'])
  expect(again).toMatchObject({ exitCode: 0, stderr: '' })
  expect(again.stdout).toMatch(/^nothing to change\n(?:.*\n)* {2}new\n/)
  expect(await tree(host, ['/etc/docker', '/etc/lintel', '/var/lib/lintel/install'])).toBe(kept)

  await answer('rm', '--force', 'new')
  const rest = await host.lintel(['uninstall'])
  expect(rest).toMatchObject({ exitCode: 0, stderr: '' })
  expect(rest.stdout).toContain(`No container needs ${host.runtime} any more`)
  expect(await tree(host, ['/etc/docker'])).toBe(before)
  expect(await defaultRuntime()).toBe('runc')
  expect(host.text('/etc/lintel/pass-through')).toBeUndefined()
  expect((await host.lintel(['uninstall'])).stdout).toBe('nothing to change')
  expect(await alive('old')).toBe('alive')
  await answer('rm', '--force', 'old', 'later')
  expect(host.text('/etc/lintel/policy.toml')).toBeDefined()
})

test('taken up again while containers of before are left: judged again, and out again byte by byte', async () => {
  const before = await tree(host, ['/etc/docker'])
  await host.lintel(['install', 'docker'])
  await run('first')
  await host.lintel(['uninstall', 'docker'])
  expect(host.text('/etc/lintel/pass-through')).toBeDefined()
  expect(await host.lintel(['install', 'docker'])).toMatchObject({ exitCode: 0, stderr: '' })
  expect(host.text('/etc/lintel/pass-through')).toBeUndefined()
  await run('second')
  expect(recordsOf(host, 'second')).toHaveLength(1)
  await answer('rm', '--force', 'first', 'second')
  expect(await host.lintel(['uninstall', 'docker'])).toMatchObject({ exitCode: 0, stderr: '' })
  expect(await tree(host, ['/etc/docker'])).toBe(before)
})

test('an engine that does not take it gets its old file back, and one line says so', async () => {
  const other = await openInstalledHost(['dockerd', 'docker'])
  try {
    mkdirSync(other.path('/etc/docker'), { recursive: true })
    writeFileSync(other.path(daemonFile), settings(other.cgroup))
    other.launch('dockerd', 'dockerd', ['--label', 'rack=7'])
    await until(async () => (await other.run('docker', ['version'])).exitCode === 0, 'dockerd', 30_000)
    // dockerd reads no file again that says what its command line says too.
    writeFileSync(other.path(daemonFile), settings(other.cgroup))
    const before = await tree(other, ['/etc/docker', '/etc/lintel'])
    const failed = await other.lintel(['install', 'docker'])
    expect(failed).toMatchObject({
      exitCode: 1,
      stderr: `lintel: docker: it still says that its default runtime is not ${other.runtime}; everything is as it was`,
    })
    expect(await tree(other, ['/etc/docker', '/etc/lintel'])).toBe(before)
    const { stdout } = await other.run('docker', ['info', '--format', '{{.DefaultRuntime}}'])
    expect(stdout).toBe('runc')
  } finally {
    await other.close()
  }
})

test('a dockerd with runtimes on its command line is left alone, and one line says what to change', async () => {
  const other = await openInstalledHost(['dockerd', 'docker'])
  const flags = ['--add-runtime', 'fast=/usr/bin/fast', '--default-runtime=runc']
  try {
    const own = { iptables: false, 'exec-opts': ['native.cgroupdriver=cgroupfs'] }
    writeFileSync(other.path(daemonFile), JSON.stringify(own))
    other.launch('dockerd', 'dockerd', flags)
    await until(async () => (await other.run('docker', ['version'])).exitCode === 0, 'dockerd', 30_000)
    const before = await tree(other, ['/etc/docker', '/etc/lintel', '/var/lib/lintel/install'])
    for (const words of [
      ['install', 'docker', '--dry-run'],
      ['install', 'docker'],
    ]) {
      const refused = await other.lintel(words)
      expect(refused).toMatchObject({ exitCode: 1 })
      expect(refused.stderr).toMatch(
        /^lintel: process \d+: dockerd is told --add-runtime and --default-runtime on its command line, [^\n]*"runtimes":\{"fast":\{"path":"\/usr\/bin\/fast"\}\}[^\n]*; nothing was changed$/,
      )
    }
    expect(await tree(other, ['/etc/docker', '/etc/lintel'])).toBe(
      before.replaceAll(/^\/var\/lib.*\n?/gm, '').trimEnd(),
    )
    // That it says so for a reason: dockerd itself, were both told.
    for (const file of [{ runtimes: { lintel: { path: '/x' } } }, { 'default-runtime': 'lintel' }]) {
      writeFileSync(other.path('/run/both.json'), JSON.stringify(file))
      const both = await other.run('dockerd', ['--config-file', '/run/both.json', ...flags])
      expect(both.exitCode).toBe(1)
      expect(both.all).toContain('specified both as a flag and in the configuration file')
    }
  } finally {
    await other.close()
  }
})

test('what cannot be read is refused in one line and left as it is', async () => {
  const before = await tree(host, ['/etc/docker', '/etc/lintel'])
  await host.shell(`cp -p ${daemonFile} /run/aside`)
  try {
    writeFileSync(host.path(daemonFile), '{\n  "iptables": false,\n  }\n')
    const broken = await host.lintel(['install', 'docker'])
    expect(broken).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(
        /^lintel: \/etc\/docker\/daemon\.json:3:\d+: [^\n]+; nothing was changed$/,
      ),
    })
    await host.shell(`cp -p /run/aside ${daemonFile}; chmod 0444 ${daemonFile}`)
    const readOnly = await host.lintel(['install', 'docker'])
    expect(readOnly).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(
        /daemon\.json is marked read-only \(mode 444\)[^\n]*nothing was changed$/,
      ),
    })
  } finally {
    await host.shell(`cp -p /run/aside ${daemonFile}`)
  }
  expect(await tree(host, ['/etc/docker', '/etc/lintel'])).toBe(before)
})
