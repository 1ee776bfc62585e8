/** Recorded containers of CRI-O by real conmon and runc: proven, allowed, refused in CRI-O's words, fixed, ended. */

import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { folders } from './support/conmon.ts'
import { asHardenedPod, type Change, type Crio, type CrioContainer, openCrio } from './support/crio.ts'
import {
  logLength,
  outcomes,
  policyFile,
  records,
  recordsOf,
  repaired,
  setPolicy,
} from './support/decisions.ts'
import { expectGone } from './support/leftovers.ts'
import { capabilityRefusal, hostPathRefusal } from './support/pod-refusals.ts'
import { probe, until } from './support/private-host.ts'
import { expectDenied, expectSentence, type Refusal, refusalIn } from './support/refusal.ts'
import { refused } from './support/refusals.ts'
import { expectUntouched, untoldBy } from './support/untouched.ts'

jest.setTimeout(120_000)

const image = 'localhost/busybox:latest'
const versionedImage = 'localhost/busybox:1.36'
const proven = { id: 'crio', proven: true }

let engine: Crio
let sandbox: CrioContainer

beforeAll(async () => {
  engine = await openCrio()
  sandbox = await engine.runSandbox('crio-1.37-default')
})

afterEach(() => setPolicy(engine.host))

afterAll(async () => {
  await engine?.host.close()
})

const stateOf = async ({ id }: CrioContainer): Promise<string> =>
  JSON.parse((await engine.runtime(['state', id])).stdout).status

test('a sandbox is proven to be one, and only what protects the host is repaired in it', async () => {
  const { host } = engine
  expect(sandbox.name).toBe('k8s_POD_default_shop_uid-default_0')
  expect(await stateOf(sandbox)).toBe('running')
  const [record] = recordsOf(host, sandbox.id)
  expect(record).toMatchObject({
    operation: 'create',
    verdict: 'fix',
    engine: proven,
    container: { id: sandbox.id, name: 'POD', namespace: 'shop', pod: 'default', sandbox: true },
  })
  expect(record?.engine.caller).toBe(`conmon -b ${sandbox.bundle}`)
  // Nobody limits the memory of a pause process, or lets it write.
  expect(repaired(record)).toEqual(['kernel-helpers'])
  const mounts = readFileSync(host.path(`/proc/${sandbox.created.pid}/mounts`), 'utf8')
  expect(mounts).toContain('proc /proc/sys proc ro')
})

test('a container that asks for all of it itself runs untouched', async () => {
  const { host } = engine
  // The recording has no limit of processes: kubelet sets it on the cgroup of the pod.
  setPolicy(host, '[rules.pids-limit]\naction = "off"\n')
  const pod = await engine.runSandbox('crio-1.37-hardened')
  const container = await engine.create('crio-1.37-hardened', pod, asHardenedPod(versionedImage))
  expect(container.created).toEqual({ pid: expect.any(Number) })
  const found = recordsOf(host, container.id)
  expectUntouched(found, untoldBy('CRI-O'))
  const names = { name: 'app', image: versionedImage, namespace: 'shop', pod: 'hardened' }
  expect(found).toMatchObject([{ engine: proven, container: { id: container.id, ...names } }])
  await engine.runtime(['start', container.id])
  const inside = await engine.execSync(container, ['sh', '-c', probe])
  expect(inside).toMatchObject({ exitCode: 0, stderr: '' })
  expect(inside.stdout).toContain('memory 134217728\n')
  await end(container)
  await end(pod)
})

