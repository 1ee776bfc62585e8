/** The checks of lintel doctor for the host's state: what each finds, and that it is silent where there is nothing. */
import { expect, test } from '@jest/globals'
import { readDecisions } from '../src/doctor/decisions.ts'
import { effectOf } from '../src/doctor/effect.ts'
import { logState } from '../src/doctor/log-state.ts'
import { overwritten } from '../src/doctor/overwritten.ts'
import { policyState } from '../src/doctor/policy-state.ts'
import { runtimeVersion } from '../src/doctor/runtime-version.ts'
import { securityModules } from '../src/doctor/security-modules.ts'
import { unjudgedContainers } from '../src/doctor/unjudged-containers.ts'
import { stateFile } from '../src/installation/state.ts'
import {
  docker,
  engineOf,
  logFile,
  plain,
  podman,
  sceneOf,
  through,
  undiverted,
} from './support/doctor-scene.ts'
import { type MemoryHost, memoryHost, now } from './support/memory-host.ts'

const id = (letter: string): string => letter.repeat(64)
const record = (more: object): string =>
  `${JSON.stringify({
    version: 1,
    id: 'r',
    time: '2027-03-01T11:59:00.000001Z',
    host: 'here',
    lintel: '0.1.0',
    policy: { digest: 'built-in', profile: 'p', broken: 'x"operation":"create"' },
    operation: 'create',
    container: { id: id('a'), name: 'web"}' },
    engine: { id: 'docker', proven: true, caller: 'c', uid: 0 },
    mode: 'enforce',
    verdict: 'allow',
    findings: [],
    ...more,
  })}\n`

test('decisions: last of every engine, judged ids and a day’s verdicts, of rotated and compressed files too', () => {
  const files = {
    [logFile]: `${record({})}${record({ time: '2027-03-01T11:00:00Z', verdict: 'deny', container: { id: id('b') } })}torn {"time`,
    [`${logFile}.1`]: record({ time: '2027-02-20T00:00:00Z', container: { id: id('c') }, operation: 'exec' }),
    [`${logFile}.2.gz`]: record({
      time: '2027-02-01T00:00:00Z',
      container: { id: id('d') },
      engine: { id: 'podman', proven: false, caller: '', uid: 0 },
    }),
    [`${logFile}.old`]: record({ container: { id: id('e') } }),
  }
  const read = readDecisions(memoryHost({ files }).host, logFile, '2027-02-28T12:00:00Z')
  expect(read).toMatchObject({ problems: [], since: '2027-02-01T00:00:00Z' })
  expect([...read.judged].toSorted()).toEqual([id('a'), id('b'), id('d')])
  expect(read.counts).toEqual({ allow: 1, fix: 0, deny: 1, would_deny: 0 })
  expect([...read.last]).toEqual([
    ['docker', { time: '2027-03-01T11:59:00.000001Z', container: id('a'), verdict: 'allow' }],
  ])
  const packed = { ...files, [`${logFile}.3.xz`]: '' }
  expect(readDecisions(memoryHost({ files: packed }).host, logFile, '').problems).toEqual([
    expect.stringContaining(`${logFile}.3.xz`),
  ])
  expect(readDecisions(memoryHost({}).host, logFile, '')).toMatchObject({ problems: [], since: undefined })
})

test('running containers without a decision are told of, by place', () => {
  const task = '/run/containerd/io.containerd.runtime.v2.task'
  const custom = '/custom/io.containerd.runtime.v2.task'
  const files = {
    [logFile]: record({}),
    [`${task}/moby/${id('a')}/init.pid`]: '70',
    [`${task}/moby/${id('b')}/init.pid`]: '70',
    [`${task}/moby/${id('c')}/init.pid`]: '71',
    [`${custom}/k8s.io/${id('d')}/init.pid`]: '70',
    '/run/runc/mine/state.json': '{"id":"mine","init_process_pid":70}',
    '/run/crun/other/status': '{"pid" : 70, "bundle": "/b"}',
    '/run/crun/ended/status': '{"pid" : 71, "bundle": "/b"}',
  }
  const processes = [
    { pid: 70, exe: '/bin/sleep' },
    { pid: 72, exe: '/usr/bin/containerd-shim-runc-v2', cwd: `${custom}/k8s.io/${id('d')}` },
  ]
  const found = unjudgedContainers(sceneOf({ files, processes }))
  expect(found.map(({ about, message }) => `${about}: ${message}`)).toEqual([
    'docker: a container runs that no decision covers: bbbbbbbbbbbb',
    'containerd namespace k8s.io: a container runs that no decision covers: dddddddddddd',
    '/run/runc: a container runs that no decision covers: mine',
    '/run/crun: a container runs that no decision covers: other',
  ])
  expect(unjudgedContainers(sceneOf({ files: { [logFile]: record({}) }, processes }))).toEqual([])
})

