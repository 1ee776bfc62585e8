/**
 * The oldest kernel lintel is for, Linux 3.10 of CentOS 7, without one: dist/lintel names no newer one, and does the
 * same under a filter that answers as 3.10 does (support/linux-3.10.c) as without. Needs root.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { execa } from 'execa'
import { configWith, guardedCalls, preparedBundle, refusedConfig, repairedConfig } from './support/calls.ts'
import { realRuntime } from './support/conformance.ts'
import { type Called, openShim, policyFile, type Shim } from './support/shim.ts'

jest.setTimeout(60_000)

const binary = fileURLToPath(new URL('../dist/lintel', import.meta.url))
const source = fileURLToPath(new URL('support/linux-3.10.c', import.meta.url))

let shim: Shim
let older: string

beforeAll(async () => {
  shim = await openShim()
  older = join(shim.host.workspace, 'linux-3.10')
  await execa('cc', ['-static', '-O1', '-Wall', '-Wextra', '-Werror', '-o', older, source])
}, 60_000)
afterAll(() => shim.close(), 60_000)
beforeEach(() => shim.clear())

describe('the executable', () => {
  test('asks for no kernel newer than 3.10', async () => {
    const { stdout } = await execa('readelf', ['--wide', '--notes', binary])
    // glibc's start files leave a note of the kernel they want; musl's leave none.
    expect(stdout).toContain('NT_GNU_BUILD_ID')
    expect(stdout).not.toContain('NT_GNU_ABI_TAG')
  })

  test('takes no symbol from a library, and nothing that only newer loaders know', async () => {
    const { stdout } = await execa('readelf', [
      '--wide',
      '--dyn-syms',
      '--version-info',
      '--segments',
      binary,
    ])
    expect(stdout).toContain('Elf file type is EXEC')
    expect(stdout).not.toMatch(/\bINTERP\b|\bDYNAMIC\b|GLIBC_|UND/)
    const loaded = [...stdout.matchAll(/^ +LOAD .*(0x[0-9a-f]+)$/gm)].map(([, align]) => Number(align))
    expect(loaded.length).toBeGreaterThan(1)
    expect(Math.max(...loaded)).toBe(4096)
  })
})

/** Name and answer of each newer call. */
const tried = async (behind: readonly string[]): Promise<readonly string[]> => {
  const { stdout } = await shim.command([older, '--try'], { behind })
  return stdout.split('\n')
}

describe('the filter', () => {
  test('refuses what 3.10 does not know, in a program that this kernel lets do it', async () => {
    const known = await tried([])
    expect(known).toEqual(
      expect.arrayContaining(['statx ok', 'getrandom ok', 'memfd_create ok', 'O_TMPFILE ok']),
    )
    expect(await tried([older])).toEqual([
      'statx ENOSYS',
      'getrandom ENOSYS',
      'memfd_create ENOSYS',
      'membarrier ENOSYS',
      'O_TMPFILE EISDIR',
      'F_OFD_GETLK EINVAL',
      'MADV_POPULATE_WRITE EINVAL',
      'MADV_FREE EINVAL',
      'MAP_SHARED_VALIDATE EINVAL',
      'MAP_FIXED_NOREPLACE EINVAL',
      'PR_SET_THP_DISABLE EINVAL',
      'NS_GET_USERNS ENOTTY',
      'FUTEX_LOCK_PI2 ENOSYS',
    ])
  })
})

/** What is different in every call: when, how long, and the names that go with it. */
const changing =
  /"(id|durationMicroseconds|previous)":("[^"]*"|\d+)|\[decision \w+\]|\d{4}-\d\d-\d\dT[\d:.]+Z|reports\/[\w.-]+/g

/** What calls left behind, but for that: the log and the configuration as written. */
const left = (bundle: string): readonly string[] => {
  const log = shim.path('/var/log/lintel/decisions.jsonl')
  const files = [log, join(bundle, 'config.json')]
  return files.map((file) => (existsSync(file) ? readFileSync(file, 'utf8').replaceAll(changing, '') : ''))
}

type Play = (bundle: string, behind: readonly string[]) => Promise<Called>

/** Plays a call from the same beginning, as the kernel is and as 3.10: first with no policy kept, then with it kept. */
const playedTwice = async (play: Play, config = configWith()) => {
  const answers = []
  for (const behind of [[], [older]]) {
    shim.clear()
    shim.policy('profile = "cis-docker-1.13.0"\n[log]\nsyslog = false\n')
    const bundle = preparedBundle(shim, 'c', config)
    const calls = [await play(bundle, behind), await play(bundle, behind)].map(
      ({ status, stdout, stderr, ran }) => ({
        status,
        stdout: stdout.replaceAll(changing, ''),
        stderr: stderr.replaceAll(changing, ''),
        ran,
      }),
    )
    const kept = shim.path('/var/lib/lintel/policy/site')
    answers.push({ calls, left: left(bundle), kept: existsSync(kept) })
  }
  const [now, then] = answers
  expect(then).toEqual(now)
  if (then === undefined) throw new Error('nothing was played')
  return then
}

const passing = ['state', 'start', 'kill', 'delete', 'ps'] as const

