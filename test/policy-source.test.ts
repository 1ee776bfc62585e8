/** Where a policy may come from, when a change of it counts, and whose compiled one is believed. Needs root. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { until } from './e2e/support/private-host.ts'
import {
  expectHandedOn,
  expectRefused,
  guardedCalls,
  preparedBundle,
  refusedConfig,
} from './support/calls.ts'
import { openShim, policyFile, type Shim } from './support/shim.ts'

jest.setTimeout(60_000)

let shim: Shim

beforeAll(async () => {
  shim = await openShim()
})
afterAll(() => shim.close())
beforeEach(() => shim.clear())

const kept = '/var/lib/lintel/policy/site'
const head = (): string => `runtime.path = ["${shim.runtime}"]\n`

/** The mode of the policy that judged a call made now. */
const modeNow = async (words: readonly string[] = [], environment = {}): Promise<string | undefined> => {
  const bundle = preparedBundle(shim, 'c', refusedConfig)
  await shim.call([...words, ...guardedCalls.create(bundle, 'c')], { environment })
  return shim.records().at(-1)?.mode
}

/** Makes calls until the policy is old enough for its compiled form to be believed without a look at the text. */
const settle = async (): Promise<void> => {
  const stamp = (): bigint => statSync(shim.path(kept), { bigint: true }).ctimeNs
  await modeNow()
  await until(async () => {
    const before = stamp()
    await modeNow()
    return stamp() === before
  }, 'the compiled policy to be believed')
}

test('the environment names no policy', async () => {
  shim.policy('mode = "enforce"')
  const folder = join(shim.host.workspace, 'theirs')
  for (const path of [
    `${folder}/policy.toml`,
    `${folder}/lintel/policy.toml`,
    `${folder}/etc/lintel/policy.toml`,
  ]) {
    shim.write(path, `mode = "warn"\n${head()}`)
  }
  const file = `${folder}/policy.toml`
  const names = [
    'LINTEL_POLICY',
    'LINTEL_POLICY_FILE',
    'LINTEL_CONFIG',
    'LINTEL_CONF',
    'CONTAINERS_CONF',
    'POLICY',
    'CONFIG',
  ]
  const folders = [
    'LINTEL_HOME',
    'LINTEL_ROOT',
    'XDG_CONFIG_HOME',
    'XDG_CONFIG_DIRS',
    'XDG_STATE_HOME',
    'HOME',
    'PWD',
    'TMPDIR',
  ]
  const environment = Object.fromEntries([
    ...names.map((name) => [name, file]),
    ...folders.map((name) => [name, folder]),
  ])
  expect(await modeNow([], environment)).toBe('enforce')
  for (const name of ['LINTEL_MODE', 'LINTEL_DEBUG', 'LINTEL_DRY_RUN', 'LINTEL_BUNDLES'])
    expect(await modeNow([], { [name]: 'warn' })).toBe('enforce')
})

test('no environment at all is no hindrance', async () => {
  shim.policy('')
  const bundle = preparedBundle(shim, 'c')
  const words = guardedCalls.create(bundle, 'c')
  const called = await shim.command(['/usr/bin/env', '-i', shim.host.runtime, ...words])
  expectHandedOn(called, words)
})

describe('--lintel-policy', () => {
  const write = (name: string, text: string): string => {
    const path = join('/etc/lintel', name)
    shim.write(path, `${head()}${text}`)
    return path
  }

  test.each([
    ['with a space', (path: string) => ['--lintel-policy', path]],
    ['with =', (path: string) => [`--lintel-policy=${path}`]],
    ['with one dash', (path: string) => ['-lintel-policy', path]],
  ])('%s: serves instead of the site’s, and is not handed on', async (_, spelled) => {
    shim.policy('mode = "enforce"')
    const path = write('other.toml', 'mode = "warn"')
    shim.write('/etc/lintel/policy.d/10.toml', 'mode = "enforce"')
    const bundle = preparedBundle(shim, 'c', refusedConfig)
    for (const words of [
      guardedCalls.create(bundle, 'c'),
      ['state', 'c'],
      ['--debug=true', 'state', 'c'],
      ['--version'],
    ]) {
      const around = ['--root', '/run/runc', ...spelled(path), '--log-format', 'json', ...words]
      const without = ['--root', '/run/runc', '--log-format', 'json', ...words]
      expectHandedOn(await shim.call(around), without)
    }
    expect(shim.records().map(({ mode }) => mode)).toEqual(['warn'])
  })

  test('after the command it is the runtime’s, which knows no such flag', async () => {
    shim.policy('mode = "enforce"')
    const path = write('other.toml', 'mode = "warn"')
    const bundle = preparedBundle(shim, 'c')
    const called = await shim.call(['create', '--lintel-policy', path, '--bundle', bundle, 'c'])
    expectRefused(called, /the flag "--lintel-policy" is not known/)
    expectHandedOn(await shim.call(['state', `--lintel-policy=${path}`, 'c']), [
      'state',
      `--lintel-policy=${path}`,
      'c',
    ])
  })

  test('a file that is not there, not root’s, or named by a relative path serves nobody', async () => {
    shim.policy('mode = "warn"')
    const bundle = preparedBundle(shim, 'c')
    const call = (path: string, cwd = '/etc/lintel') =>
      shim.call(['--lintel-policy', path, ...guardedCalls.create(bundle, 'c')], { cwd })
    expectRefused(await call('/nx/policy.toml'), /\/nx\/policy\.toml: there is no such policy file/)
    expectRefused(await call('/run'), /\/run: cannot be read \(EISDIR\)/)
    expectRefused(await call('policy.toml'), /policy\.toml: --lintel-policy takes an absolute path/)
    expectRefused(await call(''), /--lintel-policy takes an absolute path/)
    const path = write('other.toml', 'mode = "warn"')
    chownSync(shim.path(path), 1000, 1000)
    expectRefused(await call(path), /other\.toml belongs to uid 1000/)
  })

  test('each file has a last good of its own', async () => {
    shim.policy('mode = "enforce"')
    const path = write('other.toml', 'mode = "warn"')
    expect(await modeNow(['--lintel-policy', path])).toBe('warn')
    expect(await modeNow()).toBe('enforce')
    write('other.toml', 'mode = ')
    expect(await modeNow(['--lintel-policy', path])).toBe('warn')
    expect(shim.records().at(-1)?.policy.broken).toMatch(/other\.toml:2/)
    expect(await modeNow()).toBe('enforce')
    expect(shim.records().at(-1)?.policy).not.toHaveProperty('broken')
  })
})