test('policy: a good one is silent; files of others, bad ones, break-glass and old exemptions are not', () => {
  const file = '/etc/lintel/policy.toml'
  const of = (text: string, more: Partial<MemoryHost> = {}, mode = 0o644) =>
    policyState(sceneOf({ files: { [file]: { text, mode } }, ...more }))
  expect(of('version = 1\n')).toEqual([])
  expect(of('version = 1\n', {}, 0o666)).toMatchObject([
    {
      level: 'problem',
      message: expect.stringContaining('chmod go-w'),
      advice: expect.stringContaining('refused'),
    },
  ])
  expect(of('version = 1\nmood = "warn"\n')).toMatchObject([{ level: 'problem', about: 'policy' }])
  const times = { since: '2027-03-01T11:00:00Z', until: '2027-03-01T13:00:00Z' }
  const breakGlass = { ...times, by: 'uid 0', reason: 'fire', running: true }
  expect(of('version = 1\n', { breakGlass })).toMatchObject([{ level: 'problem', about: 'break-glass' }])
  expect(of('version = 1\n', { breakGlass: { ...breakGlass, running: false } })).toEqual([])
})

test('policy: mode warn is a note, an expired exemption a problem', () => {
  const exemption = { rules: ['privileged'], where: { name: 'x' }, reason: 'r', owner: 'o' }
  const scene = sceneOf({})
  const states = policyState({
    ...scene,
    policy: {
      ...scene.policy,
      mode: 'warn',
      exemptions: [
        { ...exemption, expires: '2027-02-28' },
        { ...exemption, expires: '2027-03-01' },
      ],
    },
  })
  expect(states).toMatchObject([
    { level: 'note', about: 'policy' },
    { level: 'problem', about: 'exemption 1 (privileged; o)' },
  ])
})

test.each([
  ['another owner', { text: '', uid: 33 }, 'belongs to uid 33'],
  ['others may write', { text: '', mode: 0o666 }, 'can be written by others (mode 666)'],
  ['never rotated', { text: '', size: 3 * 1024 ** 3 }, 'is 3072 MiB large'],
])('log: %s is a problem', (_, file, message) => {
  expect(logState(sceneOf({ files: { [logFile]: file } }))).toMatchObject([
    { level: 'problem', message: expect.stringContaining(message) },
  ])
})

test('log: a good one is silent, none is a note', () => {
  expect(logState(sceneOf({ files: { [logFile]: { text: '', mode: 0o600 } } }))).toEqual([])
  expect(logState(sceneOf({}))).toMatchObject([{ level: 'note' }])
})

const runcOf = (version: string, prints: { readonly [command: string]: string } = {}): MemoryHost => ({
  ...undiverted,
  prints: { '/usr/sbin/runc --version': `runc version ${version}\ncommit: x\n`, ...prints },
})

test('runtime: none is a problem, a current one is silent, one that does not tell is a note', () => {
  expect(runtimeVersion(sceneOf({}))).toMatchObject([{ level: 'problem', about: 'runtime' }])
  expect(runtimeVersion(sceneOf(runcOf('1.4.3')))).toEqual([])
  expect(runtimeVersion(sceneOf(undiverted))).toMatchObject([{ level: 'note', about: '/usr/sbin/runc' }])
})

test('runtime: vulnerabilities of the release are a problem, unless the package’s changelog names them', () => {
  expect(runtimeVersion(sceneOf(runcOf('1.1.11')))).toMatchObject([
    {
      level: 'problem',
      message: expect.stringMatching(/^runc 1\.1\.11 has CVE-2026-41579, .*CVE-2024-21626$/),
    },
  ])
  const all = 'CVE-2026-41579 CVE-2025-52881 CVE-2025-52565 CVE-2025-31133 CVE-2024-45310'
  const debian = {
    'dpkg-query --search /usr/sbin/runc': 'runc: /usr/sbin/runc\n',
    'dpkg-query --show runc': 'runc\t1.1.5+ds1-1+deb12u1\n',
    'gzip -dcf /usr/share/doc/runc/changelog.Debian.gz': '* CVE-2024-21626: leak\n',
  }
  expect(runtimeVersion(sceneOf(runcOf('1.1.5+ds1', debian)))).toMatchObject([
    {
      level: 'note',
      message: 'runc 1.1.5+ds1-1+deb12u1 has repaired CVE-2024-21626 in runc 1.1.5+ds1, by its changelog',
    },
    { level: 'problem', message: expect.not.stringContaining('CVE-2024-21626') },
  ])
  const rpm = {
    'rpm --query --file /usr/sbin/runc': 'runc-1.1.12-3.el9.x86_64\n',
    'rpm --query --changelog runc-1.1.12-3.el9.x86_64': all,
  }
  expect(runtimeVersion(sceneOf(runcOf('1.1.12', rpm))).map(({ level }) => level)).toEqual(['note'])
})

