/** Podman on real conmon: what is allowed runs untouched, what is refused says why, what is fixed shows inside. */

import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { logLength, records, recordsOf, repaired, setPolicy } from './support/decisions.ts'
import { expectGone } from './support/leftovers.ts'
import {
  podmanImage as image,
  type Podman,
  startPodman,
  podmanVersionedImage as versionedImage,
} from './support/podman.ts'
import { type Outcome, probe, until } from './support/private-host.ts'
import { expectDenied, expectSentence, type Refusal, refusalIn } from './support/refusal.ts'
import { refused } from './support/refusals.ts'
import { expectUntouched, untoldBy } from './support/untouched.ts'

jest.setTimeout(120_000)

let engine: Podman

/** `podman run` below the cgroup that is tidied up afterwards. */
const run = (...args: readonly string[]): Promise<Outcome> => engine.podman(runArguments(...args))

const runArguments = (...args: readonly string[]): readonly string[] => [
  'run',
  `--cgroup-parent=${engine.host.cgroup}`,
  ...args,
]

beforeAll(async () => {
  engine = await startPodman()
})

afterAll(async () => {
  await engine?.podman(['rm', '--force', '--all', '--time', '0'])
  await engine?.host.close()
})

test('a container that needs nothing runs untouched, its streams and exit status its own', async () => {
  const user = ['--user=1000:1000', '--security-opt=no-new-privileges', '--read-only']
  const limits = ['--memory=64m', '--pids-limit=50', '--cpu-shares=512']
  const command = ['sh', '-c', 'echo out; echo err >&2; exit 42']
  const ran = await run('--rm', '--name', 'plain', ...user, ...limits, versionedImage, ...command)
  expect(ran).toMatchObject({ exitCode: 42, stdout: 'out', stderr: 'err' })
  const found = recordsOf(engine.host, 'plain')
  expectUntouched(found, untoldBy('Podman'))
  expect(found).toMatchObject([
    { engine: { id: 'podman', proven: true }, container: { name: 'plain', image: versionedImage } },
  ])
})