describe('on a kernel that knows nothing newer than 3.10', () => {
  test('a container is repaired, recorded and handed on', async () => {
    const words = guardedCalls.create
    const { calls, left, kept } = await playedTwice(
      (bundle, behind) => shim.call(words(bundle, 'c'), { behind }),
      repairedConfig,
    )
    expect(calls[0]).toMatchObject({
      status: 0,
      stdout: '',
      stderr: '',
      ran: expect.arrayContaining(['create']),
    })
    expect(left[0]).toContain('"verdict":"fix"')
    expect(JSON.parse(left[1] ?? '')).toMatchObject({ process: { noNewPrivileges: true } })
    expect(kept).toBe(true)
  })

  test('a container is refused and recorded', async () => {
    const { calls, left } = await playedTwice(
      (bundle, behind) => shim.call(guardedCalls.create(bundle, 'c'), { behind }),
      refusedConfig,
    )
    expect(calls[0]).toMatchObject({
      status: 1,
      ran: undefined,
      stderr: expect.stringContaining('SYS_ADMIN'),
    })
    expect(left[0]).toContain('"verdict":"deny"')
  })

  test.each(['run', 'exec with a process file', 'exec with flags', 'update with a file'] as const)(
    '%s is judged and handed on',
    async (name) => {
      const { calls } = await playedTwice((bundle, behind) =>
        shim.call(guardedCalls[name](bundle, 'c'), { behind }),
      )
      expect(calls[0]).toMatchObject({ status: 0, stderr: '', ran: expect.arrayContaining(['c']) })
    },
  )

  test('a privileged exec is refused', async () => {
    const { calls } = await playedTwice((_, behind) =>
      shim.call(['exec', '--cap', 'CAP_SYS_ADMIN', 'c', 'true'], { behind }),
    )
    expect(calls[0]).toMatchObject({ status: 1, ran: undefined, stderr: expect.stringContaining('refused') })
  })

  test.each([
    ['', 'true'],
    [', where /run is read-only too', 'mount -o remount,ro /run'],
  ])('what update reads from standard input reaches the runtime%s', async (_, before) => {
    const runtime = join(shim.host.workspace, 'runc-echoing')
    writeFileSync(runtime, '#!/bin/busybox sh\nexec /bin/busybox cat\n')
    chmodSync(runtime, 0o755)
    const input = '{"memory":{"limit":268435456},"pids":{"limit":100}}'
    const { calls } = await playedTwice(async (_, behind) => {
      shim.write(policyFile, `version = 1\nruntime.path = ["${runtime}"]\n`)
      await shim.shell(before)
      const called = await shim.call(['update', '--resources', '-', 'c'], { behind, input })
      await shim.shell('mount -o remount,rw /run')
      return called
    })
    expect(calls[0]).toMatchObject({ status: 0, stdout: input, stderr: '' })
  })

  test.each(passing)('%s passes', async (command) => {
    const { calls } = await playedTwice((_, behind) => shim.call([command, 'c'], { behind }))
    expect(calls.map(({ ran }) => ran)).toEqual([
      [command, 'c'],
      [command, 'c'],
    ])
  })

  test('out of memory, a call is refused with a report', async () => {
    const { calls } = await playedTwice((bundle, behind) => {
      const file = join(bundle, 'config.json')
      writeFileSync(file, JSON.stringify(configWith({ pad: Array(1_000_000).fill({}) })))
      return shim.call(guardedCalls.create(bundle, 'c'), { behind })
    })
    expect(calls[0]).toMatchObject({ status: 1, ran: undefined })
    expect(calls[0]?.stderr).toContain('Report for the administrator')
  })

  test.each([
    ['lint', 1, (bundle: string) => ['lint', bundle]],
    ['rules', 0, () => ['rules']],
    ['rules as JSON', 0, () => ['rules', '--format', 'json']],
    ['explain', 0, () => ['explain', 'seccomp']],
    ['policy check', 0, () => ['policy', 'check']],
    ['break-glass', 0, () => ['break-glass', '--for', '1m', '--reason', 'trial']],
    ['a usage error', 2, () => ['no-such-verb']],
  ] as const)('lintel %s answers the same', async (_, status, words) => {
    const { calls } = await playedTwice(
      (bundle, behind) => shim.lintel(words(bundle), { behind }),
      refusedConfig,
    )
    expect(calls[0]).toMatchObject({ status })
    expect(`${calls[0]?.stdout}${calls[0]?.stderr}`).not.toMatch(/internal|ENOSYS|EINVAL/)
  })

  test('appends of many calls at once stay whole lines', async () => {
    shim.policy('[log]\nsyslog = false\n')
    const bundle = preparedBundle(shim, 'c', refusedConfig)
    const calls = Array.from({ length: 12 }, () =>
      shim.call(['create', '-b', bundle, 'c'], { behind: [older] }),
    )
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(calls.map(() => 1))
    expect(shim.records()).toHaveLength(calls.length)
  })
})

describe('with the real runc, which still runs without what came after 3.10', () => {
  test('a repaired container runs and ends', async () => {
    const runc = realRuntime('runc')
    // Below the cgroup of this private host, which is no engine's.
    const cgroup = 'rules.cgroup-parent.action = "off"\n'
    shim.write(policyFile, `version = 1\nruntime.path = ["${runc}"]\n${cgroup}`)
    const name = shim.host.cgroup.slice(1)
    const bundle = shim.bundle(
      'real',
      JSON.stringify(
        configWith({
          process: {
            args: ['/bin/busybox', 'grep', 'NoNewPrivs', '/proc/self/status'],
            noNewPrivileges: false,
            user: { uid: 1000, gid: 1000 },
          },
          linux: { cgroupsPath: `/${name}/floor`, seccomp: null },
        }),
      ),
    )
    mkdirSync(join(bundle, 'rootfs/bin'), { recursive: true })
    await execa('cp', ['/bin/busybox', join(bundle, 'rootfs/bin/')])
    const ended = await shim.call(['run', '-b', bundle, name], { behind: [older] })
    expect(ended).toMatchObject({ status: 0, stdout: 'NoNewPrivs:\t1' })
    expect(shim.records().at(-1)?.verdict).toBe('fix')
    rmSync(bundle, { recursive: true, force: true })
  })
})
