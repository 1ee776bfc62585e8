/** DESIGN section 3, rows of the policy: broken by an edit, or in hands other than root's. Needs root. */
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import {
  configWith,
  expectAllPass,
  expectHandedOn,
  expectRefused,
  guardedCalls,
  guardedNames,
  preparedBundle,
  refusedConfig,
} from './support/calls.ts'
import { openShim, policyFile, type Shim } from './support/shim.ts'

jest.setTimeout(60_000)

let shim: Shim

beforeAll(async () => {
  shim = await openShim()
}, 60_000)
afterAll(() => shim.close(), 60_000)
beforeEach(() => shim.clear())

const at = (path: string): string => shim.path(path)
const head = (): string => `version = 1\nruntime.path = ["${shim.runtime}"]\n`

/** Edits that break a policy, and where the message must say so. */
const edits: readonly (readonly [string, () => void, RegExp])[] = [
  ['bad TOML', () => shim.policy('mode = \n'), /\/etc\/lintel\/policy\.toml:3:\d+: /],
  ['an unknown member', () => shim.policy('moode = "warn"\n'), /policy\.toml:3: .*"moode"/],
  ['an unknown rule', () => shim.policy('\n[rules.no-such]\n'), /policy\.toml:4: .*"no-such"/],
  ['an unknown action', () => shim.policy('rules.seccomp.action = "fail"'), /policy\.toml:3: .*"fail".*deny/],
  ['another version', () => shim.write(policyFile, 'version = 2\n'), /policy\.toml:1: version is 2/],
  ['no UTF-8', () => shim.write(policyFile, Buffer.from([0x61, 0xff])), /policy\.toml.*EILSEQ/],
  ['over 1 MiB', () => shim.policy(`#${'x'.repeat(1024 * 1024)}`), /policy\.toml.*EFBIG/],
  ['very deep', () => shim.policy(`mode = ${'['.repeat(5000)}`), /policy\.toml:3:\d+: /],
  [
    'a folder in its place',
    () => {
      rmSync(at(policyFile), { force: true })
      mkdirSync(at(policyFile))
    },
    /policy\.toml.*EISDIR/,
  ],
  [
    'a broken drop-in',
    () => shim.write('/etc/lintel/policy.d/50.toml', '\nmode = "off"\n'),
    /\/etc\/lintel\/policy\.d\/50\.toml:2: mode is "off".*enforce, warn/,
  ],
  [
    'a drop-in that leads nowhere',
    () => {
      mkdirSync(at('/etc/lintel/policy.d'))
      symlinkSync('/nx.toml', at('/etc/lintel/policy.d/50.toml'))
    },
    /\/etc\/lintel\/policy\.d\/50\.toml: there is no such policy file/,
  ],
]

describe.each(edits)('a policy broken by %s', (_, edit, says) => {
  test('with none kept: every guarded call is refused with file and line, every other passes', async () => {
    const bundle = preparedBundle(shim, 'c')
    shim.policy()
    edit()
    for (const name of guardedNames) {
      const called = await shim.call(guardedCalls[name](bundle, 'c'))
      expectRefused(called, says)
      expect(called.stderr).toMatch(/^lintel refused this \w+ call: its policy cannot serve\. /)
      const { id, failure } = shim.records().at(-1) ?? {}
      expect(called.stderr).toContain(`[decision ${id}]`)
      expect(failure).toMatch(says)
    }
    // Not even the runtime's path is known: the built-in ones are taken.
    await shim.shell(`mount --bind ${shim.runtime} /usr/sbin/runc`)
    try {
      await expectAllPass(shim, 'c')
    } finally {
      await shim.shell('umount /usr/sbin/runc')
    }
  })

  test('with a good one kept: that one serves, and every record names file and line', async () => {
    const bundle = preparedBundle(shim, 'c')
    const bad = preparedBundle(shim, 'bad', refusedConfig)
    shim.policy('rules.restore-checkpoint.action = "off"\n')
    expectHandedOn(await shim.call(guardedCalls.create(bundle, 'c')), guardedCalls.create(bundle, 'c'))
    expect(shim.records()[0]?.policy).not.toHaveProperty('broken')
    edit()
    for (const name of guardedNames) {
      const words = guardedCalls[name](bundle, 'c')
      expectHandedOn(await shim.call(words), words)
      if (!name.startsWith('exec')) expect(shim.records().at(-1)?.policy.broken).toMatch(says)
    }
    expectRefused(await shim.call(guardedCalls.create(bad, 'bad')), /capabilities/)
    expect(shim.records().at(-1)).toMatchObject({ verdict: 'deny', policy: { broken: expect.any(String) } })
    await expectAllPass(shim, 'c')
  })

  test('with a kept one that only warns: nothing is refused', async () => {
    const bad = preparedBundle(shim, 'bad', refusedConfig)
    shim.policy('mode = "warn"\n')
    await shim.call(guardedCalls.create(bad, 'bad'))
    edit()
    for (const name of guardedNames) {
      const words = guardedCalls[name](bad, 'bad')
      expectHandedOn(await shim.call(words), words)
    }
    expect(shim.records().at(-1)).toMatchObject({ mode: 'warn', policy: { broken: expect.any(String) } })
  })
})