describe('refused', () => {
  const leaveOut = 'leave out that -v/--mount'
  const rows: readonly (readonly [options: string, refusal: Refusal])[] = [
    [
      '--privileged',
      { ...refused.privileged, found: /as good as privileged/, remedy: 'remove --privileged' },
    ],
    [
      '--cap-add SYS_ADMIN',
      {
        ...refused.capabilities,
        found: /would hold CAP_SYS_ADMIN beyond/,
        remedy: 'remove --privileged and the --cap-add',
      },
    ],
    [
      '--network=host',
      { ...refused.hostNetwork, found: /host's network namespace/, remedy: 'leave out --network host' },
    ],
    ['--pid=host', { ...refused.hostPid, found: /host's process namespace/, remedy: 'leave out --pid host' }],
    ['--ipc=host', { ...refused.hostIpc, found: /host's IPC namespace/, remedy: 'leave out --ipc host' }],
    ['--uts=host', { ...refused.hostUts, found: /host's UTS namespace/, remedy: 'leave out --uts host' }],
    [
      '-v /etc:/x',
      {
        ...refused.sensitiveMounts,
        found: /host path \/etc at \/x \(contains \/etc\/shadow\)/,
        remedy: leaveOut,
      },
    ],
    [
      '-v /run/podman/podman.sock:/sock:ro',
      {
        ...refused.dockerSocket,
        found: /the control socket \/run\/podman\/podman.sock at \/sock/,
        remedy: leaveOut,
      },
    ],
  ]

  beforeAll(async () => {
    const socket = '/run/podman/podman.sock'
    mkdirSync(engine.host.path('/run/podman'))
    engine.host.launch('service', 'podman', ['system', 'service', '--time=0', `unix://${socket}`])
    await until(() => existsSync(engine.host.path(socket)), `${socket} to be there`)
  })

  test.each(rows)('podman run %s', async (options, refusal) => {
    const { host, podman } = engine
    const name = `no-${refusal.rule}`
    const ran = await run('--name', name, ...options.split(' '), image, 'true')
    expect(ran).toMatchObject({ exitCode: 126, stdout: '' })
    expect(ran.stderr).toMatch(/^Error: OCI runtime error: lintel: lintel refused/)
    const { text, record } = refusalIn(host, ran.stderr)
    expectSentence(text, refusal)
    expectDenied(record, refusal.rule)
    expect(record).toMatchObject({ container: { name, image }, engine: { id: 'podman', proven: true } })
    expect((await podman(['inspect', '--format', '{{.State.Status}}', name])).stdout).toBe('created')
    expect(await podman(['rm', name])).toMatchObject({ exitCode: 0 })
    await expectGone(host, record.container.id)
  })

  test('the same without the JSON log, and --rm takes the container away', async () => {
    const ran = await engine.podmanWithoutJson(
      runArguments('--rm', '--name', 'scraped', '--privileged', image, 'true'),
    )
    expect(ran.exitCode).toBe(126)
    expect(ran.stderr).toMatch(/OCI runtime error: lintel refused|OCI runtime error: lintel: lintel refused/)
    expectDenied(refusalIn(engine.host, ran.stderr).record, 'privileged')
    expect((await engine.podman(['ps', '--all', '--quiet', '--filter', 'name=scraped'])).stdout).toBe('')
  })
})

describe('fixed', () => {
  let id: string

  beforeAll(async () => {
    id = (
      await run(
        '--detach',
        '--name',
        'fixed',
        image,
        'sh',
        '-c',
        'trap "exit 9" TERM; while :; do sleep 0.1; done',
      )
    ).stdout
  })

  test('what the profile asks for shows inside, and the record tells what was changed', async () => {
    const inside = await engine.podman([
      'exec',
      'fixed',
      'sh',
      '-c',
      `${probe}; grep NoNewPrivs /proc/1/status`,
    ])
    expect(inside.stdout).toBe(
      'NoNewPrivs:\t1\nSeccomp:\t2\nmemory 536870912\npids 2048\nroot read-only\ntmp writable\nNoNewPrivs:\t1',
    )
    const [record] = recordsOf(engine.host, 'fixed')
    expect(record).toMatchObject({ verdict: 'fix', container: { id } })
    expect(record?.config.after).not.toBe(record?.config.before)
    expect(repaired(record)).toEqual(['memory-limit', 'no-new-privileges', 'readonly-rootfs'])
  })

  test('an exec has its own streams, user and exit status and leaves no record', async () => {
    const before = logLength(engine.host)
    const command = [
      'sh',
      '-c',
      'echo $(id -u) $(cat) $(grep NoNewPrivs /proc/self/status); echo err >&2; exit 7',
    ]
    const ran = await engine.podman(['exec', '-i', '-u', '1000', 'fixed', ...command], { input: 'in' })
    expect(ran).toMatchObject({ exitCode: 7, stdout: '1000 in NoNewPrivs: 1', stderr: 'err' })
    expect(logLength(engine.host)).toBe(before)
  })

  test('a terminal is the container’s', async () => {
    const exec = await engine.podmanTerminal(`exec -it fixed sh -c 'tty; exit 4'`)
    expect(exec).toMatchObject({ exitCode: 4, stdout: expect.stringContaining('/dev/pts/0') })
    const ran = await engine.podmanTerminal(runArguments('--rm', '-it', image, 'tty').join(' '))
    expect(ran).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('/dev/pts/0') })
  })

  test('exec --privileged is refused in the engine’s words', async () => {
    const ran = await engine.podman(['exec', '--privileged', 'fixed', 'true'])
    expect(ran.exitCode).toBe(255)
    const { text, record } = refusalIn(engine.host, ran.stderr)
    const remedy = 'leave out --privileged and --cap-add of podman exec'
    expectSentence(text, { ...refused.execPrivileged, found: /the command would hold CAP_/, remedy })
    expectDenied(record, 'exec-privileged')
  })

  test('an update of a limit within the policy passes and holds', async () => {
    expect(await engine.podman(['update', '--memory=100m', 'fixed'])).toMatchObject({ exitCode: 0 })
    expect((await engine.podman(['exec', 'fixed', 'sh', '-c', probe])).stdout).toContain('memory 104857600\n')
    expect(records(engine.host).at(-1)).toMatchObject({
      operation: 'update',
      verdict: 'allow',
      container: { id },
    })
  })

  test('an update beyond any host is refused', async () => {
    const ran = await engine.podman(['update', '--memory=900t', 'fixed'])
    expect(ran.exitCode).toBe(125)
    expectDenied(refusalIn(engine.host, ran.all).record, 'memory-limit')
  })

  test('pause, top, stop, start, restart and rm work while the policy is broken', async () => {
    const { host, podman } = engine
    setPolicy(host, 'mode = "enforce"')
    await run('--rm', image, 'true')
    setPolicy(host, 'mode = ')
    expect(await podman(['pause', 'fixed'])).toMatchObject({ exitCode: 0 })
    expect(await podman(['unpause', 'fixed'])).toMatchObject({ exitCode: 0 })
    expect((await podman(['top', 'fixed', 'args'])).stdout).toContain('sleep 0.1')
    expect(await podman(['stop', '--time', '10', 'fixed'])).toMatchObject({ exitCode: 0 })
    expect((await podman(['inspect', '--format', '{{.State.ExitCode}}', 'fixed'])).stdout).toBe('9')
    expect(await podman(['start', 'fixed'])).toMatchObject({ exitCode: 0 })
    expect(await podman(['restart', '--time', '10', 'fixed'])).toMatchObject({ exitCode: 0 })
    expect((await podman(['exec', 'fixed', 'sh', '-c', probe])).stdout).toContain('NoNewPrivs:\t1')
    const creates = recordsOf(host, id).filter(({ operation }) => operation === 'create')
    expect(creates.map(({ verdict }) => verdict)).toEqual(['fix', 'fix', 'fix'])
    expect(creates[2]?.policy.broken).toMatch(/^\/etc\/lintel\/policy\.toml:2/)
    expect(await podman(['kill', 'fixed'])).toMatchObject({ exitCode: 0 })
    expect(await podman(['rm', '--force', '--time', '0', 'fixed'])).toMatchObject({ exitCode: 0 })
    setPolicy(host)
    await expectGone(host, id)
  })
})

test('a pod’s containers share its namespaces and files', async () => {
  const { podman, host } = engine
  const infra = [`--infra-image=${image}`, '--infra-command=sleep 1000']
  await podman([
    'pod',
    'create',
    '--name',
    'pod',
    `--cgroup-parent=${host.cgroup}`,
    '--network=none',
    ...infra,
  ])
  const ran = await podman(['run', '--rm', '--pod', 'pod', '--name', 'member', image, 'hostname'])
  expect(ran).toMatchObject({ exitCode: 0, stdout: 'pod', stderr: '' })
  expect(recordsOf(host, 'member')).toMatchObject([{ verdict: 'fix' }])
  await podman(['pod', 'rm', '--force', '--time', '0', 'pod'])
})

test('a container may join another’s network, IPC and process namespaces', async () => {
  await run('--detach', '--name', 'other', '--ipc=shareable', image, 'sleep', '1000')
  const joined = ['--network=container:other', '--ipc=container:other', '--pid=container:other']
  const ran = await run('--rm', ...joined, image, 'ps')
  expect(ran).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('sleep 1000') })
  await engine.podman(['rm', '--force', '--time', '0', 'other'])
})

test('twenty at once all run, and each has its line in the log', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `crowd-${index}`)
  const ran = await Promise.all(names.map((name) => run('--rm', '--name', name, image, 'echo', name)))
  expect(ran.map(({ stdout, stderr }) => stdout + stderr)).toEqual(names)
  expect(names.map((name) => recordsOf(engine.host, name).length)).toEqual(names.map(() => 1))
})

test('a policy named by a runtime flag serves, and the flag stays with lintel', async () => {
  const { host, podman } = engine
  const file = join(host.workspace, 'policy.toml')
  writeFileSync(file, 'version = 1\nmode = "warn"\n', { mode: 0o644 })
  const command = ['grep', 'CapEff', '/proc/self/status']
  const flags = ['--runtime-flag', `lintel-policy=${file}`]
  const ran = await podman([
    ...flags,
    ...runArguments('--rm', '--name', 'warned', '--cap-add=SYS_ADMIN', image, ...command),
  ])
  expect(ran.stderr).toBe('')
  expect(ran.stdout).toBe('CapEff:\t00000000a82425fb')
  expect(recordsOf(host, 'warned')).toMatchObject([{ verdict: 'would_deny', mode: 'warn', patch: [] }])
})

test('a build works where the policy leaves the root writable', async () => {
  const { host, podman } = engine
  setPolicy(host, '[rules.readonly-rootfs]\naction = "off"\n')
  const folder = join(host.workspace, 'context')
  mkdirSync(folder)
  writeFileSync(
    join(folder, 'Dockerfile'),
    `FROM ${image}\nRUN grep NoNewPrivs /proc/self/status > /made && cat /made\n`,
  )
  const built = await podman(['build', '--no-cache', '--tag', 'built', folder])
  setPolicy(host)
  expect(built.stderr + built.stdout).toContain('NoNewPrivs:\t1')
  expect(built.exitCode).toBe(0)
})