test('security modules are one note', () => {
  const files = { '/sys/fs/selinux/enforce': '1', '/sys/module/apparmor/parameters/enabled': 'N\n' }
  expect(securityModules(sceneOf({ files }))).toMatchObject([
    { level: 'note', message: 'SELinux enforcing, AppArmor off', advice: '' },
  ])
  expect(securityModules(sceneOf({}))).toMatchObject([{ advice: expect.stringContaining('neither') }])
})

const stateWith = (more: object): string =>
  JSON.stringify({
    version: 1,
    registered: [
      {
        installation: {
          engine: 'docker',
          program: '/usr/sbin/dockerd',
          configuration: '/etc/docker/daemon.json',
        },
        runtime: '/usr/bin/lintel',
        since: '2027-02-01T00:00:00Z',
        files: [{ path: '/etc/docker/daemon.json', before: '{}', after: 'ours' }],
        folders: [],
      },
    ],
    leftovers: [],
    ...more,
  })

test('overwritten: who changed our files is told, with whether lintel is still in them', () => {
  const engines = [docker]
  const of = (files: MemoryHost['files'], others = engines) =>
    overwritten(sceneOf({ files: files ?? {} }, others))
  expect(of({})).toEqual([])
  expect(of({ [stateFile]: stateWith({}), '/etc/docker/daemon.json': 'ours' })).toEqual([])
  const edited = { text: 'theirs', uid: 33, modified: Date.parse('2027-02-03T04:05:06Z') }
  const files = { [stateFile]: stateWith({}), '/etc/docker/daemon.json': edited }
  expect(of(files)).toMatchObject([
    {
      level: 'note',
      message: expect.stringContaining('changed (last on 2027-02-03T04:05:06Z; it belongs to uid 33)'),
    },
  ])
  expect(of(files, [engineOf('docker', [{ ...plain, isDefault: true }])])).toMatchObject([
    {
      level: 'problem',
      about: '/etc/docker/daemon.json',
      message: expect.stringContaining('no longer in it'),
    },
  ])
  expect(of({ [stateFile]: stateWith({}) })).toMatchObject([
    { message: expect.stringContaining('was removed') },
  ])
  expect(of({ [stateFile]: 'x' })).toMatchObject([{ level: 'problem', about: stateFile }])
})

test('a change that was broken off is a problem', () => {
  const pending = {
    action: 'install',
    since: '2027-02-01T00:00:00Z',
    steps: [],
    folders: [],
    engines: [],
    told: true,
    runtime: '/r',
  }
  const files = { [stateFile]: stateWith({ pending }), '/etc/docker/daemon.json': 'ours' }
  expect(overwritten(sceneOf({ files }, [docker]))).toMatchObject([
    { level: 'problem', message: expect.stringContaining('broken off') },
  ])
})

test('effective: podman is asked, and files newer than a containerd are not in force', () => {
  const info =
    'env -u CONTAINERS_CONF -u CONTAINERS_CONF_OVERRIDE /usr/bin/podman info --format {{.Host.OCIRuntime.Path}}'
  const asks = (path: string) =>
    effectOf(sceneOf({ prints: { [info]: `${path}\n` } }, [podman]), podman).state
  expect([asks('/usr/bin/lintel'), asks('/usr/bin/crun')]).toEqual(['yes', 'no'])
  expect(effectOf(sceneOf({}), podman).state).toBe('unknown')
  expect(effectOf(sceneOf({}), engineOf('podman', [{ ...plain, isDefault: true }])).state).toBe('no')
  const containerd = engineOf('containerd', [through], { daemon: 6, text: 'version = 2' })
  const processes = [{ pid: 6, exe: '/usr/bin/containerd', started: 100 }]
  const files = { '/etc/x': { text: 'version = 2', modified: now } }
  expect(effectOf(sceneOf({ processes, files }), containerd)).toMatchObject({
    state: 'no',
    why: expect.stringContaining('/etc/x is newer than the daemon'),
  })
  expect(effectOf(sceneOf({ processes, files: { '/etc/x': 'version = 2' } }), containerd).why).not.toContain(
    'newer',
  )
})