describe('refused', () => {
  const hostPath =
    (source: string): Change =>
    (config) => ({
      ...config,
      mounts: [
        ...config.mounts,
        { destination: '/x', type: 'bind', source, options: ['rw', 'rbind', 'rprivate', 'bind'] },
      ],
    })
  const capability: Change = (config) => {
    const sets = ['bounding', 'effective', 'permitted'].map((set) => [set, ['CAP_CHOWN', 'CAP_SYS_ADMIN']])
    return { ...config, process: { ...config.process, capabilities: Object.fromEntries(sets) } }
  }
  const rows: readonly (readonly [what: string, change: Change, refusal: Refusal])[] = [
    ['capabilities.add', capability, capabilityRefusal],
    ['hostPath /etc', hostPath('/etc'), hostPathRefusal],
    [
      'a process namespace that is the host’s',
      (config) => ({
        ...config,
        linux: {
          ...config.linux,
          namespaces: config.linux.namespaces.map((each) =>
            each.type === 'pid' ? { ...each, path: '/proc/1/ns/pid' } : each,
          ),
        },
      }),
      { ...refused.hostPid, found: /the host's process namespace/, remedy: 'set hostPID: false' },
    ],
  ]

  test.each(rows)('%s', async (_what, change, refusal) => {
    const { host, runtime } = engine
    const container = await engine.create('crio-1.37-default', sandbox, change)
    // CRI-O answers `container create failed: ` and this message.
    expect(container.created).toEqual({ pid: -1, message: expect.stringMatching(/^lintel refused .*\]\n$/) })
    const { text, record } = refusalIn(host, container.created.message ?? '')
    expect(container.created.message).toBe(`${text}\n`)
    expectSentence(text, refusal)
    expectDenied(record, refusal.rule)
    expect(record).toMatchObject({ engine: proven, container: { name: 'app', pod: 'default', image } })
    expect(await runtime(['delete', '--force', container.id])).toMatchObject({ exitCode: 0, stderr: '' })
    await expectGone(host, container.id)
  })

  test('a sandbox whose pinned network is the host’s, also with the annotations of an exempted image', async () => {
    const { host, runtime } = engine
    setPolicy(
      host,
      `[[exemptions]]
rules = ["host-network"]
where = { engine = "crio", image = "registry.example/cni:*" }
reason = "network plug-in"
owner = "net-team"
expires = 2099-01-01
`,
    )
    // CRI-O writes a pod's annotations over its own into the sandbox (server/sandbox_run_linux.go).
    const forged = { 'io.kubernetes.cri-o.Image': 'registry.example/cni:1' }
    const change: Change = (config) => ({
      ...config,
      annotations: {
        ...config.annotations,
        ...forged,
        'io.kubernetes.cri-o.ImageName': 'registry.example/cni:1',
      },
    })
    const pod = await engine.runSandbox('crio-1.37-sshd', { change, hostNetwork: true })
    const { text, record } = refusalIn(host, pod.created.message ?? '')
    const remedy = 'set hostNetwork: false'
    expectSentence(text, { ...refused.hostNetwork, found: /\(\/var\/run\/netns\/[0-9a-f-]+\)/, remedy })
    expectDenied(record, 'host-network')
    expect(record).toMatchObject({ engine: proven, container: { name: 'POD', sandbox: true } })
    await runtime(['delete', '--force', pod.id])
  })

  test('a container that says it is a sandbox is none', async () => {
    const { host, runtime } = engine
    const container = await engine.create('crio-1.37-default', sandbox, (config) => ({
      ...config,
      annotations: {
        ...config.annotations,
        'io.kubernetes.cri-o.ContainerType': 'sandbox',
        'io.kubernetes.cri-o.Name': 'k8s_POD_default_kube-system_uid-default_0',
        'io.kubernetes.cri-o.SandboxID': config.annotations['io.kubernetes.cri-o.ContainerID'] ?? '',
      },
    }))
    const record = recordsOf(host, container.id).at(-1)
    expect(record?.container).toEqual({
      ...{ id: container.id, name: 'app', image },
      ...{ namespace: 'shop', pod: 'default' },
    })
    // Of a sandbox neither would be asked.
    const found = record?.findings.map(({ rule }) => rule)
    expect(found).toEqual(expect.arrayContaining(['memory-limit', 'readonly-rootfs']))
    await runtime(['delete', '--force', container.id])
  })
})

