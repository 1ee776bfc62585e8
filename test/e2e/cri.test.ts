/** Pods of a real containerd, by CRI: what is allowed runs untouched, what is refused says why, what is fixed shows. */

import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { detailsOf } from './support/cri-client.ts'
import {
  type CriContainerd,
  criImage,
  hardened,
  type Pod,
  startCriContainerd,
} from './support/cri-containerd.ts'
import { readStream } from './support/cri-stream.ts'
import { logLength, outcomes, records, recordsOf, setPolicy } from './support/decisions.ts'
import { expectGone } from './support/leftovers.ts'
import { podRefusals, withHostPath } from './support/pod-refusals.ts'
import { probe, until } from './support/private-host.ts'
import { expectDenied, expectSentence, refusalIn } from './support/refusal.ts'
import { expectUntouched, untoldBy } from './support/untouched.ts'

jest.setTimeout(120_000)

let engine: CriContainerd
let pod: Pod

beforeAll(async () => {
  engine = await startCriContainerd()
  pod = await engine.runPod('web')
})

afterAll(async () => {
  await engine?.close()
})

test('a sandbox is proven to be one, and runs untouched on the network of its pod', async () => {
  const found = recordsOf(engine.host, pod.id)
  expectUntouched(found, untoldBy('containerd (CRI)'))
  expect(found).toMatchObject([
    {
      engine: { id: 'containerd', proven: true },
      container: { id: pod.id, name: 'web', pod: 'web', namespace: 'shop', sandbox: true },
    },
  ])
  const { status } = await engine.cri.call('PodSandboxStatus', { podSandboxId: pod.id })
  expect(status).toMatchObject({
    state: 'SANDBOX_READY',
    network: { ip: expect.stringMatching(/^10\.85\./) },
  })
})

test('a container that needs nothing runs untouched, its output and exit status its own', async () => {
  const { host } = engine
  // CRI has no word for a limit of processes: kubelet sets it on the cgroup of the pod.
  setPolicy(host, '[rules.pids-limit]\naction = "off"\n')
  const id = await engine.start(pod, 'plain', {
    ...hardened,
    command: ['sh', '-c', 'ip -4 addr show eth0; hostname; exit 42'],
    logPath: 'plain.log',
  })
  setPolicy(host)
  await until(async () => (await engine.status(id)).state === 'CONTAINER_EXITED', 'the container to end')
  expect(await engine.status(id)).toMatchObject({ exitCode: 42, reason: 'Error' })
  const output = await host.run('cat', ['/var/log/pods/web/plain.log'])
  expect(output.stdout).toMatch(/stdout F {5}inet 10\.85\.[0-9.]+\/16 .*stdout F web$/s)
  const found = recordsOf(host, id)
  expectUntouched(found, untoldBy('containerd (CRI)'))
  expect(found).toMatchObject([
    {
      engine: { id: 'containerd', proven: true },
      container: { id, name: 'plain', image: criImage, namespace: 'shop', pod: 'web' },
    },
  ])
  expect(found[0]?.container.sandbox).toBeUndefined()
  await engine.remove(id)
  await expectGone(host, id)
})

describe('refused', () => {
  let privileged: Pod

  beforeAll(async () => {
    privileged = await engine.runPod('tools', { securityContext: { privileged: true } })
  })

  test.each(podRefusals('/run/containerd/containerd.sock'))('%s', async (_what, options, refusal) => {
    const { cri, host } = engine
    const containerId = await engine.create(privileged, `no-${refusal.rule}`, options)
    const details = await detailsOf(cri.call('StartContainer', { containerId }))
    expect(details).toMatch(/^failed to create containerd task: .*OCI runtime create failed: lintel refused/)
    const { text, record } = refusalIn(host, details)
    expectSentence(text, refusal)
    expectDenied(record, refusal.rule)
    expect(record.container).toEqual({
      id: containerId,
      name: `no-${refusal.rule}`,
      image: criImage,
      namespace: 'shop',
      pod: 'tools',
    })
    // What `kubectl describe pod` shows.
    const status = await engine.status(containerId)
    expect(status).toMatchObject({ state: 'CONTAINER_EXITED', reason: 'StartError', exitCode: 128 })
    expect(status.message).toContain(text)
    await engine.remove(containerId)
    await expectGone(host, containerId)
  })

  test('hostPath /, which is several at once, in one sentence', async () => {
    const { cri, host } = engine
    const containerId = await engine.create(privileged, 'no-root', withHostPath('/'))
    const { text, record } = refusalIn(host, await detailsOf(cri.call('StartContainer', { containerId })))
    for (const rule of ['sensitive-host-mounts', 'docker-socket', 'procfs-exposure']) {
      expect(text).toContain(rule)
      expectDenied(record, rule)
    }
    await engine.remove(containerId)
  })
})

