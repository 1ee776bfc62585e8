/** crun as the runtime that lintel hands on to: by hand on this machine's cgroups, under dockerd and Podman on plain v1. */

import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { allowCgroup, outcomes, records, recordsOf, setPolicy } from './support/decisions.ts'
import { type Docker, startDocker } from './support/dockerd.ts'
import { image } from './support/image.ts'
import { expectGone } from './support/leftovers.ts'
import { type Podman, podmanImage, startPodman } from './support/podman.ts'
import { openPrivateHost, type PrivateHost, probe } from './support/private-host.ts'
import { expectDenied, refusalIn } from './support/refusal.ts'

jest.setTimeout(120_000)

const policy = '[runtime]\npath = ["/usr/bin/crun"]\n'

/** Writes a bundle that runs busybox; `change` may alter its config. */
const writeBundle = async (
  host: PrivateHost,
  name: string,
  change: (config: Record<string, unknown>) => void = () => undefined,
): Promise<string> => {
  const bundle = join(host.workspace, name)
  mkdirSync(join(bundle, 'rootfs/bin'), { recursive: true })
  cpSync('/bin/busybox', join(bundle, 'rootfs/bin/busybox'))
  await host.run('sh', ['-c', `cd ${bundle} && crun spec`])
  const file = join(bundle, 'config.json')
  const config = JSON.parse(readFileSync(file, 'utf8'))
  config.process.terminal = false
  config.process.args = ['/bin/busybox', 'sh', '-c', 'echo ran; exit 6']
  config.linux.cgroupsPath = `${host.cgroup}/${name}`
  change(config)
  writeFileSync(file, JSON.stringify(config))
  return bundle
}

describe('by hand, on the cgroups this machine has', () => {
  let host: PrivateHost

  beforeAll(async () => {
    host = await openPrivateHost(['crun'])
    allowCgroup(host)
    setPolicy(host, policy)
  })

  afterAll(async () => {
    await host?.close()
  })

  test('what crun says and how it ends is the same through lintel, be it that it cannot run here', async () => {
    const bundle = await writeBundle(host, 'alike')
    const through = await host.run(host.runtime, ['run', '--bundle', bundle, 'alike'])
    // The bundle is repaired now: the same input for the direct call.
    const direct = await host.run('crun', ['run', '--bundle', bundle, 'alike'])
    expect(through).toEqual(direct)
    expect([
      { exitCode: 6, stdout: 'ran' },
      { exitCode: 1, stderr: 'cgroups in hybrid mode not supported, drop all controllers from cgroupv2' },
    ]).toContainEqual(
      through.exitCode === 6
        ? { exitCode: 6, stdout: through.stdout }
        : { exitCode: through.exitCode, stderr: through.stderr },
    )
    expect(records(host).at(-1)).toMatchObject({ operation: 'run', verdict: 'fix', runtime: '/usr/bin/crun' })
  })

  test.each(['--version', '--help', 'list', 'state nobody', 'kill nobody 9', 'delete nobody'])(
    'crun %s is handed on untouched',
    async (line) => {
      const words = line.split(' ')
      expect(await host.run(host.runtime, words)).toEqual(await host.run('crun', words))
    },
  )

  test('a refusal comes before crun is called', async () => {
    const bundle = await writeBundle(host, 'refused', (config) => {
      Object.assign(config, {
        mounts: [{ destination: '/x', type: 'bind', source: '/etc', options: ['rbind'] }],
      })
    })
    const log = join(bundle, 'log')
    const globals = ['--log', `file:${log}`, '--log-format', 'json']
    const ran = await host.run(host.runtime, [...globals, 'run', '--bundle', bundle, 'refused'])
    expect(ran).toMatchObject({ exitCode: 1, stdout: '' })
    const { text, record } = refusalIn(host, ran.stderr)
    expectDenied(record, 'sensitive-host-mounts')
    expect(JSON.parse(readFileSync(log, 'utf8'))).toMatchObject({ level: 'error', msg: text })
  })
})

