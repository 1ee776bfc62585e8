/** The checks of lintel doctor for engines and ways round: what each finds, and that it is silent where there is nothing. */
import { expect, test } from '@jest/globals'
import { containersConfigurationVariable } from '../src/doctor/containers-configuration-variable.ts'
import { dockerBuilds } from '../src/doctor/docker-builds.ts'
import { dockerPort } from '../src/doctor/docker-port.ts'
import { dockerRuncName } from '../src/doctor/docker-runc-name.ts'
import { dockerShimNames } from '../src/doctor/docker-shim-names.ts'
import { enginesElsewhere } from '../src/doctor/engines-elsewhere.ts'
import { installed } from '../src/doctor/installed-runtime.ts'
import { otherHandlers } from '../src/doctor/other-handlers.ts'
import { otherRuntimes } from '../src/doctor/other-runtimes.ts'
import { otherShims } from '../src/doctor/other-shims.ts'
import { podmanPort } from '../src/doctor/podman-port.ts'
import { registered, standingOf } from '../src/doctor/registered.ts'
import { rootlessConfigurations } from '../src/doctor/rootless-configurations.ts'
import {
  abouts,
  diverted,
  docker,
  engineOf,
  plain,
  podman,
  sceneOf,
  through,
  undiverted,
} from './support/doctor-scene.ts'
import type { MemoryHost } from './support/memory-host.ts'

test('opt-in counts only where it was wanted; else a default that is not lintel is a problem', () => {
  const handlers = [
    { ...plain, name: 'runc', isDefault: true },
    { ...through, isDefault: false },
  ]
  const lost = engineOf('containerd', handlers, { daemon: 5 })
  expect(standingOf(lost)).toBe('no')
  expect(abouts(registered(sceneOf({}, [lost])))).toEqual(['containerd'])
  const wanted = { ...lost, optIn: 'lintel' }
  expect(standingOf(wanted)).toBe('opt-in')
  expect(registered(sceneOf({}, [wanted]))).toEqual([])
  expect(otherHandlers(sceneOf({}, [wanted])).map(({ message }) => message)).toEqual([
    'lintel is the handler lintel alone: a container that does not ask for it is made by /usr/bin/crun',
    'a RuntimeClass with handler runc calls /usr/bin/crun (/etc/x:3)',
  ])
  expect(standingOf({ ...wanted, optIn: 'gone' })).toBe('no')
})

test('registered: an engine that calls lintel is fine, one that does not is a problem', () => {
  const good = engineOf('docker', [through])
  expect(registered(sceneOf({}, [good]))).toEqual([])
  expect(standingOf(good)).toBe('yes')
  const bad = engineOf('docker', [{ ...plain, isDefault: true }], { daemon: 5 })
  expect(standingOf(bad)).toBe('no')
  expect(registered(sceneOf({}, [bad]))).toMatchObject([
    { level: 'problem', about: 'docker', advice: 'lintel install docker' },
  ])
  const idle = engineOf('crio', [{ ...plain, isDefault: true }])
  expect(registered(sceneOf({}, [idle]))).toMatchObject([
    { level: 'note', message: expect.stringContaining('does not run') },
  ])
  const withoutCri = engineOf('containerd', [])
  expect(standingOf(withoutCri)).toBe('none')
  expect(registered(sceneOf({}, [withoutCri]))).toEqual([])
})

test('registered: a program that is not there and a file nobody can read are problems', () => {
  const gone = engineOf('crio', [{ ...through, program: undefined, isLintel: false }])
  expect(registered(sceneOf({}, [gone])).map(({ message }) => message)).toEqual([
    expect.stringContaining('runtime lintel is /usr/bin/lintel, which is no program here (/etc/x:3)'),
  ])
  const broken = engineOf('crio', '/etc/x:1:2: no TOML')
  expect(standingOf(broken)).toBe('unknown')
  expect(registered(sceneOf({}, [broken]))).toMatchObject([{ message: '/etc/x:1:2: no TOML' }])
})

