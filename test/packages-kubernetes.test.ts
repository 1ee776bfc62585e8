/** The node agent in its own image on a node that is next to nothing, and what a cluster is given. Needs root. */
import { type ChildProcess, spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { execa } from 'execa'
import { type EmptyRoot, openBusyboxRoot } from './support/empty-root.ts'
import { packageFile, version } from './support/packages.ts'

jest.setTimeout(60_000)

const project = fileURLToPath(new URL('..', import.meta.url))
const kubernetes = join(project, 'install/kubernetes')

interface Config {
  readonly config: { readonly Entrypoint: readonly string[] }
}

/** The image unpacked, and what its configuration says. */
const unpackImage = async (folder: string): Promise<Config> => {
  const layout = join(folder, 'layout')
  mkdirSync(layout)
  await execa('tar', ['-xf', packageFile('.oci.tar'), '-C', layout])
  const json = (name: string) => JSON.parse(readFileSync(join(layout, name), 'utf8'))
  const blob = (digest: string): string => `blobs/${digest.replace(':', '/')}`
  const manifest = json(blob(json('index.json').manifests[0].digest))
  mkdirSync(join(folder, 'image'))
  await execa('tar', ['-xf', join(layout, blob(manifest.layers[0].digest)), '-C', join(folder, 'image')])
  return json(blob(manifest.config.digest))
}

let work: string
let image: string
let config: Config
let node: EmptyRoot
/** Holds the node's namespaces; its child is the node's first process. */
let holder: ChildProcess
let first: number

const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(node.folder, path)), { recursive: true })
  writeFileSync(join(node.folder, path), text)
}
const read = (path: string): string => readFileSync(join(node.folder, path), 'utf8')
const configMap = (text: string): void => writeFileSync(join(image, 'policy/policy.toml'), text)
const isReady = (): boolean => existsSync(join(image, 'run/lintel/ready'))

/** One round of the agent as the pod would run it: its image as root, the node's process ids. */
const agent = async (action: string, environment: { readonly [name: string]: string } = {}) => {
  const enter = [
    '-t',
    String(first),
    '-m',
    '-p',
    '-n',
    '--',
    'chroot',
    image,
    ...config.config.Entrypoint,
    action,
    'once',
  ]
  const { exitCode, all } = await execa('nsenter', enter, {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LINTEL_ENGINE: 'none', ...environment },
    extendEnv: false,
    reject: false,
    all: true,
  })
  return { status: exitCode, all }
}

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'lintel-node-'))
  config = await unpackImage(work)
  image = join(work, 'image')
  node = openBusyboxRoot()
  mkdirSync(join(node.folder, 'proc'))
  const script = `mount --make-rprivate /; mount -t proc proc ${node.folder}/proc; mount -t proc proc ${image}/proc; exec chroot ${node.folder} /bin/sleep 600`
  holder = spawn(
    'unshare',
    ['--mount', '--pid', '--net', '--uts', '--ipc', '--fork', '--kill-child', 'sh', '-c', script],
    { stdio: 'ignore' },
  )
  const children = `/proc/${holder.pid}/task/${holder.pid}/children`
  for (let tries = 0; tries < 100 && !existsSync(join(image, 'proc/1')); tries++) {
    first = Number(readFileSync(children, 'utf8').trim().split(' ')[0])
    if (first > 0 && readFileSync(`/proc/${first}/comm`, 'utf8') === 'sleep\n') break
    await pause(50)
  }
})
afterAll(() => {
  holder.kill('SIGKILL')
  node.close()
  rmSync(work, { recursive: true, force: true })
})

