/** The profile minimal, enforced: it finds nothing, and changes nothing, in the ordinary containers of any engine. */

import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { type Containerd, ctrImage, runtimeOptions, startContainerd } from './support/containerd.ts'
import { type CriContainerd, startCriContainerd } from './support/cri-containerd.ts'
import { recordsOf, setPolicy } from './support/decisions.ts'
import { type Docker, startDocker } from './support/dockerd.ts'
import { image } from './support/image.ts'
import { type Podman, podmanImage, startPodman } from './support/podman.ts'
import { expectUntouched } from './support/untouched.ts'

jest.setTimeout(120_000)

const minimal = 'profile = "minimal"\n'
const onTerminal = { exitCode: 0, stdout: expect.stringContaining('/dev/pts/0') }
const check = ['--health-cmd=test -e /tmp', '--health-interval=disable'] as const

describe('Docker', () => {
  let engine: Docker

  beforeAll(async () => {
    engine = await startDocker()
    setPolicy(engine.host, minimal)
  })

  afterAll(async () => {
    await engine?.host.close()
  })

  test.each([
    ['plain', []],
    ['init', ['--init']],
    ['checked', ['--health-cmd=test -e /tmp']],
  ])('%s', async (name, options) => {
    const ran = await engine.docker(['run', '--rm', '--name', name, ...options, image, 'echo', 'ran'])
    expect(ran).toMatchObject({ exitCode: 0, stdout: 'ran', stderr: '' })
    expectUntouched(recordsOf(engine.host, name), [])
  })

  test('on a terminal', async () => {
    expect(await engine.dockerTerminal(`run --rm -it --name terminal ${image} tty`)).toMatchObject(onTerminal)
    expectUntouched(recordsOf(engine.host, 'terminal'), [])
  })
})

describe('Podman', () => {
  let engine: Podman

  beforeAll(async () => {
    engine = await startPodman()
    setPolicy(engine.host, minimal)
  })

  afterAll(async () => {
    await engine?.podman(['rm', '--force', '--all', '--time', '0'])
    await engine?.host.close()
  })

  const named = (name: string): readonly string[] => [
    'run',
    `--cgroup-parent=${engine.host.cgroup}`,
    '--name',
    name,
  ]

  test.each([
    ['plain', []],
    // Catatonit is not everywhere; any static program that starts another serves.
    ['init', ['--init', '--init-path=/usr/bin/docker-init']],
  ])('%s', async (name, options) => {
    const ran = await engine.podman([...named(name), '--rm', ...options, podmanImage, 'echo', 'ran'])
    expect(ran).toMatchObject({ exitCode: 0, stdout: 'ran', stderr: '' })
    expectUntouched(recordsOf(engine.host, name), [])
  })

  test('on a terminal', async () => {
    const command = [...named('terminal'), '--rm', '-it', podmanImage, 'tty']
    expect(await engine.podmanTerminal(command.join(' '))).toMatchObject(onTerminal)
    expectUntouched(recordsOf(engine.host, 'terminal'), [])
  })

  test('checked, and the check leaves no record', async () => {
    await engine.podman([...named('checked'), '--detach', ...check, podmanImage, 'sleep', '1000'])
    expect(await engine.podman(['healthcheck', 'run', 'checked'])).toMatchObject({ exitCode: 0 })
    expectUntouched(recordsOf(engine.host, 'checked'), [])
  })
})

describe('ctr', () => {
  let engine: Containerd

  beforeAll(async () => {
    engine = await startContainerd()
    setPolicy(engine.host, minimal)
  })

  afterAll(async () => {
    await engine?.host.close()
  })

  test('plain', async () => {
    const ran = await engine.ctrRun(['--rm'], 'plain', ['echo', 'ran'])
    expect(ran).toMatchObject({ exitCode: 0, stdout: 'ran', stderr: '' })
    expectUntouched(recordsOf(engine.host, 'plain'), [])
  })

  test('on a terminal', async () => {
    const options = [...runtimeOptions(engine.host, 'terminal'), '--rm', '--tty']
    const command = ['ctr', 'run', ...options, ctrImage, 'terminal', 'tty'].join(' ')
    const ran = await engine.host.run('script', ['-qec', command, '/dev/null'], { openInput: true })
    expect(ran).toMatchObject(onTerminal)
    expectUntouched(recordsOf(engine.host, 'terminal'), [])
  })
})

describe('CRI', () => {
  let engine: CriContainerd

  beforeAll(async () => {
    engine = await startCriContainerd()
    setPolicy(engine.host, minimal)
  })

  afterAll(async () => {
    await engine?.close()
  })

  test('a pod that says nothing, its sandbox and its container', async () => {
    const pod = await engine.runPod('plain-pod')
    const id = await engine.start(pod, 'plain')
    expect(await engine.exec(id, 'id', '-u')).toMatchObject({ exitCode: 0, stdout: '0\n' })
    expectUntouched(recordsOf(engine.host, pod.id), [])
    expectUntouched(recordsOf(engine.host, id), [])
  })
})