test('other handlers: those beside lintel are ways round, none where the engine is not registered', () => {
  const partly = engineOf('containerd', [through, plain])
  expect(standingOf(partly)).toBe('partly')
  expect(otherHandlers(sceneOf({}, [partly]))).toMatchObject([
    {
      level: 'way-round',
      message: 'a RuntimeClass with handler crun calls /usr/bin/crun (/etc/x:3)',
      divert: 'closes',
    },
  ])
  expect(otherHandlers(sceneOf({}, [engineOf('containerd', [through])]))).toEqual([])
  expect(otherHandlers(sceneOf({}, [engineOf('containerd', [{ ...plain, isDefault: true }])]))).toEqual([])
})

test.each([
  ['docker run --runtime runc', dockerRuncName],
  ['docker run --runtime io.containerd.runc.v2', dockerShimNames],
  ['docker build', dockerBuilds],
])('%s: open while runc is not lintel, closed once it is diverted', (_, check) => {
  expect(check(sceneOf(undiverted, [docker]))).toMatchObject([
    {
      level: 'way-round',
      about: 'docker',
      message: expect.stringContaining('/usr/sbin/runc'),
      divert: 'closes',
    },
  ])
  expect(check(sceneOf(diverted, [docker]))).toEqual([])
  expect(check(sceneOf(undiverted, [engineOf('podman', [through])]))).toEqual([])
  expect(check(sceneOf({}, [docker]))).toEqual([])
})

test('the runc of shims is looked for in containerd’s own folder first, then on its PATH', () => {
  const processes = [{ pid: 5, exe: '/usr/bin/containerd', environ: ['PATH=/own/bin:/usr/sbin'] }]
  const programs = ['/own/bin/runc', '/usr/sbin/runc']
  const [first] = dockerRuncName(sceneOf({ processes, programs }, [docker]))
  expect(first?.message).toContain('/own/bin/runc')
  const [opt] = dockerRuncName(
    sceneOf({ processes, programs: [...programs, '/opt/containerd/bin/runc'] }, [docker]),
  )
  expect(opt?.message).toContain('/opt/containerd/bin/runc')
})

test('a redefined shim name is closed', () => {
  const redefined = engineOf('docker', [
    through,
    { ...through, name: 'io.containerd.runc.v2', isDefault: false },
  ])
  expect(dockerShimNames(sceneOf(undiverted, [redefined]))).toEqual([])
})

test('dockerd told of another runc for builds is judged by that one', () => {
  const environ = ['DOCKER_BUILDKIT_RUNC_COMMAND=/usr/bin/lintel']
  const processes = [{ pid: 5, exe: '/usr/sbin/dockerd', environ }]
  expect(dockerBuilds(sceneOf({ ...undiverted, processes }, [docker]))).toEqual([])
  const other = [{ pid: 5, exe: '/usr/sbin/dockerd', environ: ['DOCKER_BUILDKIT_RUNC_COMMAND=/srv/runc'] }]
  expect(dockerBuilds(sceneOf({ programs: ['/srv/runc'], processes: other }, [docker]))).toMatchObject([
    { divert: 'leaves open' },
  ])
})

test('other shims: all but runc’s, once each', () => {
  const programs = [
    '/usr/bin/containerd-shim-runc-v2',
    '/usr/bin/containerd-shim',
    '/usr/local/bin/containerd-shim-kata-v2',
    '/usr/bin/containerd-shim-kata-v2',
    '/opt/containerd/bin/containerd-shim-runsc-v1',
  ]
  const found = otherShims(sceneOf({ programs }, [docker]))
  expect(abouts(found)).toEqual([
    '/opt/containerd/bin/containerd-shim-runsc-v1',
    '/usr/local/bin/containerd-shim-kata-v2',
  ])
  expect(found[1]?.message).toContain('io.containerd.kata.v2')
  expect(otherShims(sceneOf({ programs }, [engineOf('podman', [through])]))).toEqual([])
  expect(otherShims(sceneOf({ programs: programs.slice(0, 2) }, [docker]))).toEqual([])
})

