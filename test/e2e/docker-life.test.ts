/** The life of a fixed container under a real dockerd: exec, update, signals, pause, restart, health check, removal. */

import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { logLength, records, recordsOf, repaired } from './support/decisions.ts'
import { blameless, type Docker, startDocker } from './support/dockerd.ts'
import { image, versionedImage } from './support/image.ts'
import { expectGone } from './support/leftovers.ts'
import { type Outcome, probe, until } from './support/private-host.ts'
import { expectDenied, expectSentence, refusalIn } from './support/refusal.ts'
import { refused } from './support/refusals.ts'
import { expectUntouched, untoldBy } from './support/untouched.ts'

jest.setTimeout(120_000)

let engine: Docker
let id: string

const docker = (...args: readonly string[]): Promise<Outcome> => engine.docker(args)

beforeAll(async () => {
  engine = await startDocker()
  const ran = await docker(
    'run',
    '--detach',
    '--name',
    'life',
    image,
    'sh',
    '-c',
    'trap "exit 9" TERM; while :; do sleep 0.1; done',
  )
  id = ran.stdout
})

afterAll(async () => {
  await engine?.host.close()
})

describe('exec', () => {
  let before: number

  beforeEach(() => {
    before = logLength(engine.host)
  })

  test('runs with its own streams and exit status, and gains no privileges either', async () => {
    const command = 'grep NoNewPrivs /proc/self/status; echo err >&2; exit 7'
    const ran = await docker('exec', 'life', 'sh', '-c', command)
    expect(ran).toMatchObject({ exitCode: 7, stdout: 'NoNewPrivs:\t1', stderr: 'err' })
  })

  test('as another user, with environment, working folder and input', async () => {
    const options = ['--interactive', '--user', '1000', '--env', 'GREETING=hi', '--workdir', '/tmp']
    const command = ['sh', '-c', 'echo $(id -u) $GREETING $(pwd) $(cat)']
    const ran = await engine.docker(['exec', ...options, 'life', ...command], { input: 'in' })
    expect(ran).toMatchObject({ exitCode: 0, stdout: '1000 hi /tmp in', stderr: '' })
  })

  test('on a terminal', async () => {
    const ran = await engine.dockerTerminal(
      `exec -it life sh -c 'tty; grep NoNewPrivs /proc/self/status; exit 4'`,
    )
    expect(ran.exitCode).toBe(4)
    expect(ran.stdout).toMatch(/\/dev\/pts\/0\s+NoNewPrivs:\t1/)
  })

  test('that finds nothing beyond what was repaired at create leaves no record', async () => {
    await docker('exec', 'life', 'true')
    await docker('exec', '--detach', 'life', 'true')
    expect(logLength(engine.host)).toBe(before)
  })

  test('a command that is not there is the runtime’s own error', async () => {
    const ran = await docker('exec', 'life', '/nowhere')
    expect(ran.exitCode).toBe(126)
    expect(ran.all).toMatch(/\/nowhere.*no such file or directory/)
    expect(ran.all).not.toContain('lintel')
  })

  test('--privileged is refused in the engine’s words, and the container goes on', async () => {
    const ran = await docker('exec', '--privileged', 'life', 'true')
    expect(ran.exitCode).toBe(126)
    const { text, record } = refusalIn(engine.host, ran.all)
    const remedy = 'leave out --privileged of docker exec'
    expectSentence(text, { ...refused.execPrivileged, found: /the command would hold CAP_/, remedy })
    expectDenied(record, 'exec-privileged')
    expect(record).toMatchObject({ operation: 'exec', container: { id } })
    expect(await docker('exec', 'life', 'true')).toMatchObject({ exitCode: 0 })
  })
})

describe('update', () => {
  test('of a limit within the policy passes and holds', async () => {
    const ran = await docker('update', '--memory=100m', '--memory-swap=100m', '--pids-limit=77', 'life')
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' })
    const inside = await docker('exec', 'life', 'sh', '-c', probe)
    expect(inside.stdout).toContain('memory 104857600\npids 77\n')
    expect(records(engine.host).at(-1)).toMatchObject({
      operation: 'update',
      verdict: 'allow',
      container: { id },
    })
  })

  test('that lifts a limit is refused, and the limit stays', async () => {
    const ran = await docker('update', '--pids-limit=-1', 'life')
    expect(ran.exitCode).toBe(1)
    const { text, record } = refusalIn(engine.host, ran.all)
    expectSentence(text, {
      ...refused.pidsLimit,
      found: /no limit of its processes \(-1\)/,
      remedy: 'add --pids-limit',
    })
    expectDenied(record, 'pids-limit')
    expect((await docker('exec', 'life', 'sh', '-c', probe)).stdout).toContain('pids 77\n')
  })

  test('of the restart policy alone passes', async () => {
    expect(await docker('update', '--restart=on-failure', 'life')).toMatchObject({ exitCode: 0, stderr: '' })
    expect(await docker('update', '--restart=no', 'life')).toMatchObject({ exitCode: 0, stderr: '' })
  })
})

