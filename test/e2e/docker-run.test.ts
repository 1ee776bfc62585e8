/** `docker run` on a real dockerd: what is allowed runs untouched, what is refused says why, what is fixed shows inside. */

import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { outcomes, recordsOf, repaired, setPolicy } from './support/decisions.ts'
import { blameless, type Docker, startDocker } from './support/dockerd.ts'
import { image, versionedImage } from './support/image.ts'
import { expectGone } from './support/leftovers.ts'
import { probe } from './support/private-host.ts'
import { expectDenied, expectSentence, type Refusal, refusalIn } from './support/refusal.ts'
import { refused } from './support/refusals.ts'
import { expectUntouched, untoldBy } from './support/untouched.ts'

jest.setTimeout(120_000)

let engine: Docker

beforeAll(async () => {
  engine = await startDocker()
})

afterAll(async () => {
  await engine?.host.close()
})

test('a container that needs nothing runs untouched, its streams and exit status its own', async () => {
  const command = ['sh', '-c', 'echo out; echo err >&2; exit 42']
  const ran = await engine.docker([
    'run',
    '--rm',
    '--name',
    'plain',
    ...blameless,
    versionedImage,
    ...command,
  ])
  expect(ran).toMatchObject({ exitCode: 42, stdout: 'out', stderr: 'err' })
  const found = recordsOf(engine.host, 'plain')
  expectUntouched(found, untoldBy('Docker'))
  expect(found).toMatchObject([
    {
      engine: { id: 'docker', proven: true },
      runtime: '/usr/sbin/runc',
      container: { name: 'plain', image: versionedImage },
    },
  ])
})

