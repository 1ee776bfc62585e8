/** An install or uninstall that is killed, or finds no room, at any of its system calls: old or new, both whole. Needs root. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { type InstalledHost, openInstalledHost, tree } from './e2e/support/installed.ts'
import type { Outcome } from './e2e/support/private-host.ts'

jest.setTimeout(900_000)

let host: InstalledHost
/** The calls by which anything on disk changes, or is told to another process; after a file is made comes one of them. */
const changing =
  '?rename,?renameat,?renameat2,?link,?linkat,?unlink,?unlinkat,?rmdir,?mkdir,?mkdirat,write,fsync,fdatasync,?fchmod,?chmod,kill'
/** Those that need room on a disk. */
const filling = '?link,?linkat,?mkdir,?mkdirat,write,fsync,fdatasync'

const daemonFile = '/etc/docker/daemon.json'
const oldText = '{ "labels": [ "rack=7" ],\n\n  "log-level" : "warn" }\n'
const folders = ['/etc/docker', '/etc/lintel']
const everything = [...folders, '/var/lib/lintel/install']

/** No dockerd runs here: what is walked is what happens on disk. */
const reset = async (): Promise<void> => {
  for (const folder of ['/etc/docker', '/etc/lintel', '/var/lib/lintel'])
    rmSync(host.path(folder), { recursive: true, force: true })
  mkdirSync(host.path('/etc/docker'), { recursive: true, mode: 0o755 })
  writeFileSync(host.path(daemonFile), oldText, { mode: 0o640 })
}

const lintel = (...args: readonly string[]): Promise<Outcome> => host.lintel(args)
const traced = (inject: string, ...args: readonly string[]): Promise<Outcome> =>
  host.run('strace', ['-qq', '-o', '/run/trace', '-e', inject, '/usr/local/sbin/lintel', ...args])