test('other runtimes: each file once, none that is lintel or kept behind it', () => {
  const programs = ['/usr/bin/crun', '/usr/local/bin/youki', '/usr/libexec/lintel/runc', '/usr/bin/ls']
  const files = { '/usr/sbin/crun': { text: '', mode: 0o755, same: '/usr/bin/crun' } }
  expect(otherRuntimes(sceneOf({ programs, files, ...diverted }))).toMatchObject([
    { about: '/usr/local/bin/youki', divert: 'leaves open' },
    { about: '/usr/sbin/crun', divert: 'closes', advice: 'lintel install --divert' },
  ])
  expect(otherRuntimes(sceneOf(diverted))).toEqual([])
})

test('a lintel that others can change is not taken for lintel', () => {
  const files = { '/usr/sbin/runc': { text: '', mode: 0o777 } }
  expect(abouts(otherRuntimes(sceneOf({ ...diverted, files })))).toEqual(['/usr/sbin/runc'])
  const owned = { '/usr/sbin/runc': { text: '', mode: 0o755, uid: 1000 } }
  expect(abouts(otherRuntimes(sceneOf({ ...diverted, files: owned })))).toEqual(['/usr/sbin/runc'])
})

test('installed runtime: a missing or changeable one is a problem, but only where an engine is told of lintel', () => {
  const lintel = ['/usr/bin/lintel', '/usr/bin/lintel-runtime']
  expect(installed(sceneOf({ lintel }, [docker]))).toEqual([])
  expect(installed(sceneOf({}, [docker]))).toMatchObject([
    { message: expect.stringContaining('lintel-runtime is missing') },
  ])
  expect(installed(sceneOf({}, [engineOf('docker', [plain])]))).toEqual([])
})

const passwd =
  'root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n'

test.each([
  ['.config/containers/containers.conf', '[engine]\nruntime = "crun"\n'],
  ['.config/containers/containers.conf.d/x.conf', '[engine.runtimes]\nrunc = ["/tmp/runc"]\n'],
  ['.config/containers/containers.conf', 'not toml ['],
  ['.config/docker/daemon.json', '{}'],
])('rootless: ~/%s with %j is a way round', (path, text) => {
  const files = { '/etc/passwd': passwd, [`/home/ann/${path}`]: text }
  expect(rootlessConfigurations(sceneOf({ files }))).toMatchObject([
    { level: 'way-round', about: `/home/ann/${path}`, message: expect.stringContaining('user ann') },
  ])
})

test('rootless: files that leave the runtime alone or name lintel are fine, daemons of users are not', () => {
  const daemon = JSON.stringify({ 'default-runtime': 'l', runtimes: { l: { path: '/usr/bin/lintel' } } })
  const files = {
    '/etc/passwd': passwd,
    '/home/ann/.config/containers/containers.conf': '[containers]\npids_limit = 5\n',
    '/home/ann/.config/docker/daemon.json': daemon,
  }
  expect(rootlessConfigurations(sceneOf({ files }))).toEqual([])
  const processes = [
    { pid: 8, exe: '/usr/bin/dockerd', uid: 1000 },
    { pid: 9, exe: '/usr/bin/dockerd' },
  ]
  expect(abouts(rootlessConfigurations(sceneOf({ processes })))).toEqual(['dockerd (pid 8)'])
})

test.each([
  '/etc/environment',
  '/etc/profile.d/podman.sh',
  '/etc/systemd/system/app.service',
  '/etc/systemd/system/app.service.d/env.conf',
])('CONTAINERS_CONF in %s is a way round', (path) => {
  const files = { [path]: 'A=1\nEnvironment=CONTAINERS_CONF=/tmp/own.conf\n' }
  expect(containersConfigurationVariable(sceneOf({ files }, [podman]))).toMatchObject([
    { about: path, message: expect.stringContaining('sets CONTAINERS_CONF to /tmp/own.conf') },
  ])
  expect(containersConfigurationVariable(sceneOf({ files }, [docker]))).toEqual([])
})