describe('fixed', () => {
  let id: string

  beforeAll(async () => {
    id = await engine.start(pod, 'app', { resources: { memoryLimitInBytes: 134217728 } })
  })

  test('what the profile asks for shows inside, and the record tells what was changed', async () => {
    const inside = await engine.exec(id, 'sh', '-c', `${probe}; grep NoNewPrivs /proc/1/status`)
    expect(inside).toEqual({
      exitCode: 0,
      stdout:
        'NoNewPrivs:\t1\nSeccomp:\t2\nmemory 134217728\npids 1024\nroot read-only\ntmp writable\nNoNewPrivs:\t1\n',
      stderr: '',
    })
    const [record] = recordsOf(engine.host, id)
    expect(record).toMatchObject({ verdict: 'fix', container: { name: 'app', pod: 'web', image: criImage } })
    expect(outcomes(record)).toEqual(
      expect.arrayContaining([
        'no-new-privileges fixed',
        'pids-limit fixed',
        'readonly-rootfs fixed',
        'seccomp fixed',
      ]),
    )
  })

  test('a container without any limit gets one of memory', async () => {
    const unlimited = await engine.start(pod, 'unlimited')
    expect((await engine.exec(unlimited, 'sh', '-c', probe)).stdout).toContain(
      'memory 536870912\npids 1024\n',
    )
    await engine.remove(unlimited)
  })

  test('a probe has its own streams and exit status, and ten of them leave no record', async () => {
    const before = logLength(engine.host)
    const command = ['sh', '-c', 'grep NoNewPrivs /proc/self/status; echo err >&2; exit 7']
    for (let times = 0; times < 10; times++) {
      const probed = await engine.exec(id, ...command)
      expect(probed).toEqual({ exitCode: 7, stdout: 'NoNewPrivs:\t1\n', stderr: 'err\n' })
    }
    expect(logLength(engine.host)).toBe(before)
  })

  test('a command that is not there is the runtime’s own error', async () => {
    const details = await detailsOf(engine.exec(id, '/nowhere'))
    expect(details).toMatch(/OCI runtime exec failed: .*\/nowhere.*no such file or directory/)
    expect(details).not.toContain('lintel')
  })

  test.each([
    [true, '/dev/pts/0\r\nNoNewPrivs:\t1\r\nerr\r\n', ''],
    [false, 'not a tty\nNoNewPrivs:\t1\n', 'err\n'],
  ])('a streamed command, as kubectl exec has it (terminal: %s)', async (tty, stdout, stderr) => {
    const { cri, host } = engine
    const cmd = ['sh', '-c', 'tty; grep NoNewPrivs /proc/self/status; echo err >&2; exit 4']
    // containerd 1.6 loses the output of a terminal without input, whatever the runtime.
    const streams = { tty, stdin: tty, stdout: true, stderr: !tty }
    const { url } = await cri.call('Exec', { containerId: id, cmd, ...streams })
    const streamed = await readStream(host, url)
    expect(streamed).toMatchObject({ stdout, stderr })
    expect(JSON.parse(streamed.status)).toMatchObject({ details: { causes: [{ message: '4' }] } })
  })

  test('a lower limit passes and holds', async () => {
    const linux = { memoryLimitInBytes: 67108864 }
    await engine.cri.call('UpdateContainerResources', { containerId: id, linux })
    expect((await engine.exec(id, 'sh', '-c', probe)).stdout).toContain('memory 67108864\n')
    expect(records(engine.host).at(-1)).toMatchObject({
      operation: 'update',
      verdict: 'allow',
      container: { id, name: 'app', image: criImage, namespace: 'shop', pod: 'web' },
    })
  })

  test('no limit at all is refused with the reason, and the limit stays', async () => {
    const { cri, host } = engine
    const linux = { memoryLimitInBytes: -1 }
    const details = await detailsOf(cri.call('UpdateContainerResources', { containerId: id, linux }))
    expect(details).toMatch(/^failed to update resources: /)
    const { text, record } = refusalIn(host, details)
    expect(text).toContain(
      'memory-limit (CIS 5.10 "Ensure that the memory usage for containers is limited"): ',
    )
    expect(text).toContain('no memory limit (-1); to fix, set resources.limits.memory')
    expectDenied(record, 'memory-limit')
    expect((await engine.exec(id, 'sh', '-c', probe)).stdout).toContain('memory 67108864\n')
  })

  test('statistics and lists are not lintel’s matter', async () => {
    const { cri, host } = engine
    const before = logLength(host)
    const { stats } = await cri.call('ContainerStats', { containerId: id })
    expect(Number(stats.memory.workingSetBytes.value)).toBeGreaterThan(0)
    const { containers } = await cri.call('ListContainers', {})
    expect(containers).toContainEqual({ id, metadata: { name: 'app' }, state: 'CONTAINER_RUNNING' })
    expect(logLength(host)).toBe(before)
  })
})