/** How many of these calls the command makes. */
const count = async (calls: string, ...args: readonly string[]): Promise<number> => {
  const ran = await traced(`trace=${calls}`, ...args)
  expect(ran).toMatchObject({ exitCode: 0 })
  return (host.text('/run/trace') ?? '').split('\n').filter((line) => /^\w+\(/.test(line)).length
}

let newText = ''
let installedTree = ''
let firstTree = ''

beforeAll(async () => {
  host = await openInstalledHost(['strace', 'dockerd'])
  // One engine is enough, and asking others for their version takes longer than all the rest.
  await host.shell(
    'for each in containerd podman; do [ ! -e /usr/bin/$each ] || mount --bind /dev/null /usr/bin/$each; done',
  )
  await reset()
  firstTree = await tree(host, folders)
  expect(await lintel('install', 'docker')).toMatchObject({ exitCode: 0, stderr: '' })
  newText = host.text(daemonFile) ?? ''
  expect(newText).toContain('/usr/local/sbin/lintel-runtime')
  installedTree = await shape()
})

afterAll(() => host?.close())

/** The files as installed, but for what the time is part of. */
const shape = async (): Promise<string> => {
  const text = await tree(host, folders)
  return text.replaceAll(/lintel-\d{8}-\d{6}(-\d+)?/g, 'lintel-DATE')
}

/** What an engine could read at this moment is one of the two texts, never half of one. */
const expectWhole = (): void => {
  expect([oldText, newText]).toContain(host.text(daemonFile))
  const policy = host.text('/etc/lintel/policy.toml')
  if (policy !== undefined) expect(policy).toMatch(/expires = 2027-03-31\n$/)
}

/** Any next command finds its way: install ends installed, uninstall ends where all began. */
const expectUsable = async (): Promise<void> => {
  const again = await lintel('install', 'docker')
  expect(again).toMatchObject({ exitCode: 0, stderr: '' })
  expect(await shape()).toBe(installedTree)
  expect(await lintel('uninstall')).toMatchObject({ exitCode: 0, stderr: '' })
  rmSync(host.path('/etc/lintel'), { recursive: true, force: true })
  expect(await tree(host, folders)).toBe(firstTree)
  expect(await tree(host, ['/var/lib/lintel/install'])).not.toMatch(/\.new/)
}

test('kill -9 at every call of install', async () => {
  await reset()
  const calls = await count(changing, 'install', 'docker')
  expect(calls).toBeGreaterThan(30)
  for (let index = 1; index <= calls; index += 1) {
    await reset()
    await traced(`inject=${changing}:signal=KILL:when=${index}`, 'install', 'docker')
    expectWhole()
    await expectUsable()
  }
})

test('kill -9 at every call of uninstall, and of the command that puts back', async () => {
  await reset()
  await lintel('install', 'docker')
  const calls = await count(changing, 'uninstall')
  expect(calls).toBeGreaterThan(15)
  for (let index = 1; index <= calls; index += 1) {
    await reset()
    await lintel('install', 'docker')
    await traced(`inject=${changing}:signal=KILL:when=${index}`, 'uninstall')
    expectWhole()
    await traced(`inject=${changing}:signal=KILL:when=${index}`, 'uninstall')
    expectWhole()
    await expectUsable()
  }
})

describe('no room', () => {
  test.each(['', '+'])('at every call that needs some (when=N%s)', async (from) => {
    await reset()
    const calls = await count(filling, 'install', 'docker')
    for (let index = 1; index <= calls; index += 1) {
      await reset()
      const ran = await traced(`inject=${filling}:error=ENOSPC:when=${index}${from}`, 'install', 'docker')
      expectWhole()
      if (ran.exitCode !== 0 && from === '') expect(host.text(daemonFile)).toBe(oldText)
      if (ran.exitCode === 0) expect(host.text(daemonFile)).toBe(newText)
      await expectUsable()
    }
  })

  test.each(['/etc/docker', '/etc/lintel', '/var/lib/lintel'])(
    'on a full file system at %s',
    async (folder) => {
      await reset()
      mkdirSync(host.path(folder), { recursive: true })
      await host.shell(
        `mount -t tmpfs -o size=16k,mode=755 tmpfs ${folder}; ${folder === '/etc/docker' ? `printf '%s' '${oldText}' > ${daemonFile};` : ''} dd if=/dev/zero of=${folder}/filler bs=4k 2>/dev/null || true`,
      )
      try {
        const before = await tree(host, folders)
        const ran = await lintel('install', 'docker')
        expect(ran).toMatchObject({
          exitCode: 1,
          stderr: expect.stringMatching(/^lintel: [^\n]*\(ENOSPC\)[^\n]*$/),
        })
        expect(await tree(host, folders)).toBe(before)
      } finally {
        await host.shell(`umount ${folder}`)
      }
      await reset()
      await expectUsable()
    },
  )
})

test.each(['/etc/docker', '/etc/lintel', '/var/lib/lintel'])(
  'a read-only %s: refused, untouched, one line',
  async (folder) => {
    await reset()
    mkdirSync(host.path(folder), { recursive: true })
    await host.shell(`mount --bind ${folder} ${folder}; mount -o remount,bind,ro ${folder}`)
    try {
      const before = await tree(host, everything)
      const ran = await lintel('install', 'docker')
      expect(ran).toMatchObject({
        exitCode: 1,
        stderr: expect.stringMatching(/^lintel: [^\n]*\(EROFS[^\n]*$/),
      })
      expect(await tree(host, folders)).toBe(await tree(host, folders))
      if (folder !== '/var/lib/lintel') expect(host.text(daemonFile)).toBe(oldText)
      else expect(await tree(host, everything)).toBe(before)
    } finally {
      await host.shell(`umount ${folder}`)
    }
    rmSync(host.path('/etc/lintel'), { recursive: true, force: true })
    await expectUsable()
  },
)

test('a file that is edited after the interruption is left to who edited it', async () => {
  await reset()
  const calls = await count(changing, 'install', 'docker')
  for (let index = calls; index > 0; index -= 1) {
    await reset()
    await traced(`inject=${changing}:signal=KILL:when=${index}`, 'install', 'docker')
    if (
      host.text(daemonFile) === newText &&
      /"pending":\{/.test(host.text('/var/lib/lintel/install/state.json') ?? '')
    )
      break
  }
  const edited = newText.replace('"warn"', '"error"')
  writeFileSync(host.path(daemonFile), edited)
  const status = await lintel('status')
  expect(status.stderr).toMatch(/was interrupted; putting everything back/)
  expect(status.stderr).toMatch(
    /daemon\.json was edited since and is left as it is; as it was: \/etc\/docker\/daemon\.json\.lintel-/,
  )
  expect(host.text(daemonFile)).toBe(edited)
  expect(await lintel('install', 'docker')).toMatchObject({ exitCode: 0, stderr: '' })
  expect(await lintel('uninstall')).toMatchObject({ exitCode: 0, stderr: '' })
  expect(JSON.parse(host.text(daemonFile) ?? '')).toEqual({ labels: ['rack=7'], 'log-level': 'error' })
})

test('what was edited after the install keeps its edits', async () => {
  await reset()
  await lintel('install', 'docker')
  writeFileSync(host.path(daemonFile), newText.replace('"rack=7"', '"rack=8"'))
  expect(await lintel('uninstall')).toMatchObject({ exitCode: 0, stderr: '' })
  expect(host.text(daemonFile)).not.toContain('lintel')
  expect(JSON.parse(host.text(daemonFile) ?? '')).toEqual({ labels: ['rack=8'], 'log-level': 'warn' })
})

test('two at the same time: one waits for nobody and says so', async () => {
  await reset()
  mkdirSync(host.path('/var/lib/lintel/install'), { recursive: true })
  const held = host.run('flock', ['/var/lib/lintel/install/lock', 'sleep', '2'])
  await host.shell('sleep 0.5')
  expect(await lintel('install', 'docker')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('another lintel'),
  })
  await held
  expect(host.text(daemonFile)).toBe(oldText)
})
