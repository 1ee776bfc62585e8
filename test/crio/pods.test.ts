/** Pods of a real CRI-O, by CRI: what is allowed runs untouched, what is refused says why, what is fixed shows. */
import { chmodSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { detailsOf } from '../e2e/support/cri-client.ts'
import { criImage, hardened, type Pod } from '../e2e/support/cri-containerd.ts'
import { readStream } from '../e2e/support/cri-stream.ts'
import { logLength, outcomes, records, recordsOf, setPolicy } from '../e2e/support/decisions.ts'
import { expectGone } from '../e2e/support/leftovers.ts'
import { podRefusals } from '../e2e/support/pod-refusals.ts'
import { probe, until } from '../e2e/support/private-host.ts'
import { expectDenied, expectSentence, refusalIn } from '../e2e/support/refusal.ts'
import { refused } from '../e2e/support/refusals.ts'
import { expectUntouched, untoldBy } from '../e2e/support/untouched.ts'
import { claimsFor, ellipticKey, issue } from '../support/tokens.ts'
import { type CrioHost, openCrioHost, restarting } from './crio-host.ts'

jest.setTimeout(120_000)

const proven = { id: 'crio', proven: true }

/** runc as it is, but that it may not lower what the kernel kills first: root of a nested host has not the capability. */
const nestedRuntime = `#!/bin/sh
previous=
for word; do case $previous in -b|--bundle) sed -i 's/"oomScoreAdj": *-[0-9]*/"oomScoreAdj":0/' "$word/config.json";; esac; previous=$word; done
exec /usr/sbin/runc "$@"
`

let engine: CrioHost
let pod: Pod

beforeAll(async () => {
  engine = await openCrioHost()
  await engine.lintel('install', 'crio', '--mode', 'enforce', ...restarting)
  await engine.served()
  setPolicy(engine.host)
  pod = await engine.runPod('web')
})

afterAll(async () => {
  await engine?.close()
})

test('a container that needs nothing runs untouched, its output and exit status its own', async () => {
  const { host } = engine
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
  expectUntouched(found, untoldBy('CRI-O'))
  const names = { name: 'plain', image: criImage, namespace: 'shop', pod: 'web' }
  expect(found).toMatchObject([{ engine: proven, container: { id, ...names } }])
  await engine.remove(id)
  await expectGone(host, id)
})

test('a sandbox that has a process is proven to be one', async () => {
  const { host } = engine
  writeFileSync(host.path('/usr/local/sbin/runc-nested'), nestedRuntime)
  chmodSync(host.path('/usr/local/sbin/runc-nested'), 0o755)
  setPolicy(host, '[runtime]\npath = ["/usr/local/sbin/runc-nested"]\n')
  const shared = await engine.runPod('shared', { securityContext: { namespaceOptions: { pid: 'POD' } } })
  const [record] = recordsOf(host, shared.id)
  const names = { name: 'POD', namespace: 'shop', pod: 'shared', sandbox: true }
  expect(record).toMatchObject({
    operation: 'create',
    engine: proven,
    container: { id: shared.id, ...names },
  })
  const id = await engine.start(shared, 'member')
  // Both go with the host: CRI-O waits a minute for a sandbox process that does not end of itself.
  expect((await engine.exec(id, 'ps')).stdout).toMatch(/1 0 +sleep 1000000\n|1 root .* sleep 1000000\n/)
  setPolicy(host)
})

describe('refused, in the words CRI-O gives a kubelet', () => {
  let tools: Pod

  beforeAll(async () => {
    tools = await engine.runPod('tools', { securityContext: { privileged: true } })
  })

  test.each(podRefusals('/run/crio/crio.sock'))('%s', async (_what, options, refusal) => {
    const { cri, host } = engine
    const details = await detailsOf(engine.create(tools, `no-${refusal.rule}`, options))
    expect(details).toMatch(/^container create failed: lintel refused/)
    const { text, record } = refusalIn(host, details)
    expectSentence(text, refusal)
    expectDenied(record, refusal.rule)
    const names = { name: `no-${refusal.rule}`, image: criImage, namespace: 'shop', pod: 'tools' }
    expect(record).toMatchObject({ engine: proven, container: names })
    const { containers } = await cri.call('ListContainers', {})
    expect(containers.map(({ metadata: { name } }) => name)).not.toContain(names.name)
    await expectGone(host, record.container.id)
  })

  test('the network of the host, for each container of the pod', async () => {
    const { host } = engine
    const open = await engine.runPod('open', { securityContext: { namespaceOptions: { network: 'NODE' } } })
    const network = { securityContext: { namespaceOptions: { network: 'NODE', pid: 'CONTAINER' } } } as const
    const { text, record } = refusalIn(host, await detailsOf(engine.create(open, 'no-network', network)))
    expectSentence(text, {
      ...refused.hostNetwork,
      found: /host's network/,
      remedy: 'set hostNetwork: false',
    })
    expectDenied(record, 'host-network')
    await engine.removePod(open)
  })
})

describe('fixed', () => {
  let id: string

  beforeAll(async () => {
    id = await engine.start(pod, 'app', { resources: { memoryLimitInBytes: 134217728 } })
  })

  test('what the profile asks for shows inside, and the record tells what was changed', async () => {
    const inside = await engine.exec(id, 'sh', '-c', `${probe}; grep NoNewPrivs /proc/1/status`)
    expect(inside).toMatchObject({ exitCode: 0, stderr: '' })
    expect(inside.stdout).toMatch(
      /^NoNewPrivs:\t1\nSeccomp:\t2\nmemory 134217728\npids 1024\nroot read-only\ntmp writable\nNoNewPrivs:\t1\n$/,
    )
    const [record] = recordsOf(engine.host, id)
    expect(record).toMatchObject({ verdict: 'fix', container: { name: 'app', pod: 'web', image: criImage } })
    expect(outcomes(record)).toEqual(
      expect.arrayContaining(['no-new-privileges fixed', 'pids-limit fixed', 'readonly-rootfs fixed']),
    )
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

  test('a streamed command, as kubectl exec has it', async () => {
    const { cri, host } = engine
    const cmd = ['sh', '-c', 'grep NoNewPrivs /proc/self/status; echo err >&2; exit 4']
    const streams = { tty: false, stdin: false, stdout: true, stderr: true }
    const { url } = await cri.call('Exec', { containerId: id, cmd, ...streams })
    const streamed = await readStream(host, url)
    expect(streamed).toMatchObject({ stdout: 'NoNewPrivs:\t1\n', stderr: 'err\n' })
    expect(JSON.parse(streamed.status)).toMatchObject({ details: { causes: [{ message: '4' }] } })
  })

  test('a lower limit passes and holds; none at all CRI-O takes from nobody', async () => {
    const { cri, host } = engine
    const update = (limit: number) =>
      cri.call('UpdateContainerResources', { containerId: id, linux: { memoryLimitInBytes: limit } })
    await update(67108864)
    expect((await engine.exec(id, 'sh', '-c', probe)).stdout).toContain('memory 67108864\n')
    expect(records(host).at(-1)).toMatchObject({ operation: 'update', verdict: 'allow', engine: proven })
    expect(await detailsOf(update(-1))).toContain('memory validation failed')
    expect((await engine.exec(id, 'sh', '-c', probe)).stdout).toContain('memory 67108864\n')
  })

  test('CRI-O started again finds it, and execs of it are judged as before', async () => {
    const { host } = engine
    await host.shell('sh /run/restart')
    await engine.served()
    expect((await engine.exec(id, 'grep', 'NoNewPrivs', '/proc/self/status')).stdout).toBe('NoNewPrivs:\t1\n')
    setPolicy(host, '')
    chmodSync(host.path('/etc/lintel/policy.toml'), 0o666)
    expect(await detailsOf(engine.exec(id, 'true'))).toContain('can be written by others (mode 666)')
    setPolicy(host)
    await engine.remove(id)
    await expectGone(host, id)
  })
})

describe('who it is for', () => {
  const key = ellipticKey('gateway')
  const tokenFor = (podName: string, changes = {}): string =>
    issue(key, claimsFor('', { container_id: undefined, namespace: 'shop', pod: podName, ...changes }))
  const startFor = async (name: string, token: string): Promise<string> =>
    engine.start(await engine.runPod(name, { annotations: { 'io.lintel.token': token } }), 'app')

  beforeAll(() => {
    setPolicy(
      engine.host,
      `profile = "minimal"
[rules]
requester = { action = "deny" }
[identity]
jwks = ["/etc/lintel/keys.json"]
issuer = "https://id.example"
audience = "lintel"
[[clearances]]
user = "alice"
range = "s0"
`,
    )
    writeFileSync(engine.host.path('/etc/lintel/keys.json'), JSON.stringify({ keys: [key.jwk] }))
  })

  test('an annotation of the pod with a token for it, which no file of the runtime holds afterwards', async () => {
    const { host } = engine
    const token = tokenFor('plot')
    const id = await startFor('plot', token)
    expect(recordsOf(host, id)).toMatchObject([
      { verdict: 'allow', engine: proven, requester: { proof: 'token', user: 'alice', clearance: 's0' } },
    ])
    const places = `/run/lintel /run/runc /var/log/lintel /run/containers/storage/overlay-containers/${id}`
    const { stdout } = await host.run('sh', ['-c', `grep -rlF -e '${token}' ${places} 2>/dev/null`])
    expect(stdout).toBe('')
  })

  // A second pod of one name would be the first one, with the first one's annotations.
  const rows: readonly (readonly [whose: string, name: string, token: () => string, reason: RegExp])[] = [
    ['another pod', 'thief', () => tokenFor('plot'), /not for this container.*pod is thief/],
    ['a time that has passed', 'late', () => tokenFor('late', { iat: 1, exp: 2 }), /expired/],
    ['nobody', 'unsigned', () => '', /nobody is proven to ask|token/],
  ]

  test.each(rows)('a token for %s is refused', async (_whose, name, token, reason) => {
    const asked = token()
    const details = await detailsOf(startFor(name, asked))
    expect(details).toMatch(/^container create failed: lintel refused/)
    expect(details).toMatch(reason)
    if (asked !== '') expect(details).not.toContain(asked.slice(-40))
  })
})