describe('under dockerd, on cgroup v1', () => {
  let engine: Docker

  beforeAll(async () => {
    engine = await startDocker({ cgroups: 'v1' })
    setPolicy(engine.host, policy)
  })

  afterAll(async () => {
    await engine?.host.close()
  })

  test('a container is fixed, lives and ends', async () => {
    const { docker, host } = engine
    const id = (await docker(['run', '--detach', '--name', 'life', image, 'sleep', '1000'])).stdout
    expect(recordsOf(host, 'life')).toMatchObject([{ verdict: 'fix', runtime: '/usr/bin/crun' }])
    const expected = 'NoNewPrivs:\t1\nSeccomp:\t2\nmemory 536870912\npids 1024\nroot read-only\ntmp writable'
    expect(await docker(['exec', 'life', 'sh', '-c', probe])).toMatchObject({ exitCode: 0, stdout: expected })
    expect((await docker(['exec', 'life', 'sh', '-c', 'exit 7'])).exitCode).toBe(7)
    const privileged = await docker(['exec', '--privileged', 'life', 'true'])
    expectDenied(refusalIn(host, privileged.all).record, 'exec-privileged')
    const lifted = await docker(['update', '--pids-limit=-1', 'life'])
    expectDenied(refusalIn(host, lifted.all).record, 'pids-limit')
    const lowered = ['--memory=100m', '--memory-swap=100m', '--pids-limit=77']
    expect(await docker(['update', ...lowered, 'life'])).toMatchObject({ exitCode: 0, stderr: '' })
    expect((await docker(['exec', 'life', 'sh', '-c', probe])).stdout).toContain(
      'memory 104857600\npids 77\n',
    )
    expect(await docker(['pause', 'life'])).toMatchObject({ exitCode: 0 })
    expect(await docker(['unpause', 'life'])).toMatchObject({ exitCode: 0 })
    expect(await docker(['restart', '--time', '0', 'life'])).toMatchObject({ exitCode: 0 })
    expect(await docker(['rm', '--force', 'life'])).toMatchObject({ exitCode: 0 })
    await expectGone(host, id)
  })

  test('a refusal reads as it does with runc, and a failure of crun is its own', async () => {
    const { docker, host } = engine
    const denied = await docker(['run', '--rm', '--net=host', image, 'true'])
    expect(denied.exitCode).toBe(125)
    expectDenied(refusalIn(host, denied.stderr).record, 'host-network')
    const failed = await docker(['run', '--rm', image, 'nowhere'])
    expect(failed.exitCode).toBe(125)
    expect(failed.stderr).toMatch(/executable file `nowhere` not found/)
  })
})

describe('under Podman, on cgroup v1', () => {
  let engine: Podman

  beforeAll(async () => {
    engine = await startPodman('v1')
    setPolicy(engine.host, policy)
  })

  afterAll(async () => {
    await engine?.host.close()
  })

  test('a container is fixed, and one that asks for too much refused', async () => {
    const { podman, host } = engine
    const run = (...args: readonly string[]) =>
      podman(['run', '--rm', `--cgroup-parent=${host.cgroup}`, ...args])
    const ran = await run('--name', 'fixed', podmanImage, 'grep', 'NoNewPrivs', '/proc/self/status')
    expect(ran).toMatchObject({ exitCode: 0, stdout: 'NoNewPrivs:\t1', stderr: '' })
    const [record] = recordsOf(host, 'fixed')
    expect(record).toMatchObject({
      verdict: 'fix',
      runtime: '/usr/bin/crun',
      engine: { id: 'podman', proven: true },
    })
    expect(outcomes(record)).toContain('no-new-privileges fixed')
    const denied = await run('--privileged', podmanImage, 'true')
    expect(denied.exitCode).toBe(126)
    expectDenied(refusalIn(host, denied.stderr).record, 'privileged')
  })
})
