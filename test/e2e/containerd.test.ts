/** `ctr` on a real containerd: what is allowed runs untouched, what is refused says why, what is fixed shows inside. */

import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import {
  type Containerd,
  ctrImage,
  ctrUserImage,
  runtimeOptions,
  startContainerd,
} from './support/containerd.ts'
import { logLength, recordsOf, repaired, setPolicy } from './support/decisions.ts'
import { expectGone } from './support/leftovers.ts'
import { until } from './support/private-host.ts'
import { expectDenied, expectSentence, type Refusal, refusalIn } from './support/refusal.ts'
import { refused } from './support/refusals.ts'
import { expectUntouched, untoldBy } from './support/untouched.ts'

jest.setTimeout(120_000)

let engine: Containerd

beforeAll(async () => {
  engine = await startContainerd()
})

afterAll(async () => {
  await engine?.host.close()
})

test('a container that needs nothing runs untouched, its streams and exit status its own', async () => {
  // ctr has no word for a limit of processes.
  setPolicy(engine.host, '[rules.pids-limit]\naction = "off"\n')
  const limits = ['--memory-limit', '67108864', '--cpu-shares', '512']
  const options = [...runtimeOptions(engine.host, 'plain'), '--rm', '--seccomp', '--read-only', ...limits]
  const command = ['sh', '-c', 'echo out; echo err >&2; exit 42']
  const ran = await engine.ctr(['run', ...options, ctrUserImage, 'plain', ...command])
  setPolicy(engine.host)
  expect(ran).toMatchObject({ exitCode: 42, stdout: 'out', stderr: 'err' })
  const found = recordsOf(engine.host, 'plain')
  expectUntouched(found, untoldBy('ctr'))
  expect(found).toMatchObject([
    {
      engine: { id: 'containerd', proven: true },
      container: { id: 'plain', name: 'plain', namespace: 'default' },
    },
  ])
  await expectGone(engine.host, 'plain')
})

