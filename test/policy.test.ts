/** A site's policy as it serves: profiles, drop-ins, exemptions, where it may come from. Needs root. */
import { renameSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import type { DecisionRecord } from '../src/core/record.ts'
import { profiles } from '../src/profiles/index.ts'
import {
  configWith,
  expectRefused,
  guardedCalls,
  preparedBundle,
  refusedConfig,
  repairedConfig,
} from './support/calls.ts'
import { callAs, dockerCall, type EngineCall, podCall } from './support/engine-calls.ts'
import { openShim, policyFile, type Shim } from './support/shim.ts'

jest.setTimeout(60_000)

let shim: Shim

beforeAll(async () => {
  shim = await openShim()
})
afterAll(() => shim.close())
beforeEach(() => shim.clear())

/** Creates a container with this configuration and returns the record. */
const create = async (config = refusedConfig): Promise<DecisionRecord> => {
  const bundle = preparedBundle(shim, 'c', config)
  await shim.call(guardedCalls.create(bundle, 'c'))
  const record = shim.records().at(-1)
  if (record === undefined) throw new Error('no record')
  return record
}

const outcomes = ({ findings }: DecisionRecord): readonly string[] =>
  findings.map(({ rule, outcome }) => `${rule} ${outcome}`).toSorted()

describe('profiles', () => {
  test.each(Object.keys(profiles))('%s: rules does as the profile says', async (name) => {
    const { status, stdout } = await shim.lintel(['rules', '--profile', name, '--format', 'json'])
    expect(status).toBe(0)
    const rows: readonly { id: string; action: string }[] = JSON.parse(stdout)
    expect(rows.map(({ id, action }) => [id, action])).toEqual(
      rows.map(({ id }) => [id, profiles[name]?.rules[id]?.['action'] ?? 'off']),
    )
  })

  const shared = configWith({
    linux: { namespaces: [{ type: 'mount' }, { type: 'uts' }, { type: 'pid' }, { type: 'ipc' }] },
    root: { readonly: false },
  })

  test('cis-docker-1.13.0 refuses and repairs, and serves where there is no policy', async () => {
    shim.policy('profile = "cis-docker-1.13.0"')
    expect(await create(shared)).toMatchObject({ verdict: 'deny', policy: { profile: 'cis-docker-1.13.0' } })
    expect(outcomes(await create(shared))).toContain('host-network refused')
    shim.policy()
    const { policy } = await create(shared)
    expect(policy).toEqual({ digest: 'built-in', profile: 'cis-docker-1.13.0' })
  })

  test('minimal warns of what does not hand over the host', async () => {
    shim.policy('profile = "minimal"')
    const record = await create(shared)
    expect(record).toMatchObject({ verdict: 'allow', policy: { profile: 'minimal' }, patch: [] })
    expect(outcomes(record)).toContain('host-network warned')
    expect(outcomes(record).join()).not.toContain('readonly-rootfs')
    const pid = configWith({ linux: { namespaces: [{ type: 'mount' }, { type: 'network' }] } })
    expect(outcomes(await create(pid))).toContain('host-pid refused')
  })

  test('the digest tells policies apart', async () => {
    shim.policy('')
    const first = await create()
    shim.policy('# another')
    expect((await create()).policy.digest).not.toBe(first.policy.digest)
  })
})

/** A profile without findings in the calls here, and the rules they are about. */
const about =
  'profile = "minimal"\nrules.capabilities.action = "deny"\nrules.no-new-privileges.action = "fix"\n'

describe('what a site sets', () => {
  test.each([
    ['off', 'allow', []],
    ['warn', 'allow', ['capabilities warned']],
    ['deny', 'deny', ['capabilities refused']],
  ])('action %s', async (action, verdict, findings) => {
    shim.policy(`profile = "minimal"\nrules.capabilities.action = "${action}"`)
    const record = await create()
    expect([record.verdict, outcomes(record)]).toEqual([verdict, findings])
  })

  test('mode warn: nothing repaired, nothing refused, all of it said', async () => {
    shim.policy(`mode = "warn"\n${about}`)
    expect(await create()).toMatchObject({ verdict: 'would_deny', mode: 'warn', patch: [] })
    const record = await create(repairedConfig)
    expect(record).toMatchObject({ verdict: 'allow', patch: [] })
    expect(outcomes(record)).toEqual(['no-new-privileges repairable'])
    expect(record.config.after).toBe(record.config.before)
  })

  test('parameters over the profile’s', async () => {
    shim.policy(
      'rules.capabilities.allowed = ["CAP_CHOWN", "CAP_SYS_ADMIN"]\nrules.memory-limit.default = "64MiB"',
    )
    expect((await create()).verdict).toBe('allow')
    const unlimited = configWith({ linux: { resources: { memory: null } } })
    const { patch } = await create(unlimited)
    expect(JSON.stringify(patch)).toContain(`"limit":${64 * 1024 * 1024}`)
  })

  test('drop-ins lie over the file in the order of their names; exemptions add up', async () => {
    shim.policy('mode = "warn"\nprofile = "minimal"\nrules.capabilities.allowed = ["CAP_SYS_ADMIN"]')
    shim.write('/etc/lintel/policy.d/20-b.toml', 'rules.capabilities.action = "warn"')
    shim.write('/etc/lintel/policy.d/10-a.toml', 'mode = "enforce"\nrules.capabilities.action = "off"')
    shim.write('/etc/lintel/policy.d/30-c.toml.disabled', 'not = [toml')
    shim.write('/etc/lintel/policy.d/.hidden.toml', 'nor = [this')
    const config = configWith({ process: { capabilities: { bounding: ['CAP_SYS_ADMIN', 'CAP_BPF'] } } })
    const record = await create(config)
    expect(record).toMatchObject({ mode: 'enforce', verdict: 'allow' })
    expect(record.findings).toMatchObject([{ rule: 'capabilities', outcome: 'warned' }])
    expect(record.findings[0]?.message).not.toContain('CAP_SYS_ADMIN')
    shim.write('/etc/lintel/policy.d/15-x.toml', 'mode = "warn"')
    expect((await create(config)).mode).toBe('warn')
    shim.write('/etc/lintel/policy.d/40-d.toml', 'mode = "enforce"')
    expect((await create(config)).mode).toBe('enforce')
  })

  test('drop-ins alone serve, on top of the built-in policy', async () => {
    shim.write('/etc/lintel/policy.d/10.toml', `runtime.path = ["${shim.runtime}"]\nmode = "warn"`)
    expect(await create()).toMatchObject({ verdict: 'would_deny', policy: { profile: 'cis-docker-1.13.0' } })
  })
})

const exempt = (where: string, more = ''): string =>
  `[[exemptions]]\nrules = ["capabilities"]\nwhere = { ${where} }\nreason = "CNI"\n${
    more === '' ? 'owner = "net-team"\nexpires = 2999-12-31\n' : more
  }`

describe('mistakes get one line with file and line', () => {
  test.each([
    ['[rules.no-such]', 3, /rules has no member "no-such"/],
    [
      'rules.seccomp.action = "block"',
      3,
      /rules\.seccomp\.action is "block"; it can be one of: deny, fix, warn, off/,
    ],
    ['\nrules.seccomp.no-such = 1', 4, /rules\.seccomp has no member "no-such"/],
    ['rules.memory-limit.default = 512', 3, /rules\.memory-limit\.default is 512; it must be string/],
    ['profile = "cis"', 3, /profile is "cis"; it can be one of: cis-docker-1\.13\.0, .*minimal/],
    ['[log]\nfile = "decisions"', 4, /log\.file is "decisions"/],
    ['nope = 1', 3, /the policy has no member "nope"/],
    ['mode = "warn"\nmode = "warn"', 4, /duplicate key/],
    ['[rules.seccomp', 3, /./],
    [exempt('engine = "docker"', 'expires = 2999-12-31\n'), 3, /exemptions\.0 lacks "owner"/],
    [exempt('engine = "docker"', 'owner = "x"\n'), 3, /exemptions\.0 lacks "expires"/],
    [exempt('engine = "docker"', 'owner = "x"\nexpires = "soon"\n'), 8, /exemptions\.0\.expires is "soon"/],
    [exempt('engine = "docker"', 'owner = "x"\nexpires = 2027-02-30\n'), 8, /./],
    [
      exempt('engine = "docker"', 'owner = " "\nexpires = 2027-02-03\n'),
      7,
      /exemptions\.0\.owner is empty; it must be filled in/,
    ],
    [exempt('engine = "dokcer"'), 5, /exemptions\.0\.where\.engine is "dokcer"/],
    ['[[overrides]]\nrules.seccomp.action = "off"', 3, /overrides\.0 lacks "where"/],
    ['[[overrides]]\nwhere = { name = "x" }', 3, /overrides\.0 lacks "rules"/],
    ['[[overrides]]\nwhere = {}\nrules.seccomp.action = "off"', 4, /overrides\.0\.where is \{\}/],
    [
      '[[overrides]]\nwhere = { sandbox = false }\nrules.seccomp.action = "off"',
      4,
      /where\.sandbox is false/,
    ],
    ['[[overrides]]\nwhere = { name = "x" }\nrules.no-such.action = "off"', 5, /no member "no-such"/],
    [
      '[[overrides]]\nwhere = { name = "x" }\n[overrides.rules.memory-limit]\ndefault = "1 lot"',
      6,
      /"1 lot"/,
    ],
    [exempt(''), 5, /exemptions\.0\.where is \{\}/],
    [exempt('image = "**"'), 5, /exemptions\.0\.where\.image is "\*\*"/],
    [exempt('pod = "x"'), 5, /exemptions\.0\.where has no member "pod"/],
    [
      `${exempt('name = "x"')}\n${exempt('name = "y"').replace('"capabilities"', '"caps"')}`,
      11,
      /exemptions\.1\.rules\.0 is "caps"/,
    ],
    [`mode = "${'🦀'.repeat(80)}"`, 3, /mode is "🦀+…/u],
  ])('%j', async (text, line, says) => {
    shim.policy(text)
    const bundle = preparedBundle(shim, 'c')
    const place = new RegExp(`${policyFile}:${line}(:\\d+)?: `)
    const called = await shim.call(guardedCalls.create(bundle, 'c'))
    expectRefused(called, place)
    expect(called.stderr).toMatch(says)
    const { status, stdout, stderr } = await shim.lintel(['rules', '--policy', policyFile])
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(new RegExp(`^lintel: ${place.source}[^\\n]+$`))
  })
})

describe('exemptions', () => {
  const changes = { process: { capabilities: { bounding: ['CAP_SYS_ADMIN'] } } }
  const docker = dockerCall('registry.example/cni:1.2', 'cni-node-1', changes)
  const pod = podCall('registry.example/cni:1.2', 'kube-system', changes)

  const judged = async (call: EngineCall, where: string): Promise<DecisionRecord> => {
    shim.policy(about + exempt(where))
    await callAs(shim, call)
    const record = shim.records().at(-1)
    if (record === undefined) throw new Error('no record')
    return record
  }

  test('a proven engine is known with name, image and namespace', async () => {
    expect(await judged(docker, 'engine = "podman"')).toMatchObject({
      verdict: 'deny',
      engine: { id: 'docker', proven: true },
      container: { name: 'cni-node-1', image: 'registry.example/cni:1.2' },
    })
    expect(await judged(pod, 'engine = "podman"')).toMatchObject({
      verdict: 'deny',
      engine: { id: 'containerd', proven: true },
      container: { name: 'main', image: 'registry.example/cni:1.2', namespace: 'kube-system', pod: 'pod-1' },
    })
  })

  test.each([
    ['engine = "docker"', true, false],
    ['engine = "containerd"', false, true],
    ['image = "registry.example/cni:1.2"', true, true],
    ['image = "registry.example/cni:1"', false, false],
    ['image = "registry.example/*"', true, true],
    ['image = "*/cni:*"', true, true],
    ['image = "registry.example/cni:1.*.2"', false, false],
    ['image = "registry?example/*"', false, false],
    ['name = "cni-node-*"', true, false],
    ['name = "cni-node"', false, false],
    ['namespace = "kube-system"', false, true],
    ['namespace = "kube-*"', false, true],
    ['namespace = "default"', false, false],
    ['engine = "docker", image = "registry.example/*", name = "cni*"', true, false],
    ['engine = "docker", namespace = "kube-system"', false, false],
  ])('where { %s }: docker %p, pod %p', async (where, ofDocker, ofPod) => {
    for (const [call, covered] of [
      [docker, ofDocker],
      [pod, ofPod],
    ] as const) {
      const record = await judged(call, where)
      const found = record.findings.filter(({ rule }) => rule === 'capabilities')
      const exemption = { reason: 'CNI', owner: 'net-team', expires: '2999-12-31' }
      const expected = covered ? { outcome: 'exempted', exemption } : { outcome: 'refused' }
      expect(found).toEqual([expect.objectContaining(expected)])
      expect(record.verdict).toBe(covered ? 'allow' : 'deny')
    }
  })

  test('an engine that is not proven is exempt from nothing, whatever its annotations say', async () => {
    const everything = 'image = "registry.example/*"'
    const elsewhere = { ...docker, root: '/run/other', bundle: `${shim.host.workspace}/moby` }
    expect(await judged(elsewhere, everything)).toMatchObject({
      verdict: 'deny',
      engine: { id: 'docker', proven: false },
    })
    expect(
      await judged({ ...pod, bundle: `${shim.host.workspace}/k8s.io` }, 'namespace = "*e*"'),
    ).toMatchObject({
      verdict: 'deny',
      engine: { proven: false },
    })
    shim.policy(exempt('namespace = "*e*"'))
    expect(await create(pod.config)).toMatchObject({ verdict: 'deny', engine: { id: 'none', proven: false } })
  })

  test('an expired one does not count, and the record says when it ended and whose it was', async () => {
    const on = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
    const ends = (day: string): string =>
      exempt('engine = "docker"', `owner = "net-team"\nexpires = ${day}\n`)
    const after = async (policy: string): Promise<DecisionRecord | undefined> => {
      shim.policy(about + policy)
      await callAs(shim, docker)
      return shim.records().at(-1)
    }
    const expired = await after(ends(on(-1)))
    expect(expired).toMatchObject({ verdict: 'deny', findings: [{ outcome: 'refused' }] })
    expect(expired?.findings[0]?.message).toContain(`ended on ${on(-1)}; net-team answers for it`)
    expect(expired?.findings[0]).not.toHaveProperty('exemption')
    expect(await after(ends(on(1)))).toMatchObject({ verdict: 'allow', findings: [{ outcome: 'exempted' }] })
    expect(await after(ends(on(-1)) + ends(on(1)))).toMatchObject({ verdict: 'allow' })
  })

  test('an exempted rule repairs nothing', async () => {
    shim.policy(about + exempt('engine = "docker"').replace('capabilities', 'no-new-privileges'))
    await callAs(shim, dockerCall('x', 'y', { process: { noNewPrivileges: false } }))
    expect(shim.records().at(-1)).toMatchObject({
      verdict: 'allow',
      patch: [],
      findings: [{ outcome: 'exempted' }],
    })
  })
})

describe('overrides', () => {
  const unlimited = { linux: { resources: { memory: null } } }
  const docker = dockerCall('registry.example/db:16', 'db-1', unlimited)
  const pod = podCall('registry.example/db:16', 'batch', unlimited)

  /** Verdict and memory limit put in, under these overrides of a policy that gives everyone 512 MiB. */
  const given = async (
    call: EngineCall,
    overrides: string,
  ): Promise<readonly [string, number | undefined]> => {
    shim.policy(
      `profile = "minimal"\nrules.memory-limit = { action = "fix", default = "512MiB" }\n${overrides}`,
    )
    await callAs(shim, call)
    const record = shim.records().at(-1)
    const limit = /"limit":(\d+)/.exec(JSON.stringify(record?.patch))?.[1]
    return [record?.verdict ?? 'no record', limit === undefined ? undefined : Number(limit) / 1024 / 1024]
  }
  const gives = (where: string, change: string): string =>
    `[[overrides]]\nwhere = { ${where} }\n[overrides.rules.memory-limit]\n${change}\n`

  test('nobody but the container meant gets other parameters', async () => {
    const batch = gives('namespace = "batch"', 'default = "2GiB"')
    expect(await given(pod, batch)).toEqual(['fix', 2048])
    expect(await given(docker, batch)).toEqual(['fix', 512])
    const database = gives('image = "registry.example/db:*"', 'default = "4GiB"')
    expect(await given(docker, database)).toEqual(['fix', 4096])
    expect(await given(docker, gives('engine = "docker", name = "web-*"', 'default = "4GiB"'))).toEqual([
      'fix',
      512,
    ])
  })

  test('or another action', async () => {
    expect(await given(pod, gives('namespace = "batch"', 'action = "deny"'))).toEqual(['deny', undefined])
    expect(await given(pod, gives('namespace = "batch"', 'action = "off"'))).toEqual(['allow', undefined])
    expect(await given(docker, gives('namespace = "batch"', 'action = "off"'))).toEqual(['fix', 512])
  })

  test('later ones win, those of drop-ins last', async () => {
    const both =
      gives('namespace = "batch"', 'default = "2GiB"') + gives('namespace = "b*"', 'default = "1GiB"')
    expect(await given(pod, both)).toEqual(['fix', 1024])
    shim.write('/etc/lintel/policy.d/10.toml', gives('engine = "containerd"', 'default = "3GiB"'))
    expect(await given(pod, both)).toEqual(['fix', 3072])
  })

  test('a rule that is off for everyone else is switched on', async () => {
    const pids = '[[overrides]]\nwhere = { namespace = "batch" }\nrules.pids-limit.action = "deny"\n'
    const changes = { linux: { resources: { pids: null } } }
    expect((await given(podCall('x', 'batch', changes), pids))[0]).toBe('deny')
    expect((await given(podCall('x', 'web', changes), pids))[0]).toBe('allow')
  })

  test('an engine that is not proven gets none', async () => {
    const elsewhere = { ...pod, bundle: `${shim.host.workspace}/k8s.io` }
    expect(
      await given(elsewhere, gives('namespace = "*"', 'default = "2GiB"').replace('"*"', '"b*"')),
    ).toEqual(['fix', 512])
  })

  test('a proven pause container is not asked for what is the application’s; a forged one is', async () => {
    const annotations = {
      'io.kubernetes.cri.container-type': 'sandbox',
      'io.kubernetes.cri.sandbox-id': 'c'.repeat(64),
      'io.kubernetes.cri.sandbox-namespace': 'batch',
    }
    const pause = podCall('x', 'batch', { process: { noNewPrivileges: false }, annotations })
    const fixes = 'rules.no-new-privileges.action = "fix"\n'
    const verdict = async (call: EngineCall, where: string): Promise<string> => {
      shim.policy(
        `profile = "minimal"\n${fixes}${where === '' ? '' : `[[overrides]]\nwhere = { ${where} }\n${fixes}`}`,
      )
      await callAs(shim, call)
      return shim.records().at(-1)?.verdict ?? 'no record'
    }
    expect(await verdict(pause, '')).toBe('allow')
    expect(outcomes(shim.records().at(-1) ?? (await create()))).toEqual(['no-new-privileges warned'])
    expect(await verdict(pause, 'namespace = "batch"')).toBe('allow')
    expect(await verdict(pause, 'namespace = "batch", sandbox = true')).toBe('fix')
    expect(await verdict({ ...pause, bundle: `${shim.host.workspace}/k8s.io` }, '')).toBe('fix')
  })
})

test('a link put in the policy’s place is noticed as a change', async () => {
  shim.policy('mode = "warn"')
  expect((await create()).verdict).toBe('would_deny')
  const other = join('/etc/lintel', 'other.toml')
  shim.write(other, `runtime.path = ["${shim.runtime}"]`)
  utimesSync(shim.path(other), 1, 1)
  rmSync(shim.path(policyFile))
  renameSync(shim.path(other), shim.path(policyFile))
  expect((await create()).verdict).toBe('deny')
})
