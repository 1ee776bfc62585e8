/** `lintel install containerd` on containerd 2, with the configurations its vendors and sites give it. Needs root. */
import { writeFileSync } from 'node:fs'
import { afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals'
import { pauseImage } from './support/cri-image.ts'
import { records, recordsOf } from './support/decisions.ts'
import { engineIn, examine, found } from './support/examined.ts'
import { versionedImage } from './support/image.ts'
import { type InstalledHost, openInstalledHost, tree } from './support/installed.ts'
import { newerEngines } from './support/newer-engines.ts'
import { type NodePods, openNodePods, restartContainerd } from './support/node-pods.ts'
import { until } from './support/private-host.ts'

jest.setTimeout(300_000)

let newer: string
let host: InstalledHost
let pods: NodePods

const configuration = '/etc/containerd/config.toml'
const restarting = ['--restart-command', '/bin/sh /run/restart']

/** As a site wrote it for version 3: two handlers of the runc shim, comments, and files it imports. */
const rich = `# Of this site; ask the platform team.
version = 3
imports = ["/etc/containerd/site.d/*.toml"] # one file a team

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '${pauseImage}'

[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true   # nested
  [plugins.'io.containerd.cri.v1.runtime'.containerd]
    default_runtime_name = 'runc'
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
      runtime_type = 'io.containerd.runc.v2'
      [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
        SystemdCgroup = false # cgroup v1
`

const siteFile = '/etc/containerd/site.d/10-batch.toml'
const batch = `version = 3
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.batch]
  runtime_type = 'io.containerd.runc.v2'
  pod_annotations = ['batch.example/*']
`

/** Starts containerd 2 with these files. */
const start = async (files: Readonly<Record<string, string>>, sandboxImage = pauseImage): Promise<void> => {
  await host.shell('mkdir -p /etc/containerd/site.d')
  for (const [path, text] of Object.entries(files)) writeFileSync(host.path(path), text)
  writeFileSync(host.path('/run/restart'), restartContainerd)
  host.launch('containerd', 'containerd', [])
  await until(async () => (await host.run('ctr', ['version'])).exitCode === 0, 'containerd', 30_000)
  expect(await host.shell('containerd --version')).toMatch(/ v?2\.\d+\.\d+/)
  pods = await openNodePods(host, sandboxImage === pauseImage ? [] : [sandboxImage])
}

beforeAll(async () => {
  newer = await newerEngines()
})

beforeEach(async () => {
  host = await openInstalledHost(['containerd', 'ctr'], { newer })
})

afterEach(async () => {
  pods?.close()
  await host?.close()
})

test('a rich file of version 3 with imports: judged by every handler, and back byte by byte', async () => {
  await start({ [configuration]: rich, [siteFile]: batch })
  const before = await tree(host, ['/etc/containerd'])
  const old = await pods.start('old')

  const first = await host.lintel(['install', 'containerd', ...restarting])
  expect(first).toMatchObject({ exitCode: 0, stderr: '' })
  expect(first.stdout).toContain('containerd: lintel is registered, and the engine calls it')
  await pods.connect()
  expect(await pods.alive(old)).toBe('alive')
  expect(host.text(configuration)).toBe(rich)
  const [young, other] = [await pods.start('new'), await pods.start('other', 'batch')]
  expectJudged(young)
  expectJudged(other)
  expect(await host.lintel(['install', 'containerd'])).toMatchObject({ stdout: 'nothing to change' })

  const out = await host.lintel(['uninstall', 'containerd', ...restarting])
  expect(out).toMatchObject({ exitCode: 0, stderr: '' })
  expect(out.stdout).toContain(`  k8s.io/${young}`)
  expect(await tree(host, ['/etc/containerd'])).toBe(before)
  await pods.connect()
  for (const id of [old, young, other]) expect(await pods.alive(id)).toBe('alive')
  expect(recordsOf(host, await pods.start('after'))).toEqual([])
})

test.each([
  [
    'of containerd config default',
    'registry.k8s.io/pause:3.10',
    "containerd config default | sed 's/restrict_oom_score_adj = false/restrict_oom_score_adj = true/'",
  ],
  [
    "of Debian's package, version 2",
    pauseImage,
    `sed '/grpc.v1.cri"\\]$/a \\    restrict_oom_score_adj = true\\n    sandbox_image = "${pauseImage}"' ${'$'}newer${configuration}`,
  ],
])('the file %s: judged, and back byte by byte', async (_, sandboxImage, command) => {
  const text = await host.shell(`newer=${newer}; ${command}`)
  await start({ [configuration]: `${text}\n` }, sandboxImage)
  const before = await tree(host, ['/etc/containerd'])
  const first = await host.lintel(['install', 'containerd', ...restarting])
  expect(first).toMatchObject({ exitCode: 0, stderr: '' })
  expect(first.stdout).toContain('containerd: lintel is registered, and the engine calls it')
  await pods.connect()
  const id = await pods.start('pod')
  expectJudged(id)
  const report = await examine(host)
  expect(engineIn(report, 'containerd')).toMatchObject({ registered: 'yes', effective: 'yes' })
  expect(found(report, 'problem', 'containerd')).toEqual([])
  const out = await host.lintel(['uninstall', 'containerd', ...restarting])
  expect(out).toMatchObject({ exitCode: 0, stderr: '' })
  expect(await tree(host, ['/etc/containerd'])).toBe(before)
  await pods.connect()
  expect(await pods.alive(id)).toBe('alive')
})

test('every way round that containerd leaves open is told of, and what took it as well', async () => {
  await start({ [configuration]: rich, [siteFile]: batch })
  expect(await host.lintel(['install', 'containerd', ...restarting])).toMatchObject({ exitCode: 0 })
  await pods.connect()
  await pods.start('judged')
  const clean = await examine(host)
  expect(engineIn(clean, 'containerd')).toMatchObject({
    version: expect.stringMatching(/^2\./),
    registered: 'yes',
    effective: 'yes',
  })
  expect(found(clean, 'problem', 'containerd')).toEqual([])
  expect(found(clean, 'problem').filter((line) => line.startsWith('unjudged'))).toEqual([])

  const past = `version = 3
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.past]
  runtime_type = 'io.containerd.runc.v2'
  options.BinaryName = '/usr/sbin/runc'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.shim]
  runtime_type = 'io.containerd.runc.v2'
  runtime_path = '/usr/bin/containerd-shim-runc-v2'
`
  writeFileSync(host.path('/etc/containerd/site.d/zzz-later.toml'), past)
  await host.shell('sh /run/restart')
  await pods.connect()
  const before = records(host).length
  const podsPast = [await pods.start('past', 'past'), await pods.start('shim', 'shim')]
  const image = `docker.io/library/${versionedImage}`
  const inCgroup = (id: string) => ['--detach', '--cgroup', `${host.cgroup}/${id}`]
  const sleep = ['/bin/sleep', '1000']
  await host.shell(`ctr images import ${host.workspace}/image.tar`)
  for (const [id, ...options] of [
    ['plain'],
    ['by-runtime', '--runtime', 'io.containerd.runc.v2'],
    ['by-binary', '--runc-binary', '/usr/sbin/runc'],
  ] as const) {
    const { exitCode, all } = await host.run('ctr', ['run', ...inCgroup(id), ...options, image, id, ...sleep])
    expect({ id, exitCode, all }).toMatchObject({ exitCode: 0, all: '' })
  }
  expect(records(host)).toHaveLength(before)

  const report = await examine(host)
  expect(engineIn(report, 'containerd')).toMatchObject({ registered: 'partly', effective: 'yes' })
  const messages = report.diagnoses.map(({ check, message }) => `${check}: ${message}`).join('\n')
  for (const name of ['past', 'shim'])
    expect(messages).toContain(`other-handlers: a RuntimeClass with handler ${name} calls /usr/sbin/runc`)
  expect(found(report, 'way-round')).toContain('other-runtimes /usr/sbin/runc')
  expect(messages).toMatch(/unjudged-containers: 3 containers run that no decision covers: by-binary, /)
  // Each pod has its sandbox beside its container.
  expect(messages).toMatch(/unjudged-containers: 4 containers run that no decision covers: /)
  expect(messages).toContain(podsPast[0]?.slice(0, 12))

  // What is read last has the last word: install says so and changes nothing, and covers it once it comes earlier.
  const late = await host.lintel(['install', 'containerd', ...restarting])
  expect(late).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/zzz-later\.toml:\d+ is read later [^\n]* nothing was changed$/),
  })
  await host.shell('cd /etc/containerd/site.d && mv zzz-later.toml 20-later.toml')
  expect(await host.lintel(['install', 'containerd', ...restarting])).toMatchObject({ exitCode: 0 })
  await pods.connect()
  expectJudged(await pods.start('past-2', 'past'))
  expectJudged(await pods.start('shim-2', 'shim'))
})

const expectJudged = (id: string): void =>
  expect(recordsOf(host, id)[0]).toMatchObject({
    mode: 'warn',
    operation: 'create',
    engine: { id: 'containerd', proven: true },
  })