describe('what is handed on untouched', () => {
  test('pause, unpause, top, stats and signals', async () => {
    const before = logLength(engine.host)
    expect(await docker('pause', 'life')).toMatchObject({ exitCode: 0, stdout: 'life' })
    expect((await docker('inspect', '--format', '{{.State.Status}}', 'life')).stdout).toBe('paused')
    expect(await docker('unpause', 'life')).toMatchObject({ exitCode: 0, stdout: 'life' })
    expect((await docker('top', 'life')).stdout).toContain('sleep 0.1')
    expect((await docker('stats', '--no-stream', '--format', '{{.Name}}', 'life')).stdout).toBe('life')
    expect(await docker('kill', '--signal', 'CONT', 'life')).toMatchObject({ exitCode: 0 })
    expect(logLength(engine.host)).toBe(before)
  })

  test('the runtime’s own version is what dockerd shows', async () => {
    const through = await docker('version', '--format', '{{json .Server.Components}}')
    const direct = await engine.host.run('runc', ['--version'])
    const version = /version (\S+)/.exec(direct.stdout)?.[1] ?? 'no version'
    expect(through.stdout).toContain(`"Name":"lintel","Version":"${version}"`)
  })
})

test('stop lets the container end by itself; start and restart repair it anew', async () => {
  expect(await docker('stop', '--time', '10', 'life')).toMatchObject({ exitCode: 0 })
  expect((await docker('inspect', '--format', '{{.State.ExitCode}}', 'life')).stdout).toBe('9')
  expect(await docker('start', 'life')).toMatchObject({ exitCode: 0 })
  expect(await docker('restart', '--time', '10', 'life')).toMatchObject({ exitCode: 0 })
  const inside = await docker('exec', 'life', 'sh', '-c', probe)
  expect(inside.stdout).toBe(
    'NoNewPrivs:\t1\nSeccomp:\t2\nmemory 104857600\npids 77\nroot read-only\ntmp writable',
  )
  const creates = recordsOf(engine.host, id).filter(({ operation }) => operation === 'create')
  expect(creates.map(({ verdict }) => verdict)).toEqual(['fix', 'fix', 'fix'])
  expect(repaired(creates[2])).toEqual(['no-new-privileges', 'readonly-rootfs'])
})

test('rm --force leaves nothing behind', async () => {
  expect(await docker('rm', '--force', 'life')).toMatchObject({ exitCode: 0 })
  await expectGone(engine.host, id)
})

test('a health check works, and a passing one does not fill the log', async () => {
  const check = ['--health-cmd', 'grep -q "NoNewPrivs:.1" /proc/self/status', '--health-interval', '100ms']
  await docker('run', '--detach', '--name', 'healthy', ...check, image, 'sleep', '1000')
  const status = async () =>
    (await docker('inspect', '--format', '{{.State.Health.Status}}', 'healthy')).stdout
  await until(async () => (await status()) === 'healthy', 'the container to be healthy')
  const count = '{{len .State.Health.Log}}'
  await until(
    async () => Number((await docker('inspect', '--format', count, 'healthy')).stdout) >= 4,
    'four health checks',
  )
  expect(recordsOf(engine.host, 'healthy').map(({ operation }) => operation)).toEqual(['create'])
  await docker('rm', '--force', 'healthy')
})

test('an exec in a blameless container is left as it is', async () => {
  await docker('run', '--detach', '--name', 'quiet', ...blameless, versionedImage, 'sleep', '1000')
  expect((await docker('exec', 'quiet', 'grep', 'NoNewPrivs', '/proc/self/status')).stdout).toBe(
    'NoNewPrivs:\t1',
  )
  expectUntouched(recordsOf(engine.host, 'quiet'), untoldBy('Docker'))
  expect(await docker('kill', 'quiet')).toMatchObject({ exitCode: 0 })
  expect(await docker('rm', 'quiet')).toMatchObject({ exitCode: 0 })
})