describe('the node agent', () => {
  const policy = 'version = 1\nprofile = "kubernetes-node"\nmode = "warn"\n'

  test('puts executable and policy onto the node', async () => {
    configMap(policy)
    const { status, all } = await agent('keep')
    expect([status, all]).toEqual([
      0,
      expect.stringMatching(
        `^lintel-node: put ${version} into /usr/local/bin\nlintel-node: policy [0-9a-f]{12} serves\nlintel-node: keep: done$`,
      ),
    ])
    expect(isReady()).toBe(true)
    expect(
      await node.run('lintel --version; readlink /usr/local/bin/lintel-runtime; lintel policy check'),
    ).toMatchObject({
      status: 0,
      all: expect.stringMatching(
        `^${version}\nlintel\nThe policy is valid: profile kubernetes-node, mode warn`,
      ),
    })
    const mode = (path: string): number => statSync(join(node.folder, path)).mode & 0o777
    expect([mode('usr/local/bin/lintel'), mode('etc/lintel/policy.toml')]).toEqual([0o755, 0o644])
  })

  test('a second look changes nothing', async () => {
    const before = statSync(join(node.folder, 'usr/local/bin/lintel')).ino
    expect(await agent('keep')).toEqual({ status: 0, all: 'lintel-node: keep: done' })
    expect(statSync(join(node.folder, 'usr/local/bin/lintel')).ino).toBe(before)
  })

  test('another executable is replaced by rename', async () => {
    write('/usr/local/bin/lintel', '#!/bin/sh\n')
    const before = statSync(join(node.folder, 'usr/local/bin/lintel')).ino
    expect(await agent('keep')).toMatchObject({ status: 0 })
    expect(statSync(join(node.folder, 'usr/local/bin/lintel')).ino).not.toBe(before)
    expect((await node.run('lintel --version')).all).toBe(version)
  })

  test('a new policy that can serve replaces the old one', async () => {
    configMap(policy.replace('warn', 'enforce'))
    expect(await agent('keep')).toMatchObject({ status: 0, all: expect.stringContaining(' serves') })
    expect(read('/etc/lintel/policy.toml')).toContain('mode = "enforce"')
  })

  test.each([
    ['does not parse', 'version = 1\nmode = "enf\n', 'policy.toml.candidate:2:'],
    ['names a rule there is not', 'version = 1\n[rules.nonsense]\naction = "deny"\n', 'nonsense'],
  ])('a policy that %s is kept out and reported, and the old one serves', async (_, text, says) => {
    const before = read('/etc/lintel/policy.toml')
    configMap(text)
    const { status, all } = await agent('keep')
    expect([status, all]).toEqual([
      1,
      expect.stringContaining("lintel-node: the new policy is kept out, the node's old one serves: "),
    ])
    expect(all).toContain(says)
    expect(isReady()).toBe(false)
    expect(read('/etc/lintel/policy.toml')).toBe(before)
    expect(readdirSync(join(node.folder, 'etc/lintel'))).toEqual(['policy.toml'])
  })

  test('so is one that does not serve together with the node’s policy.d', async () => {
    const before = read('/etc/lintel/policy.toml')
    write('/etc/lintel/policy.d/site.toml', 'bogus = 1\n')
    configMap(policy)
    const { status, all } = await agent('keep')
    expect([status, all]).toEqual([1, expect.stringContaining("does not serve with the node's policy.d")])
    expect(read('/etc/lintel/policy.toml')).toBe(before)
    await node.run('rm -r /etc/lintel/policy.d')
    expect(await agent('keep')).toMatchObject({ status: 0 })
    expect(read('/etc/lintel/policy.toml')).toBe(policy)
  })

  test('a policy that somebody else wrote stays', async () => {
    write('/etc/lintel/policy.toml', 'version = 1\n# by hand\n')
    const { status, all } = await agent('keep')
    expect([status, all]).toEqual([1, expect.stringContaining('was not written by this agent and stays')])
    expect(read('/etc/lintel/policy.toml')).toContain('# by hand')
    await node.run('rm /etc/lintel/policy.toml')
    expect(await agent('keep')).toMatchObject({ status: 0 })
  })

  test('a node with lintel from a package is left alone', async () => {
    write('/usr/bin/lintel', '')
    const { status, all } = await agent('keep')
    expect([status, all]).toEqual([1, expect.stringContaining('has lintel from a package')])
    await node.run('rm /usr/bin/lintel')
  })

  test('a registration that fails is reported, and the node is not ready', async () => {
    const { status, all } = await agent('keep', { LINTEL_ENGINE: 'containerd' })
    expect([status, all]).toEqual([
      1,
      expect.stringMatching(/^lintel-node: lintel install containerd: lintel: /),
    ])
    expect(isReady()).toBe(false)
  })

  test('a handler of its own is asked for where the manifest says so', async () => {
    const { status, all } = await agent('keep', { LINTEL_ENGINE: 'all', LINTEL_HANDLER: 'lintel' })
    expect([status, all]).toEqual([1, expect.stringContaining('--handler is for containerd or crio')])
    const { all: plain } = await agent('keep', { LINTEL_ENGINE: 'all', LINTEL_HANDLER: '' })
    expect(plain).not.toContain('--handler')
  })

  test('uninstall takes away what no engine needs, and nothing while one does', async () => {
    write('/etc/containerd/config.toml', 'BinaryName = "/usr/local/bin/lintel-runtime"\n')
    const refused = await agent('uninstall')
    expect([refused.status, refused.all]).toEqual([
      1,
      expect.stringContaining('/etc/containerd/config.toml names lintel-runtime'),
    ])
    expect((await node.run('lintel --version')).status).toBe(0)
    write('/etc/containerd/config.toml', '')
    expect(await agent('uninstall')).toEqual({ status: 0, all: 'lintel-node: uninstall: done' })
    expect(await node.run('ls -A /usr/local/bin /var/lib; cat /etc/lintel/policy.toml')).toEqual({
      status: 0,
      all: `/usr/local/bin:\n\n/var/lib:\n${policy.trimEnd()}`,
    })
  })

  test('ends at once when it is told to, and removes nothing', async () => {
    rmSync(join(image, 'run/lintel/ready'), { force: true })
    const enter = [
      '-t',
      String(first),
      '-m',
      '-p',
      '-n',
      '--',
      'chroot',
      image,
      ...config.config.Entrypoint,
      'keep',
    ]
    const running = execa('nsenter', enter, { env: { LINTEL_ENGINE: 'none' }, reject: false, all: true })
    for (let tries = 0; tries < 100 && !isReady(); tries++) await pause(50)
    expect(isReady()).toBe(true)
    const agents = readdirSync('/proc').filter(
      (name) =>
        /^\d+$/.test(name) &&
        existsSync(`/proc/${name}/cmdline`) &&
        readFileSync(`/proc/${name}/cmdline`, 'utf8') === `${config.config.Entrypoint.join('\0')}\0keep\0`,
    )
    const began = Date.now()
    for (const pid of agents) process.kill(Number(pid), 'SIGTERM')
    await running
    expect(Date.now() - began).toBeLessThan(5_000)
    expect((await node.run('lintel --version')).status).toBe(0)
  })
})

