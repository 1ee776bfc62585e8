/** Engines are found by their daemons and programs, each with the configuration it reads. */
import { expect, test } from '@jest/globals'
import { discover, optionOf, versionIn } from '../src/installation/discover.ts'
import { type MemoryHost, memoryHost } from './support/memory-host.ts'

const found = (told: MemoryHost) => discover(memoryHost(told).host)

test('a host without engines has none', () => {
  expect(found({})).toEqual([])
})

test('an installed engine is told with its program, version and default configuration', () => {
  const prints = { '/usr/bin/podman --version': 'podman version 4.3.1\n' }
  expect(found({ programs: ['/usr/bin/podman'], prints })).toEqual([
    {
      engine: 'podman',
      program: '/usr/bin/podman',
      version: '4.3.1',
      configuration: '/etc/containers/containers.conf',
      daemon: undefined,
    },
  ])
})

test('what is not executable is no engine', () => {
  expect(found({ files: { '/usr/bin/dockerd': '' } })).toEqual([])
})

test.each([
  ['/usr/sbin/dockerd', ['dockerd', '--config-file', '/opt/d.json'], 'docker', '/opt/d.json'],
  ['/usr/sbin/dockerd', ['dockerd', '--config-file=/opt/d.json'], 'docker', '/opt/d.json'],
  ['/usr/sbin/dockerd', ['dockerd'], 'docker', '/etc/docker/daemon.json'],
  ['/usr/bin/dockerd-current', ['/usr/bin/dockerd-current'], 'docker', '/etc/docker/daemon.json'],
  ['/usr/bin/containerd', ['containerd', '-c', 'own.toml'], 'containerd', '/work/own.toml'],
  ['/usr/bin/crio', ['crio', '-c', '/a', '--config=/b'], 'crio', '/b'],
  ['/usr/local/bin/buildkitd', ['buildkitd', '-config', '/c'], 'buildkit', '/c'],
] as const)('%s %j', (exe, argv, engine, configuration) => {
  const [only, ...others] = found({
    programs: [exe],
    processes: [{ pid: 50, exe, argv, cwd: '/work' }],
  })
  expect(others).toEqual([])
  expect(only).toMatchObject({ engine, program: exe, configuration, daemon: 50 })
})

test('a daemon whose program was replaced while it runs keeps its path', () => {
  const [only] = found({ processes: [{ pid: 7, exe: '/usr/bin/containerd (deleted)' }] })
  expect(only?.program).toBe('/usr/bin/containerd')
})

test('k3s’s containerd is found by the name it was called by', () => {
  const configuration = '/var/lib/rancher/k3s/agent/etc/containerd/config.toml'
  const argv = ['containerd', '-c', configuration, '-a', '/run/k3s/containerd/containerd.sock']
  const exe = '/var/lib/rancher/k3s/data/0123/bin/k3s'
  const processes = [{ pid: 9, exe, argv }]
  expect(found({ processes })).toMatchObject([
    { engine: 'containerd', program: exe, configuration, daemon: 9 },
  ])
  const program = '/var/lib/rancher/k3s/data/current/bin/containerd'
  expect(found({ programs: [program] })).toMatchObject([{ program, configuration, daemon: undefined }])
  expect(found({ processes, programs: [program] })).toHaveLength(1)
})

const dockerd = { pid: 10, exe: '/usr/sbin/dockerd' }

test.each([
  ['its child', { pid: 11, exe: '/usr/bin/containerd', parent: 10 }],
  [
    'told of its file',
    {
      pid: 11,
      exe: '/usr/bin/containerd',
      argv: ['containerd', '--config', '/var/run/docker/containerd/containerd.toml'],
    },
  ],
])('a containerd that dockerd started is Docker’s own: %s', (_, containerd) => {
  const told = { programs: ['/usr/sbin/dockerd', '/usr/bin/containerd'], processes: [dockerd, containerd] }
  expect(found(told).map(({ engine }) => engine)).toEqual(['docker'])
  const files = { '/etc/containerd/config.toml': 'version = 2\n' }
  expect(found({ ...told, files })).toMatchObject([
    { engine: 'docker' },
    { engine: 'containerd', daemon: undefined },
  ])
  const own = { pid: 12, exe: '/usr/bin/containerd', argv: ['/usr/bin/containerd'] }
  expect(found({ ...told, processes: [...told.processes, own] })).toMatchObject([
    { engine: 'docker' },
    { engine: 'containerd', daemon: 12 },
  ])
})

test('daemons inside containers and of users are not this host’s', () => {
  const exe = '/usr/sbin/dockerd'
  expect(found({ processes: [{ pid: 3, exe, inContainer: true }] })).toEqual([])
  expect(found({ processes: [{ pid: 3, exe, uid: 1000 }] })).toEqual([])
})

test('two daemons of one engine are two', () => {
  const processes = [
    { pid: 3, exe: '/usr/sbin/dockerd' },
    { pid: 4, exe: '/usr/sbin/dockerd', argv: ['dockerd', '--config-file', '/etc/docker/second.json'] },
  ]
  const programs = ['/usr/sbin/dockerd']
  const files = found({ processes, programs }).map(({ configuration }) => configuration)
  expect(files).toEqual(['/etc/docker/daemon.json', '/etc/docker/second.json'])
})

test.each([
  ['Docker version 20.10.24+dfsg1, build 5d6db84', '20.10.24'],
  ['containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3', '1.6.20'],
  ['containerd github.com/containerd/containerd/v2 v2.1.9 abcdef', '2.1.9'],
  ['containerd containerd.io 1.7.24 88bf19b', '1.7.24'],
  ['crio version 1.32.0\nVersion: 1.32.0', '1.32.0'],
  ['buildkitd github.com/moby/buildkit v0.12.5 bac3f2b', '0.12.5'],
  ['usage: none', undefined],
])('version in %j', (text, version) => {
  expect(versionIn(text)).toBe(version)
})

test('the last option of a command line counts, and one without its value does not', () => {
  expect(optionOf(['a', '-c', 'x', '--config=y'], ['-c', '--config'])).toBe('y')
  expect(optionOf(['a', '-c'], ['-c'])).toBeUndefined()
})