describe('refused', () => {
  const rows: readonly (readonly [options: string, refusal: Refusal])[] = [
    [
      '--privileged',
      {
        ...refused.privileged,
        found: /as good as privileged/,
        remedy: 'remove --privileged and --allow-new-privs',
      },
    ],
    [
      '--cap-add CAP_SYS_ADMIN',
      { ...refused.capabilities, found: /would hold CAP_SYS_ADMIN beyond/, remedy: 'remove --privileged' },
    ],
    [
      '--net-host',
      { ...refused.hostNetwork, found: /host's network namespace/, remedy: 'leave out --net-host' },
    ],
    [
      '--with-ns pid:/proc/1/ns/pid',
      { ...refused.hostPid, found: /host's process namespace/, remedy: 'leave out --with-ns pid:' },
    ],
    [
      '--mount type=bind,src=/etc,dst=/x,options=rbind:ro',
      {
        ...refused.sensitiveMounts,
        found: /\/etc at \/x \(contains \/etc\/shadow\)/,
        remedy: 'leave out that --mount',
      },
    ],
    [
      '--mount type=bind,src=/run/containerd/containerd.sock,dst=/sock,options=bind',
      {
        ...refused.dockerSocket,
        found: /the control socket \/run\/containerd\/containerd.sock/,
        remedy: 'leave out that --mount',
      },
    ],
  ]

  test.each(rows)('ctr run %s', async (options, refusal) => {
    const { host, ctr, ctrRun } = engine
    const id = `no-${refusal.rule}`
    const ran = await ctrRun(options.split(' '), id, ['true'])
    expect(ran).toMatchObject({ exitCode: 1, stdout: '' })
    expect(ran.stderr).toMatch(/^ctr: /)
    const { text, record } = refusalIn(host, ran.stderr)
    expectSentence(text, refusal)
    expectDenied(record, refusal.rule)
    expect(record.container.id).toBe(id)
    await expectGone(host, id)
    expect((await ctr(['tasks', 'list'])).stdout).not.toContain(id)
    await ctr(['containers', 'delete', id])
    expect((await ctr(['containers', 'list'])).stdout).not.toContain(id)
  })
})

describe('fixed', () => {
  beforeAll(async () => {
    await engine.ctrRun(['--detach', '--allow-new-privs'], 'fixed', ['sleep', '1000'])
  })

  test('what the profile asks for shows inside and in its cgroup', async () => {
    const command = 'grep -E "NoNewPrivs|Seccomp:" /proc/1/status; touch /x 2>&1'
    const inside = await engine.ctr(['tasks', 'exec', '--exec-id', 'look', 'fixed', 'sh', '-c', command])
    expect(inside.stdout).toBe('NoNewPrivs:\t1\nSeccomp:\t2\ntouch: /x: Read-only file system')
    expect(limitOf('memory', 'memory.limit_in_bytes', 'memory.max')).toBe('536870912')
    expect(limitOf('pids', 'pids.max', 'pids.max')).toBe('1024')
    const [record] = recordsOf(engine.host, 'fixed')
    expect(record?.verdict).toBe('fix')
    expect(record?.config.after).not.toBe(record?.config.before)
    expect(repaired(record)).toEqual([
      'memory-limit',
      'no-new-privileges',
      'pids-limit',
      'readonly-rootfs',
      'seccomp',
    ])
  })

  const limitOf = (controller: string, one: string, two: string): string => {
    const paths = [
      `${controller}${engine.host.cgroup}/fixed/${one}`,
      `${engine.host.cgroup.slice(1)}/fixed/${two}`,
    ]
    const found = paths.map((path) => join('/sys/fs/cgroup', path)).find((path) => existsSync(path))
    return found === undefined ? 'no such cgroup' : readFileSync(found, 'utf8').trim()
  }

  test('an exec has its own streams and exit status, gains no privileges and leaves no record', async () => {
    const before = logLength(engine.host)
    const command = ['sh', '-c', 'grep NoNewPrivs /proc/self/status; echo err >&2; exit 7']
    const ran = await engine.ctr(['tasks', 'exec', '--exec-id', 'one', 'fixed', ...command])
    expect(ran).toMatchObject({ exitCode: 7, stdout: 'NoNewPrivs:\t1', stderr: 'err' })
    expect(logLength(engine.host)).toBe(before)
  })

  test('a terminal is the container’s', async () => {
    const command = 'ctr tasks exec --tty --exec-id two fixed sh -c "tty; exit 4"'
    const ran = await engine.host.run('script', ['-qec', command, '/dev/null'])
    expect(ran.exitCode).toBe(4)
    expect(ran.stdout).toContain('/dev/pts/0')
  })

  test('pause, resume, ps, kill and delete are handed on untouched, whatever state the policy is in', async () => {
    const { ctr, host } = engine
    setPolicy(host, 'mode = ')
    expect(await ctr(['tasks', 'pause', 'fixed'])).toMatchObject({ exitCode: 0 })
    expect((await ctr(['tasks', 'list'])).stdout).toMatch(/fixed.*PAUSED/)
    expect(await ctr(['tasks', 'resume', 'fixed'])).toMatchObject({ exitCode: 0 })
    expect((await ctr(['tasks', 'ps', 'fixed'])).stdout).toMatch(/[0-9]+/)
    expect(await ctr(['tasks', 'kill', '--signal', 'SIGKILL', 'fixed'])).toMatchObject({ exitCode: 0 })
    await until(async () => (await ctr(['tasks', 'list'])).stdout.includes('STOPPED'), 'the task to stop')
    await ctr(['tasks', 'delete', 'fixed'])
    expect(await ctr(['containers', 'delete', 'fixed'])).toMatchObject({ exitCode: 0 })
    setPolicy(host)
    await expectGone(host, 'fixed')
  })
})

test('an exec with more than its container holds is refused', async () => {
  const { ctr, ctrRun, host } = engine
  await ctrRun(['--detach'], 'narrow', ['sleep', '1000'])
  // What Docker writes on `exec --privileged` reaches the runtime by file; ctr cannot ask for it, runc can.
  const root = ['--root', '/run/containerd/runc/default']
  const ran = await host.run(host.runtime, [...root, 'exec', '--cap', 'CAP_SYS_ADMIN', 'narrow', 'true'])
  expect(ran.exitCode).toBe(1)
  expectDenied(refusalIn(host, ran.stderr).record, 'exec-privileged')
  await ctr(['tasks', 'delete', '--force', 'narrow'])
  await ctr(['containers', 'delete', 'narrow'])
})

test('twenty at once all run, and each has its line in the log', async () => {
  const ids = Array.from({ length: 20 }, (_, index) => `crowd-${index}`)
  const ran = await Promise.all(ids.map((id) => engine.ctrRun(['--rm'], id, ['echo', id])))
  expect(ran.map(({ stdout, stderr }) => stdout + stderr)).toEqual(ids)
  expect(ids.map((id) => recordsOf(engine.host, id).filter((one) => one.container.id === id).length)).toEqual(
    ids.map(() => 1),
  )
})

test('mode warn lets everything through and says what would have been refused', async () => {
  setPolicy(engine.host, 'mode = "warn"')
  const command = ['grep', '-E', 'CapEff', '/proc/self/status']
  const ran = await engine.ctrRun(['--rm', '--cap-add', 'CAP_SYS_ADMIN'], 'warned', command)
  setPolicy(engine.host)
  expect(ran).toMatchObject({ exitCode: 0, stdout: 'CapEff:\t00000000a82425fb', stderr: '' })
  expect(recordsOf(engine.host, 'warned')).toMatchObject([{ verdict: 'would_deny', patch: [] }])
})

test('a bundle in another namespace and one of a plain folder are judged alike', async () => {
  const { ctr, host } = engine
  await ctr(['--namespace', 'site', 'images', 'import', join(host.workspace, 'image.tar')])
  const ran = await ctr([
    '--namespace',
    'site',
    'run',
    '--rm',
    ...runtimeOptions(host, 'elsewhere'),
    ctrImage,
    'elsewhere',
    'echo',
    'hi',
  ])
  expect(ran).toMatchObject({ exitCode: 0, stdout: 'hi' })
  expect(recordsOf(host, 'elsewhere')).toMatchObject([{ container: { namespace: 'site' }, verdict: 'fix' }])
  const rootfs = join(host.workspace, 'rootfs/bin')
  mkdirSync(rootfs, { recursive: true })
  await host.run('cp', ['/bin/busybox', rootfs])
  const plain = await ctr([
    'run',
    '--rm',
    ...runtimeOptions(host, 'folder'),
    '--rootfs',
    join(rootfs, '..'),
    'folder',
    '/bin/busybox',
    'id',
  ])
  expect(plain).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('uid=0') })
})