describe('what a cluster is given', () => {
  test('chart, manifests and image are of this version', () => {
    const chart = readFileSync(join(project, 'install/helm/lintel/Chart.yaml'), 'utf8')
    expect(chart).toContain(`\nversion: ${version}\nappVersion: ${version}\n`)
    expect(readFileSync(join(kubernetes, 'base/kustomization.yaml'), 'utf8')).toContain(`newTag: ${version}`)
  })

  test.each(['base', 'overlays/strict'])(
    'the policy of %s serves, and lets the agent in though it enforces',
    async (name) => {
      const folder = mkdtempSync(join(work, 'case-'))
      const text = readFileSync(join(kubernetes, name, 'policy.toml'), 'utf8').replace(
        'mode = "warn"',
        'mode = "enforce"',
      )
      const pod = JSON.parse(
        readFileSync(join(project, 'fixtures/containerd-2.1.9-cri-priv-start/config.json'), 'utf8'),
      )
      // As the DaemonSet asks: privileged, the node's process ids, its own of everything else.
      pod.linux.namespaces = pod.linux.namespaces.filter(({ type }: { type: string }) => type !== 'pid')
      const cri = '/run/containerd/io.containerd.grpc.v1.cri/sandboxes/0a1b/shm'
      const kubelet = '/var/lib/kubelet/pods/6a7c2f0e-0000-4000-8000-000000000000'
      const volume = (destination: string, source: string) => ({
        destination,
        type: 'bind',
        source: `${kubelet}/${source}`,
        options: ['rbind', 'rprivate', 'rw'],
      })
      pod.mounts = [
        ...pod.mounts
          .filter(
            ({ destination }: { destination: string }) =>
              !['/host', '/dev/shm', '/etc/hosts'].includes(destination),
          )
          .concat({ destination: '/dev/shm', type: 'bind', source: cri, options: ['rbind', 'ro'] }),
        volume('/etc/hosts', 'etc-hosts'),
        volume('/policy', 'volumes/kubernetes.io~configmap/policy'),
        volume('/run/lintel', 'volumes/kubernetes.io~empty-dir/state'),
      ]
      const identity = (container: string, verdict: string): string =>
        `title = "${container}"\npolicy = "policy.toml"\nconfig = "config.json"\n[identity]\nengine = "containerd"\n` +
        `image = "registry.example/lintel-node:1"\nname = "${container}"\nnamespace = "lintel-system"\n[expect]\nverdict = "${verdict}"\n`
      writeFileSync(join(folder, 'policy.toml'), text)
      writeFileSync(join(folder, 'config.json'), JSON.stringify(pod))
      writeFileSync(join(folder, 'agent.toml'), identity('node-agent', 'allow'))
      writeFileSync(join(folder, 'other.toml'), identity('other', 'deny'))
      const tested = await execa(join(project, 'dist/lintel'), ['policy', 'test', folder], {
        reject: false,
        all: true,
      })
      expect([tested.exitCode, tested.all]).toEqual([0, expect.stringContaining('2 cases, all as expected')])
    },
  )
})