test('CONTAINERS_CONF in a comment or under another name is none', () => {
  const files = {
    '/etc/environment': '# CONTAINERS_CONF=/x\nMY_CONTAINERS_CONF_DIR=/y\nCONTAINERS_CONF_DIR=/z\n',
  }
  expect(containersConfigurationVariable(sceneOf({ files }, [podman]))).toEqual([])
})

test('engines in containers are ways round, those of the host are not', () => {
  const processes = [
    { pid: 3, exe: '/usr/local/bin/dockerd', inContainer: true },
    { pid: 4, exe: '/usr/sbin/dockerd' },
    { pid: 5, exe: '/usr/bin/bash', inContainer: true },
  ]
  expect(abouts(enginesElsewhere(sceneOf({ processes })))).toEqual(['dockerd (pid 3)'])
})

const dockerd = (...argv: readonly string[]): MemoryHost => ({
  processes: [{ pid: 5, exe: '/usr/sbin/dockerd', argv: ['dockerd', ...argv] }],
})
const inFile = (settings: object) =>
  engineOf('docker', [through], { daemon: 5, text: JSON.stringify(settings) })

test.each([
  ['-H', 'tcp://0.0.0.0:2375'],
  ['--host', 'tcp://0.0.0.0:2375'],
  ['--host=tcp://0.0.0.0:2375'],
  ['-H=tcp://0.0.0.0:2375'],
])('dockerd %s %s gives its API away', (...argv) => {
  expect(dockerPort(sceneOf(dockerd(...argv), [docker]))).toMatchObject([
    { level: 'problem', message: expect.stringContaining('tcp://0.0.0.0:2375') },
  ])
  expect(dockerPort(sceneOf(dockerd(...argv, '--tlsverify'), [docker]))).toEqual([])
})

test('so does hosts in daemon.json, unless clients are verified', () => {
  const hosts = ['fd://', 'tcp://10.0.0.1:4243']
  expect(dockerPort(sceneOf(dockerd(), [inFile({ hosts })]))).toMatchObject([
    { message: expect.stringContaining('tcp://10.0.0.1:4243') },
  ])
  expect(dockerPort(sceneOf(dockerd(), [inFile({ hosts, tlsverify: true })]))).toEqual([])
})

test('a word that is another option’s value verifies nobody', () => {
  const argv = ['-Htcp://0.0.0.0:2375', '--label', '--tlsverify']
  expect(dockerPort(sceneOf(dockerd(...argv), [docker]))).toMatchObject([
    { message: expect.stringContaining('tcp://0.0.0.0:2375') },
  ])
})

test('Podman’s service on TCP is told of, unless clients are verified', () => {
  const podmanWith = (...argv: readonly string[]): MemoryHost => ({
    processes: [{ pid: 7, exe: '/usr/bin/podman', argv: ['podman', ...argv] }],
  })
  const service = ['system', 'service', '--time=0', 'tcp://0.0.0.0:8080']
  expect(podmanPort(sceneOf(podmanWith(...service)))).toMatchObject([
    { level: 'problem', about: 'podman (pid 7)', message: expect.stringContaining('tcp://0.0.0.0:8080') },
  ])
  for (const other of [
    [...service, '--tls-client-ca=/etc/ca.pem'],
    ['system', 'service', 'unix:///run/podman/podman.sock'],
    ['run', 'image', 'tcp://0.0.0.0:8080'],
  ])
    expect(podmanPort(sceneOf(podmanWith(...other)))).toEqual([])
})

test('whoever else listens on 2375 is told of', () => {
  const row = (port: string, state: string): string =>
    `  sl  local_address\n   0: 00000000:${port} 00000000:0000 ${state} 00000000:00000000\n`
  const listening = { files: { '/proc/net/tcp': row('0947', '0A') } }
  expect(dockerPort(sceneOf(listening, [docker]))).toMatchObject([
    { message: expect.stringContaining('2375') },
  ])
  for (const other of [row('0948', '0A'), row('0947', '01')])
    expect(dockerPort(sceneOf({ files: { '/proc/net/tcp6': other } }, [docker]))).toEqual([])
})