describe('a change counts at once', () => {
  test('however many there are in one second', async () => {
    for (let turn = 0; turn < 20; turn++) {
      const mode = turn % 2 === 0 ? 'enforce' : 'warn   '.trim()
      shim.policy(`mode = "${mode}"`)
      expect(await modeNow()).toBe(mode)
    }
  })

  test('after the compiled one is believed: same size, same time, another file, drop-ins, modes', async () => {
    shim.policy('mode = "warn"\n#########')
    await settle()
    expect(await modeNow()).toBe('warn')
    const path = shim.path(policyFile)
    const { mtime } = statSync(path)
    writeFileSync(path, readFileSync(path, 'utf8').replace(/mode = "warn"\n#*/, 'mode = "enforce"\n######'))
    utimesSync(path, mtime, mtime)
    expect(await modeNow()).toBe('enforce')
    mkdirSync(shim.path('/etc/lintel/policy.d'))
    await settle()
    shim.write('/etc/lintel/policy.d/10.toml', 'mode = "warn"')
    expect(await modeNow()).toBe('warn')
    await settle()
    renameSync(shim.path('/etc/lintel/policy.d/10.toml'), shim.path('/etc/lintel/policy.d/10.off'))
    expect(await modeNow()).toBe('enforce')
    await settle()
    chmodSync(path, 0o666)
    const bundle = preparedBundle(shim, 'c')
    expectRefused(await shim.call(guardedCalls.create(bundle, 'c')), /policy\.toml can be written by others/)
    chmodSync(path, 0o644)
    rmSync(path)
    expect((await shim.call(guardedCalls.create(bundle, 'c'))).ran).toBeUndefined()
  })
})

describe('a compiled policy that is not believed', () => {
  /** The kept policy with another mode, as a forger would leave it. */
  const forge = (): void => {
    const path = shim.path(kept)
    writeFileSync(path, readFileSync(path, 'utf8').replace('{"mode":"enforce"', '{"mode":"warn"'))
  }

  test('root’s own is, which is what the others are held against', async () => {
    shim.policy('mode = "enforce"')
    await settle()
    expect(await shim.shell(`stat -c %U:%a ${kept} /var/lib/lintel/policy /var/lib/lintel`)).toBe(
      'root:600\nroot:700\nroot:700',
    )
    forge()
    expect(await modeNow()).toBe('warn')
  })

  const doubts: readonly (readonly [string, () => void])[] = [
    ['another user’s', () => chownSync(shim.path(kept), 1000, 1000)],
    ['one others can write', () => chmodSync(shim.path(kept), 0o666)],
    [
      'a link',
      () => {
        renameSync(shim.path(kept), shim.path(`${kept}.real`))
        symlinkSync(`${kept}.real`, shim.path(kept))
      },
    ],
    [
      'another build’s',
      () =>
        writeFileSync(
          shim.path(kept),
          readFileSync(shim.path(kept), 'utf8').replace(/^build .*/, 'build 0123456789abcdef'),
        ),
    ],
    [
      'one cut short',
      () => writeFileSync(shim.path(kept), readFileSync(shim.path(kept), 'utf8').slice(0, 60)),
    ],
    ['an empty one', () => writeFileSync(shim.path(kept), '')],
  ]

  test.each(doubts)('%s: neither fresh nor as the last good', async (_, doubt) => {
    shim.policy('mode = "enforce"')
    await settle()
    forge()
    doubt()
    expect(await modeNow()).toBe('enforce')
    forge()
    doubt()
    shim.policy('mode = ')
    const bundle = preparedBundle(shim, 'c')
    expectRefused(await shim.call(guardedCalls.create(bundle, 'c')), /policy\.toml:3/)
  })

  test('a state folder that cannot be written only costs time', async () => {
    shim.policy('mode = "enforce"')
    writeFileSync(shim.path('/var/lib/lintel'), '')
    expect(await modeNow()).toBe('enforce')
    expect(existsSync(shim.path(kept))).toBe(false)
  })
})