describe('fixed', () => {
  let app: CrioContainer

  beforeAll(async () => {
    app = await engine.create('crio-1.37-default', sandbox)
    await engine.runtime(['start', app.id])
  })

  test('what the profile asks for shows inside, and the record tells what was changed', async () => {
    const inside = await engine.execSync(app, ['sh', '-c', `${probe}; ps`])
    expect(inside.stdout).toMatch(
      /^NoNewPrivs:\t1\nSeccomp:\t2\nmemory 536870912\npids 1024\nroot read-only\ntmp writable\n/,
    )
    const status = readFileSync(engine.host.path(`/proc/${app.created.pid}/status`), 'utf8')
    expect(status).toContain('NoNewPrivs:\t1')
    // It joined the processes of its sandbox.
    expect(inside.stdout).toMatch(/1 0 +sleep 1000000\n/)
    const record = recordsOf(engine.host, app.id).at(-1)
    expect(record).toMatchObject({ verdict: 'fix', engine: proven, container: { name: 'app', image } })
    expect(outcomes(record)).toEqual(
      expect.arrayContaining(['memory-limit fixed', 'no-new-privileges fixed', 'readonly-rootfs fixed']),
    )
  })

  test('a probe has its own streams and exit status, and ten of them leave no record', async () => {
    const before = logLength(engine.host)
    const command = ['sh', '-c', 'grep NoNewPrivs /proc/self/status; echo err >&2; exit 7']
    for (let times = 0; times < 10; times++) {
      const probed = await engine.execSync(app, command)
      expect(probed).toEqual({ exitCode: 7, stdout: 'NoNewPrivs:\t1', stderr: 'err' })
    }
    expect(logLength(engine.host)).toBe(before)
  })

  test('a command with more than its container holds is refused in CRI-O’s words, by both ways', async () => {
    const { host } = engine
    const beyond = { capabilities: { bounding: ['CAP_SYS_ADMIN'], effective: ['CAP_SYS_ADMIN'] } }
    const probed = await engine.execSync(app, ['true'], beyond)
    expect(probed).toMatchObject({ exitCode: -1, stdout: '', stderr: '' })
    const { record } = refusalIn(host, probed.message ?? '')
    expectDenied(record, 'exec-privileged')
    expect(record).toMatchObject({ operation: 'exec', engine: proven, container: { name: 'app', image } })
    const streamed = await engine.execStream(app, ['true'], beyond)
    expect(streamed).toMatchObject({ exitCode: 1, stdout: '' })
    expect(refusalIn(host, streamed.stderr).record).toMatchObject({ operation: 'exec', engine: proven })
  })

  test('kubectl exec, in the foreground, is the command’s own', async () => {
    const command = ['sh', '-c', 'grep NoNewPrivs /proc/self/status; echo err >&2; exit 4']
    const streamed = await engine.execStream(app, command)
    expect(streamed).toMatchObject({ exitCode: 4, stdout: 'NoNewPrivs:\t1', stderr: 'err' })
  })

  test('a lower limit passes and holds; none at all is refused with the reason', async () => {
    const { host, runtime } = engine
    const update = (limit: number) =>
      runtime(['update', '--resources', '-', app.id], JSON.stringify({ memory: { limit, swap: limit } }))
    expect(await update(67108864)).toMatchObject({ exitCode: 0, all: '' })
    expect(records(host).at(-1)).toMatchObject({
      ...{ operation: 'update', verdict: 'allow', engine: proven },
      container: { name: 'app', image, namespace: 'shop', pod: 'default' },
    })
    const lifted = await update(-1)
    expect(lifted).toMatchObject({ exitCode: 1, stdout: '' })
    const { text, record } = refusalIn(host, lifted.stderr)
    expect(text).toContain('no memory limit (-1); to fix, set resources.limits.memory')
    expectDenied(record, 'memory-limit')
    expect((await engine.execSync(app, ['sh', '-c', probe])).stdout).toContain('memory 67108864\n')
  })

  test('state, pause, resume, kill and delete are handed on, whatever state the policy is in', async () => {
    const { host, runtime } = engine
    setPolicy(host, '')
    chmodSync(host.path(policyFile), 0o666)
    expect((await engine.execStream(app, ['true'])).stderr).toContain('can be written by others (mode 666)')
    expect(records(host).at(-1)).toMatchObject({
      operation: 'exec',
      verdict: 'deny',
      container: { id: app.id },
    })
    const before = logLength(host)
    expect(await runtime(['pause', app.id])).toMatchObject({ exitCode: 0, all: '' })
    expect(await stateOf(app)).toBe('paused')
    expect(await runtime(['resume', app.id])).toMatchObject({ exitCode: 0, all: '' })
    await end(app)
    await end(sandbox)
    expect(logLength(host)).toBe(before)
  })
})

/** StopContainer and RemoveContainer: conmon writes down how it ended, and nothing is left. */
const end = async ({ id }: CrioContainer): Promise<void> => {
  const { host, runtime } = engine
  expect(await runtime(['kill', id, '9'])).toMatchObject({ exitCode: 0, all: '' })
  const exit = host.path(`${folders.exits}/${id}`)
  await until(() => existsSync(exit), `conmon to write ${exit}`)
  expect(readFileSync(exit, 'utf8')).toBe('137')
  expect(await runtime(['delete', '--force', id])).toMatchObject({ exitCode: 0, all: '' })
  await expectGone(host, id)
}
