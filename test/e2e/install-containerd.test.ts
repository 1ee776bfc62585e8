/** `lintel install containerd` and `lintel uninstall` under a running containerd with CRI: its pods never notice. Needs root. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { type CriClient, connectCri } from './support/cri-client.ts'
import { pauseImage, writePauseImage } from './support/cri-image.ts'
import { recordsOf } from './support/decisions.ts'
import { versionedImage, writeImage } from './support/image.ts'
import { type InstalledHost, openInstalledHost, tree } from './support/installed.ts'
import { until } from './support/private-host.ts'

jest.setTimeout(240_000)

let host: InstalledHost
let cri: CriClient

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

/** What an init script would do. */
const restart = `kill $(pidof containerd)
while pidof containerd >/dev/null; do sleep 0.1; done
setsid containerd >>/run/containerd.log 2>&1 </dev/null &
for _ in $(seq 100); do ctr version >/dev/null 2>&1 && exit 0; sleep 0.1; done
exit 1
`

const node = { network: 'NODE', pid: 'CONTAINER' } as const

/** A pod on the host's network with one container that sleeps; answers the container's id. */
const start = async (name: string, handler = ''): Promise<string> => {
  const config = {
    metadata: { name, uid: `uid-${name}`, namespace: 'shop' },
    logDirectory: `/var/log/pods/${name}`,
    linux: { cgroupParent: host.cgroup, securityContext: { namespaceOptions: node } },
  }
  const { podSandboxId } = await cri.call('RunPodSandbox', { config, runtimeHandler: handler })
  const { containerId } = await cri.call('CreateContainer', {
    podSandboxId,
    config: {
      metadata: { name },
      image: { image: `docker.io/library/${versionedImage}` },
      command: ['sleep', '1000'],
      linux: { resources: {}, securityContext: { namespaceOptions: node } },
    },
    sandboxConfig: config,
  })
  await cri.call('StartContainer', { containerId })
  return containerId
}

const alive = async (containerId: string): Promise<string> => {
  const { stdout } = await cri.call('ExecSync', { containerId, cmd: ['echo', 'alive'], timeout: 30 })
  return stdout.toString().trim()
}

const connect = async (): Promise<void> => {
  cri?.close()
  cri = connectCri(host.path('/run/containerd/containerd.sock'))
  await until(async () => {
    try {
      const { status } = await cri.call('Status', {})
      return status.conditions.some(({ status: met }) => met)
    } catch {
      return false
    }
  }, 'CRI to be ready')
}

beforeAll(async () => {
  host = await openInstalledHost(['containerd', 'containerd-shim-runc-v2', 'ctr'])
  await host.shell('mkdir -p /etc/containerd')
  writeFileSync(host.path('/etc/containerd/config.toml'), settings)
  writeFileSync(host.path('/run/restart'), restart, { mode: 0o755 })
  host.launch('containerd', 'containerd', [])
  await until(async () => (await host.run('ctr', ['version'])).exitCode === 0, 'containerd', 30_000)
  const [archive, pause] = [join(host.workspace, 'image.tar'), join(host.workspace, 'pause.tar')]
  await writeImage(archive, { names: [versionedImage] })
  await writePauseImage(archive, pause)
  for (const file of [archive, pause]) await host.shell(`ctr --namespace k8s.io images import ${file}`)
  await connect()
})

afterAll(async () => {
  cri?.close()
  await host?.close()
})

test('restarted, judged, restarted back: pods alive, files byte by byte as they were', async () => {
  const before = await tree(host, ['/etc/containerd'])
  const old = await start('old')
  const command = ['--restart-command', '/bin/sh /run/restart']

  const first = await host.lintel(['install', 'containerd', ...command])
  expect(first).toMatchObject({ exitCode: 0, stderr: '' })
  expect(first.stdout).toContain('restarting containerd (/bin/sh /run/restart); running containers go on')
  expect(first.stdout).toContain('containerd: lintel is registered, and the engine calls it')
  const dump = await host.shell('containerd config dump')
  expect(dump.match(/BinaryName = "\/usr\/local\/sbin\/lintel-runtime"/g)).toHaveLength(2)
  expect(host.text('/etc/containerd/config.toml')).toContain('restrict_oom_score_adj = true   # nested')
  await connect()
  expect(await alive(old)).toBe('alive')

  const young = await start('new')
  const other = await start('other', 'plain')
  for (const id of [young, other])
    expect(recordsOf(host, id)[0]).toMatchObject({
      mode: 'warn',
      operation: 'create',
      engine: { id: 'containerd', proven: true },
    })
  expect(await alive(young)).toBe('alive')

  expect(await host.lintel(['install', 'containerd'])).toMatchObject({
    exitCode: 0,
    stdout: 'nothing to change',
  })

  const out = await host.lintel(['uninstall', 'containerd', ...command])
  expect(out).toMatchObject({ exitCode: 0, stderr: '' })
  expect(out.stdout).toContain(`  k8s.io/${young}`)
  expect(out.stdout).not.toContain(old)
  expect(await tree(host, ['/etc/containerd'])).toBe(before)
  await connect()
  for (const id of [old, young, other]) expect(await alive(id)).toBe('alive')
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
  await connect()
})