const dropIn = '/etc/lintel/policy.d/50.toml'

/** Ways a policy can be in other hands than root's, and the path that must be named. */
const hands: readonly (readonly [string, () => void, string])[] = [
  ['the file, group-writable', () => chmodSync(at(policyFile), 0o664), policyFile],
  ['the file, world-writable', () => chmodSync(at(policyFile), 0o646), policyFile],
  ['the file, of another user', () => chownSync(at(policyFile), 1000, 0), policyFile],
  ['its folder, group-writable', () => chmodSync(at('/etc/lintel'), 0o775), '/etc/lintel'],
  ['its folder, world-writable and sticky', () => chmodSync(at('/etc/lintel'), 0o1777), '/etc/lintel'],
  ['its folder, of another user', () => chownSync(at('/etc/lintel'), 1000, 0), '/etc/lintel'],
  ['a drop-in, world-writable', () => chmodSync(at(dropIn), 0o666), dropIn],
  ['a drop-in, of another user', () => chownSync(at(dropIn), 1000, 1000), dropIn],
  ['the drop-ins’ folder', () => chmodSync(at('/etc/lintel/policy.d'), 0o777), '/etc/lintel/policy.d'],
  [
    'a link to a file of another user',
    () => {
      writeFileSync(at('/run/theirs.toml'), head())
      chownSync(at('/run/theirs.toml'), 1000, 1000)
      rmSync(at(policyFile))
      symlinkSync('/run/theirs.toml', at(policyFile))
    },
    policyFile,
  ],
]

describe.each(hands)('%s', (_, hand, path) => {
  const arrange = async (text: string): Promise<string> => {
    const bundle = preparedBundle(shim, 'c')
    shim.policy(text)
    shim.write(dropIn, '')
    await shim.call(guardedCalls.create(bundle, 'c'))
    hand()
    return bundle
  }

  test('guarded calls are refused though a good policy is kept, the path is named, others pass', async () => {
    const bundle = await arrange('')
    const before = shim.records().length
    for (const name of guardedNames)
      expectRefused(await shim.call(guardedCalls[name](bundle, 'c')), new RegExp(`${path} .*(chmod|chown)`))
    const refusals = shim.records().slice(before)
    expect(refusals).toHaveLength(guardedNames.length)
    for (const record of refusals)
      expect(record).toMatchObject({ verdict: 'deny', policy: { digest: 'none' }, findings: [] })
    await expectAllPass(shim, 'c')
  })

  test('nothing is refused while the last good policy only warns, and records say so', async () => {
    const bundle = await arrange('mode = "warn"\n')
    for (const name of guardedNames) {
      const words = guardedCalls[name](bundle, 'c')
      expectHandedOn(await shim.call(words), words)
    }
    expect(shim.records().at(-1)?.policy.broken).toContain(path)
  })
})

test('a policy mended again serves at once', async () => {
  const bundle = preparedBundle(shim, 'c', configWith())
  shim.policy('mode = \n')
  expectRefused(await shim.call(guardedCalls.create(bundle, 'c')), /policy\.toml:3/)
  shim.policy('')
  expectHandedOn(await shim.call(guardedCalls.create(bundle, 'c')), guardedCalls.create(bundle, 'c'))
  expect(shim.records().at(-1)?.policy).not.toHaveProperty('broken')
})
