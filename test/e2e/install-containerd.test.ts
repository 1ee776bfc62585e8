/** `lintel install containerd` and `lintel uninstall` under a running containerd with CRI: its pods never notice. Needs root. */
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { pauseImage } from './support/cri-image.ts'
import { recordsOf } from './support/decisions.ts'
import { type InstalledHost, openInstalledHost, tree } from './support/installed.ts'
import { type NodePods, openNodePods, restartContainerd } from './support/node-pods.ts'
import { until } from './support/private-host.ts'

jest.setTimeout(240_000)

let host: InstalledHost
let pods: NodePods

/** Two handlers of the runc shim, one of another: as a cluster's administrator left it. */
const settings = `# Of this site.
version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true   # nested
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      pod_annotations = ["*"]
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.plain]
      runtime_type = "io.containerd.runc.v2"
`

beforeAll(async () => {
  host = await openInstalledHost(['containerd', 'containerd-shim-runc-v2', 'ctr'])
  await host.shell('mkdir -p /etc/containerd')
  writeFileSync(host.path('/etc/containerd/config.toml'), settings)
  writeFileSync(host.path('/run/restart'), restartContainerd)
  host.launch('containerd', 'containerd', [])
  await until(async () => (await host.run('ctr', ['version'])).exitCode === 0, 'containerd', 30_000)
  pods = await openNodePods(host)
})

afterAll(async () => {
  pods?.close()
  await host?.close()
})

test('restarted, judged, restarted back: pods alive, files byte by byte as they were', async () => {
  const before = await tree(host, ['/etc/containerd'])
  const old = await pods.start('old')
  const command = ['--restart-command', '/bin/sh /run/restart']

  const first = await host.lintel(['install', 'containerd', ...command])
  expect(first).toMatchObject({ exitCode: 0, stderr: '' })
  expect(first.stdout).toContain('restarting containerd (/bin/sh /run/restart); running containers go on')
  expect(first.stdout).toContain('containerd: lintel is registered, and the engine calls it')
  const dump = await host.shell('containerd config dump')
  expect(dump.match(/BinaryName = "\/usr\/local\/sbin\/lintel-runtime"/g)).toHaveLength(2)
  expect(host.text('/etc/containerd/config.toml')).toContain('restrict_oom_score_adj = true   # nested')
  await pods.connect()
  expect(await pods.alive(old)).toBe('alive')

  const young = await pods.start('new')
  const other = await pods.start('other', 'plain')
  for (const id of [young, other])
    expect(recordsOf(host, id)[0]).toMatchObject({
      mode: 'warn',
      operation: 'create',
      engine: { id: 'containerd', proven: true },
    })
  expect(await pods.alive(young)).toBe('alive')

  expect(await host.lintel(['install', 'containerd'])).toMatchObject({
    exitCode: 0,
    stdout: 'nothing to change',
  })

  const out = await host.lintel(['uninstall', 'containerd', ...command])
  expect(out).toMatchObject({ exitCode: 0, stderr: '' })
  expect(out.stdout).toContain(`  k8s.io/${young}`)
  expect(out.stdout).not.toContain(old)
  expect(await tree(host, ['/etc/containerd'])).toBe(before)
  await pods.connect()
  for (const id of [old, young, other]) expect(await pods.alive(id)).toBe('alive')
})

test('without anything that restarts it, it is said that it must be restarted, and nothing is broken', async () => {
  const before = await tree(host, ['/etc/containerd'])
  const first = await host.lintel(['install', 'containerd'])
  expect(first).toMatchObject({ exitCode: 0, stderr: '' })
  expect(first.stdout).toMatch(
    /containerd \(process \d+\) reads \/etc\/containerd\/config\.toml only when it starts: restart it/,
  )
  expect(first.stdout).toMatch(/containerd: lintel is registered$/m)
  expect((await host.lintel(['uninstall', 'containerd'])).exitCode).toBe(0)
  expect(await tree(host, ['/etc/containerd'])).toBe(before)
})

test('a restart that fails: the old file is back, and containerd is started with it', async () => {
  const before = await tree(host, ['/etc/containerd'])
  writeFileSync(
    host.path('/run/flaky'),
    'grep -q lintel-runtime /etc/containerd/config.toml && { kill $(pidof containerd); exit 1; }\nsh /run/restart\n',
  )
  const failed = await host.lintel(['install', 'containerd', '--restart-command', 'sh /run/flaky'])
  expect(failed).toMatchObject({
    exitCode: 1,
    stderr: 'lintel: containerd: it could not be restarted by: sh /run/flaky; everything is as it was',
  })
  expect(await tree(host, ['/etc/containerd'])).toBe(before)
  await pods.connect()
})
