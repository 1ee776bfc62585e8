/** After create, under a real dockerd: an exec gets what its container was left with; a limit admitted is not lifted. */

import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { logLength, outcomes, records, recordsOf, setPolicy } from './support/decisions.ts'
import { type Docker, startDocker } from './support/dockerd.ts'
import { image, versionedImage } from './support/image.ts'
import { type Outcome, until } from './support/private-host.ts'
import { expectDenied, refusalIn } from './support/refusal.ts'

jest.setTimeout(120_000)

const narrow = `
[rules.capabilities]
action = "fix"
allowed = ["CAP_NET_BIND_SERVICE", "CAP_SETUID"]
[rules.readonly-rootfs]
action = "off"
`

let engine: Docker
let before = 0

const docker = (...args: readonly string[]): Promise<Outcome> => engine.docker(args)
const bounding = ['sh', '-c', 'grep CapBnd /proc/self/status'] as const

beforeAll(async () => {
  engine = await startDocker()
  setPolicy(engine.host, narrow)
  await docker('run', '--detach', '--name', 'root', image, 'sleep', '1000')
  await docker('run', '--detach', '--name', 'user', '--user', '1000:1000', image, 'sleep', '1000')
})

afterAll(async () => {
  await engine?.host.close()
})

beforeEach(() => {
  setPolicy(engine.host, narrow)
  before = logLength(engine.host)
})

describe('an exec', () => {
  test('gets the capabilities its container was left with, and no record: dockerd sends all of its own again', async () => {
    const [create] = recordsOf(engine.host, 'root')
    expect(outcomes(create)).toContain('capabilities fixed')
    const ran = await docker('exec', 'root', ...bounding)
    // CAP_SETUID (7) and CAP_NET_BIND_SERVICE (10).
    expect(ran).toMatchObject({ exitCode: 0, stdout: 'CapBnd:\t0000000000000480' })
    expect(logLength(engine.host)).toBe(before)
  })

  test('with --privileged asks for more than was ever asked for, and is refused', async () => {
    const ran = await docker('exec', '--privileged', 'root', ...bounding)
    expect(ran.exitCode).toBe(126)
    const { record } = refusalIn(engine.host, ran.all)
    expectDenied(record, 'exec-privileged')
  })

  test('as root in a container that is not root is refused; as its own user it runs', async () => {
    const ran = await docker('exec', '--user', '0', 'user', 'id', '-u')
    expect(ran.exitCode).toBe(126)
    const { record } = refusalIn(engine.host, ran.all)
    expectDenied(record, 'exec-root-user')
    expect(await docker('exec', 'user', 'id', '-u')).toMatchObject({ exitCode: 0, stdout: '1000' })
  })

  test('in /proc/self/fd is refused (CVE-2024-21626)', async () => {
    const ran = await docker('exec', '--workdir', '/proc/self/fd/8', 'root', 'true')
    expect(ran.exitCode).not.toBe(0)
    const { record } = refusalIn(engine.host, ran.all)
    expectDenied(record, 'working-directory')
  })

  test('that is warned of again and again leaves one record, not one each', async () => {
    setPolicy(engine.host, `${narrow}[rules.exec-root-user]\naction = "warn"\n`)
    for (let count = 0; count < 5; count++)
      expect(await docker('exec', '--user', '0', 'user', 'id', '-u')).toMatchObject({ stdout: '0' })
    expect(logLength(engine.host)).toBe(before + 1)
    expect(await docker('exec', '--user', '0', 'user', 'id')).toMatchObject({ exitCode: 0 })
    expect(logLength(engine.host)).toBe(before + 2)
  })

  test('that is refused again and again is refused each time, by the decision that was recorded', async () => {
    const refusals = []
    for (let count = 0; count < 3; count++) refusals.push(await docker('exec', '--user', '0', 'user', 'true'))
    const told = refusals.map(({ all }) => refusalIn(engine.host, all).record.id)
    expect(new Set(told).size).toBe(1)
    expect(logLength(engine.host)).toBe(before + 1)
  })
})

describe('a health check', () => {
  test('of a narrowed container works, sees what the container sees, and leaves no record', async () => {
    const check = ['--health-cmd', 'grep -q "CapBnd:.0000000000000480" /proc/self/status']
    const run = ['run', '--detach', '--name', 'checked', '--health-interval', '100ms', ...check]
    await docker(...run, image, 'sleep', '1000')
    const health = async (field: string) =>
      (await docker('inspect', '--format', `{{${field}}}`, 'checked')).stdout
    await until(async () => (await health('.State.Health.Status')) === 'healthy', 'a healthy container')
    await until(async () => Number(await health('len .State.Health.Log')) >= 4, 'four checks')
    expect(recordsOf(engine.host, 'checked').map(({ operation }) => operation)).toEqual(['create'])
  })
})

describe('an update', () => {
  test.each([
    ['memory raised', ['--memory=2g', '--memory-swap=2g']],
    ['processes without limit', ['--pids-limit=-1']],
    ['processes raised', ['--pids-limit=4000']],
  ])('%s above what was admitted is refused', async (_, options) => {
    const ran = await docker('update', ...options, 'root')
    expect(ran.exitCode).toBe(1)
    const { record } = refusalIn(engine.host, ran.all)
    expect(record).toMatchObject({ operation: 'update', verdict: 'deny' })
  })

  test('that lowers a limit passes', async () => {
    expect(await docker('update', '--memory=64m', '--memory-swap=64m', 'root')).toMatchObject({ exitCode: 0 })
    expect(records(engine.host).at(-1)).toMatchObject({ operation: 'update', verdict: 'allow' })
  })
})

describe('what only dockerd’s own files tell', () => {
  const findings = async (name: string, ...options: readonly string[]): Promise<readonly string[]> => {
    await docker('create', '--name', name, ...options, image, 'sleep', '1')
    await docker('start', name)
    return outcomes(recordsOf(engine.host, name)[0])
  }

  test('restart without end, no health check, the tag latest, the default bridge', async () => {
    const found = await findings('careless', '--restart=always')
    for (const rule of ['restart-policy', 'health-check', 'latest-image', 'default-bridge'])
      expect(found.join(' ')).toContain(rule)
  })

  test('a privileged port published on every address', async () => {
    const found = await findings('published', '--publish', '81:80')
    for (const rule of ['privileged-ports', 'bind-host-interface']) expect(found.join(' ')).toContain(rule)
  })

  test('every exposed port published at once', async () => {
    const found = await findings('exposed', '--expose=8080', '--publish-all')
    expect(found).toContain('needed-ports warned')
  })

  test('none of it in a container that does as it should', async () => {
    const options = ['--network=own', '--restart=on-failure:3', '--health-cmd=test -e /tmp']
    await docker('run', '--detach', '--name', 'careful', ...options, versionedImage, 'sleep', '100')
    const found = outcomes(recordsOf(engine.host, 'careful')[0]).join(' ')
    for (const rule of ['restart-policy', 'health-check', 'latest-image', 'default-bridge', 'ports'])
      expect(found).not.toContain(rule)
  })
})
