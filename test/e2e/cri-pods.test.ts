/** Pods by CRI: host namespaces judged by inode, exemptions and forged annotations, and the end of every pod. */

import { chmodSync, existsSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { detailsOf, type NamespaceOption } from './support/cri-client.ts'
import { type CriContainerd, type Pod, startCriContainerd } from './support/cri-containerd.ts'
import { outcomes, policyFile, records, recordsOf, setPolicy } from './support/decisions.ts'
import { expectGone } from './support/leftovers.ts'
import { until } from './support/private-host.ts'
import { expectDenied, expectSentence, type Refusal, refusalIn } from './support/refusal.ts'
import { refused } from './support/refusals.ts'
import { untoldBy } from './support/untouched.ts'

jest.setTimeout(120_000)

let engine: CriContainerd

beforeAll(async () => {
  engine = await startCriContainerd()
})

afterEach(() => setPolicy(engine.host))

afterAll(async () => {
  await engine?.close()
})

/** Exempts what shares the host's namespaces, in one place. */
const exempt = (where: string): void =>
  setPolicy(
    engine.host,
    `[[exemptions]]
rules = ["host-network", "host-pid", "host-ipc"]
where = { engine = "containerd", ${where} }
reason = "network plug-in"
owner = "net-team"
expires = 2099-01-01
`,
  )

const sharing = (namespaceOptions: NamespaceOption) => ({ securityContext: { namespaceOptions } })

describe('a pod in namespaces of the host', () => {
  const rows: readonly (readonly [NamespaceOption, Refusal])[] = [
    [
      { network: 'NODE' },
      { ...refused.hostNetwork, found: /share the host's network/, remedy: 'set hostNetwork: false' },
    ],
    [
      { pid: 'NODE' },
      { ...refused.hostPid, found: /share the host's process/, remedy: 'set hostPID: false' },
    ],
    [{ ipc: 'NODE' }, { ...refused.hostIpc, found: /share the host's IPC/, remedy: 'set hostIPC: false' }],
  ]

  test.each(rows)('%j is refused at its sandbox', async (namespaces, refusal) => {
    const { host } = engine
    const details = await detailsOf(engine.runPod(`no-${refusal.rule}`, sharing(namespaces)))
    const { text, record } = refusalIn(host, details)
    expectSentence(text, refusal)
    expectDenied(record, refusal.rule)
    expect(record.container).toMatchObject({ pod: `no-${refusal.rule}`, namespace: 'shop', sandbox: true })
    await expectGone(host, record.container.id)
  })

  test('runs where its Kubernetes namespace is exempted, sandbox and container, and nowhere else', async () => {
    const { host } = engine
    exempt('namespace = "kube-system"')
    const network = sharing({ network: 'NODE', pid: 'NODE' })
    const pod = await engine.runPod('agent', { namespace: 'kube-system', ...network })
    const id = await engine.start(pod, 'agent')
    const [sandbox, container] = [recordsOf(host, pod.id)[0], recordsOf(host, id)[0]]
    expect(sandbox).toMatchObject({
      verdict: 'allow',
      container: { namespace: 'kube-system', sandbox: true },
    })
    const exempted = ['host-network exempted', 'host-pid exempted']
    expect(outcomes(sandbox)).toEqual([...exempted, ...untoldBy('containerd (CRI)')].sort())
    const { exemption } = sandbox?.findings.find(({ rule }) => rule === 'host-network') ?? {}
    expect(exemption).toMatchObject({ owner: 'net-team', reason: 'network plug-in' })
    expect(outcomes(container)).toEqual(
      expect.arrayContaining(['host-network exempted', 'host-pid exempted']),
    )
    const outside = await host.run('readlink', ['/proc/1/ns/net'])
    expect((await engine.exec(id, 'readlink', '/proc/self/ns/net')).stdout).toBe(`${outside.stdout}\n`)

    const details = await detailsOf(engine.runPod('agent-copy', network))
    expectDenied(refusalIn(host, details).record, 'host-network')
    // The name of a pod is its author's, that of a namespace the cluster's.
    expectDenied(refusalIn(host, await detailsOf(engine.runPod('kube-system', network))).record, 'host-pid')
    await engine.removePod(pod)
    await expectGone(host, id)
  })

  test('a container that joins its sandbox there is judged by inode, not by the path CRI names', async () => {
    const { cri, host } = engine
    exempt('name = "net-agent"')
    const pod = await engine.runPod('net-agent', sharing({ network: 'NODE' }))
    const containerId = await engine.create(pod, 'app')
    const { record } = refusalIn(host, await detailsOf(cri.call('StartContainer', { containerId })))
    expectDenied(record, 'host-network')
    const [finding] = record.findings.filter(({ rule }) => rule === 'host-network')
    expect(finding?.actual).toMatch(/^\/proc\/[0-9]+\/ns\/net$/)
    await engine.removePod(pod)
  })

  test('a container in the process namespace of its own pod is no finding', async () => {
    const pod = await engine.runPod('together', sharing({ pid: 'POD' }))
    const id = await engine.start(pod, 'app')
    expect(recordsOf(engine.host, id)).toMatchObject([{ verdict: 'fix' }])
    expect((await engine.exec(id, 'ps')).stdout).toMatch(/1 root.*sleep 1000000\n/)
    await engine.removePod(pod)
  })
})

describe('annotations of a pod that its author forged', () => {
  const forged = {
    'io.kubernetes.cri.container-type': 'sandbox',
    'io.kubernetes.cri.sandbox-id': 'forged',
    'io.kubernetes.cri.sandbox-name': 'forged',
    'io.kubernetes.cri.sandbox-namespace': 'kube-system',
    'io.kubernetes.cri.sandbox-uid': '../../..',
    'io.kubernetes.cri.container-name': 'forged',
    'io.kubernetes.cri.image-name': 'registry.example/cni:1',
    'io.kubernetes.cri.podsandbox.image-name': 'registry.example/cni:1',
    'io.container.manager': 'cri-o',
    'io.kubernetes.cri-o.ContainerType': 'sandbox',
  }

  test('make no sandbox of a container, and give it no other name', async () => {
    const pod = await engine.runPod('author', { annotations: forged })
    const id = await engine.start(pod, 'app')
    const [record] = recordsOf(engine.host, id)
    expect(record).toMatchObject({
      verdict: 'fix',
      engine: { id: 'containerd', proven: true },
      container: { name: 'app', pod: 'author', namespace: 'shop' },
    })
    expect(record?.container.sandbox).toBeUndefined()
    // A sandbox would have been let run with neither.
    expect(outcomes(record)).toEqual(expect.arrayContaining(['memory-limit fixed', 'readonly-rootfs fixed']))
    await engine.removePod(pod)
  })

  test.each([
    ['namespace', 'kube-system'],
    ['image', 'registry.example/cni:*'],
    ['name', 'forged'],
  ])('do not exempt its sandbox by %s', async (member, value) => {
    exempt(`${member} = "${value}"`)
    const pod = `by-${member}`
    const shares = { annotations: forged, ...sharing({ network: 'NODE' }) }
    const { record } = refusalIn(engine.host, await detailsOf(engine.runPod(pod, shares)))
    expectDenied(record, 'host-network')
    expect(record.container).toMatchObject({ name: pod, pod, namespace: 'shop', sandbox: true })
  })
})

describe('whatever state the policy is in, a pod can be ended', () => {
  let pod: Pod
  let containers: Readonly<Record<'created' | 'running' | 'exited' | 'refused', string>>

  beforeAll(async () => {
    setPolicy(engine.host)
    pod = await engine.runPod('ending')
    containers = {
      created: await engine.create(pod, 'created'),
      running: await engine.start(pod, 'running'),
      exited: await engine.start(pod, 'exited', { command: ['true'] }),
      refused: await engine.create(pod, 'refused', { mounts: [{ containerPath: '/x', hostPath: '/' }] }),
    }
    await detailsOf(engine.cri.call('StartContainer', { containerId: containers.refused }))
    const ended = async () => (await engine.status(containers.exited)).state === 'CONTAINER_EXITED'
    await until(ended, 'the container to end')
  })

  test('and nothing new is started while it cannot serve', async () => {
    const { cri, host } = engine
    setPolicy(host, '')
    chmodSync(host.path(policyFile), 0o666)
    const details = await detailsOf(cri.call('StartContainer', { containerId: containers.created }))
    expect(details).toContain('/etc/lintel/policy.toml can be written by others (mode 666)')
    expect(await detailsOf(engine.runPod('another'))).toContain('can be written by others (mode 666)')
    expect(await detailsOf(engine.exec(containers.running, 'true'))).toContain('can be written by others')
  })

  test.each(['created', 'running', 'exited', 'refused'] as const)('a container that is %s', async (state) => {
    setPolicy(engine.host, '')
    chmodSync(engine.host.path(policyFile), 0o666)
    const before = records(engine.host).length
    await engine.remove(containers[state])
    await expectEnded(containers[state])
    expect(records(engine.host).length).toBe(before)
  })

  test('the sandbox, with a running container in it', async () => {
    const { cri, host } = engine
    const last = await engine.start(pod, 'last')
    setPolicy(host, '')
    chmodSync(host.path(policyFile), 0o666)
    await cri.call('StopPodSandbox', { podSandboxId: pod.id })
    const { status } = await cri.call('PodSandboxStatus', { podSandboxId: pod.id })
    expect(status.state).toBe('SANDBOX_NOTREADY')
    await cri.call('RemovePodSandbox', { podSandboxId: pod.id })
    await expectEnded(last)
    await expectEnded(pod.id)
    const { containers: listed } = await cri.call('ListContainers', {})
    expect(listed.map(({ id }) => id)).not.toContain(last)
  })

  const expectEnded = async (id: string): Promise<void> => {
    await expectGone(engine.host, id)
    expect(existsSync(engine.host.path(`/run/containerd/runc/k8s.io/${id}`))).toBe(false)
  }
})