describe('refused', () => {
  const rows: readonly (readonly [options: string, refusal: Refusal])[] = [
    [
      '--privileged',
      {
        ...refused.privileged,
        found: /as good as privileged: all capabilities, every device allowed/,
        remedy: 'remove --privileged',
      },
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
      '-v /var/run/docker.sock:/sock',
      {
        ...refused.dockerSocket,
        found: /the control socket \/var\/run\/docker.sock at \/sock/,
        remedy: 'leave out that -v/--mount',
      },
    ],
    [
      '-v /var/run/docker.sock:/sock:ro',
      { ...refused.dockerSocket, found: /the control socket/, remedy: 'leave out that -v/--mount' },
    ],
    [
      '-v WORKSPACE/link:/sock',
      {
        ...refused.dockerSocket,
        found: /\/link at \/sock \(is \/run\/docker.sock\)/,
        remedy: 'leave out that -v/--mount',
      },
    ],
    [
      '-v /run:/host',
      {
        ...refused.dockerSocket,
        found: /\/run at \/host \(contains \/run\/docker.sock\)/,
        remedy: 'mount only the files',
      },
    ],
    [
      '--net=host',
      { ...refused.hostNetwork, found: /host's network namespace/, remedy: 'use --network bridge' },
    ],
    ['--pid=host', { ...refused.hostPid, found: /host's process namespace/, remedy: 'leave out --pid host' }],
    ['--ipc=host', { ...refused.hostIpc, found: /host's IPC namespace/, remedy: 'leave out --ipc host' }],
    ['--uts=host', { ...refused.hostUts, found: /host's UTS namespace/, remedy: 'leave out --uts host' }],
    [
      '-v /etc:/x',
      {
        ...refused.sensitiveMounts,
        found: /host path \/etc at \/x \(contains \/etc\/shadow\)/,
        remedy: 'leave out that -v/--mount',
      },
    ],
    [
      '-v /usr:/x',
      {
        ...refused.sensitiveMounts,
        found: /host path \/usr at \/x .*is mounted writable/,
        remedy: 'append :ro to that -v',
      },
    ],
    ['-v WORKSPACE/shared:/x:shared', { ...refused.mountPropagation, found: /\/x/, remedy: 'leave out' }],
  ]

  beforeAll(async () => {
    const { host } = engine
    symlinkSync('/run/docker.sock', join(host.workspace, 'link'))
    const shared = join(host.workspace, 'shared')
    mkdirSync(shared)
    await host.run('mount', ['--bind', '--make-shared', shared, shared])
  })

  test.each(rows)('docker run %s', async (options, refusal) => {
    const { host, docker } = engine
    const words = options.replaceAll('WORKSPACE', host.workspace).split(' ')
    const cidFile = join(host.workspace, `${refusal.rule}-${words.length}-${Math.random()}.cid`)
    const ran = await docker(['run', '--cidfile', cidFile, ...words, image, 'true'])
    expect(ran).toMatchObject({ exitCode: 125, stdout: '' })
    const id = readFileSync(cidFile, 'utf8')
    const { text, record } = refusalIn(host, ran.stderr)
    expectSentence(text, refusal)
    expectDenied(record, refusal.rule)
    expect(record.container.id).toBe(id)
    expect(record.engine).toMatchObject({ id: 'docker', proven: true })
    const state = await docker([
      'inspect',
      '--format',
      '{{.State.Status}} {{.State.Pid}} {{.State.Error}}',
      id,
    ])
    expect(state.stdout).toMatch(/^created 0 /)
    expect(state.stdout).toContain(text)
    await expectGone(host, id)
    expect(await docker(['rm', id])).toMatchObject({ exitCode: 0 })
  })

  test('several at once are one sentence under 1 KB, and --rm takes the container away', async () => {
    const { docker, host } = engine
    const options = '--net=host --pid=host --cap-add=SYS_ADMIN -v /etc:/x -v /var/run/docker.sock:/s'.split(
      ' ',
    )
    const ran = await docker(['run', '--rm', '--name', 'many', ...options, image, 'true'])
    expect(ran.exitCode).toBe(125)
    const { text, record } = refusalIn(host, ran.stderr)
    const rules = ['host-network', 'host-pid', 'capabilities', 'sensitive-host-mounts', 'docker-socket']
    for (const rule of rules) {
      expect(text).toContain(rule)
      expectDenied(record, rule)
    }
    expect(text.match(/\[decision /g)).toHaveLength(1)
    expect((await docker(['ps', '--all', '--quiet', '--filter', 'name=many'])).stdout).toBe('')
  })
})

describe('fixed', () => {
  test('what the profile asks for shows inside, and the record tells what was changed', async () => {
    const { docker, host } = engine
    await docker(['run', '--detach', '--name', 'fixed', image, 'sleep', '1000'])
    const inside = await docker([
      'exec',
      'fixed',
      'sh',
      '-c',
      `${probe}; cat /proc/1/status | grep NoNewPrivs`,
    ])
    expect(inside.stdout).toMatch(/^NoNewPrivs:\t1\nSeccomp:\t2\nmemory 536870912\npids 1024\n/)
    expect(inside.stdout).toMatch(/root read-only\ntmp writable\nNoNewPrivs:\t1$/)
    const [record] = recordsOf(host, 'fixed')
    expect(record?.verdict).toBe('fix')
    expect(repaired(record)).toEqual(['memory-limit', 'no-new-privileges', 'pids-limit', 'readonly-rootfs'])
    expect(record?.patch).toContainEqual({ op: 'add', path: '/process/noNewPrivileges', value: true })
    const bundle = `/run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby/${record?.container.id}`
    const config = readFileSync(host.path(`${bundle}/config.json`))
    expect(createHash('sha256').update(config).digest('hex')).toBe(record?.config.after)
    expect(record?.config.before).not.toBe(record?.config.after)
    await docker(['rm', '--force', 'fixed'])
  })

  test('what was switched off on purpose is switched on again', async () => {
    const { docker, host } = engine
    const options = ['--security-opt=systempaths=unconfined', '--security-opt=seccomp=unconfined']
    const command = [
      'sh',
      '-c',
      'grep Seccomp: /proc/self/status; grep -c "/proc/sys proc ro" /proc/self/mounts',
    ]
    const ran = await docker([
      'run',
      '--rm',
      '--name',
      'again',
      ...options,
      ...blameless,
      versionedImage,
      ...command,
    ])
    expect(ran).toMatchObject({ exitCode: 0, stdout: 'Seccomp:\t2\n1' })
    const [record] = recordsOf(host, 'again')
    expect(repaired(record)).toEqual(['kernel-helpers', 'masked-paths', 'seccomp'])
    expect(record?.findings.map(({ outcome }) => outcome)).not.toContain('warned')
  })
})

test('volumes, folders and the network of another container are nobody else’s business', async () => {
  const { docker, host } = engine
  const folder = join(host.workspace, 'data')
  mkdirSync(folder)
  await docker(['run', '--detach', '--name', 'other', '--ipc=shareable', image, 'sleep', '1000'])
  const joined = ['--network=container:other', '--ipc=container:other', '--pid=container:other']
  const volumes = ['-v', 'named:/named', '-v', '/anonymous', '-v', `${folder}:/data`, '--tmpfs', '/scratch']
  const command = ['sh', '-c', 'touch /named/a /anonymous/a /data/a /scratch/a /dev/shm/a && echo written']
  const ran = await docker(['run', '--rm', '--name', 'joined', ...joined, ...volumes, image, ...command])
  expect(ran).toMatchObject({ exitCode: 0, stdout: 'written', stderr: '' })
  expect(recordsOf(host, 'joined')).toMatchObject([{ verdict: 'fix', container: { image } }])
  await docker(['rm', '--force', 'other'])
})

test('a terminal is the container’s', async () => {
  const ran = await engine.dockerTerminal(`run --rm -it ${image} sh -c 'tty; exit 3'`)
  expect(ran.exitCode).toBe(3)
  expect(ran.stdout).toContain('/dev/pts/0')
})

test('twenty at once all run, and each has its line in the log', async () => {
  const { docker, host } = engine
  const names = Array.from({ length: 20 }, (_, index) => `crowd-${index}`)
  const ran = await Promise.all(
    names.map((name) => docker(['run', '--rm', '--network=none', '--name', name, image, 'echo', name])),
  )
  expect(ran.map(({ stdout, stderr }) => stdout + stderr)).toEqual(names)
  expect(names.map((name) => recordsOf(host, name).length)).toEqual(names.map(() => 1))
})

test('mode warn lets everything through and says what would have been refused', async () => {
  const { docker, host } = engine
  setPolicy(host, 'mode = "warn"')
  const command = ['sh', '-c', 'grep -E "NoNewPrivs|CapEff" /proc/self/status']
  const ran = await docker(['run', '--rm', '--name', 'warned', '--cap-add=SYS_ADMIN', image, ...command])
  setPolicy(host)
  expect(ran).toMatchObject({ exitCode: 0, stdout: 'CapEff:\t00000000a82425fb\nNoNewPrivs:\t0', stderr: '' })
  const [record] = recordsOf(host, 'warned')
  expect(record).toMatchObject({ verdict: 'would_deny', mode: 'warn', patch: [] })
  expect(outcomes(record)).toContain('capabilities refused')
})
