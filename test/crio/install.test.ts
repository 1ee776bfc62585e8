/** `lintel install crio` and `lintel uninstall` under a real, running CRI-O: its pods never notice. */
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { recordsOf } from '../e2e/support/decisions.ts'
import { engineIn, examine } from '../e2e/support/examined.ts'
import { tree } from '../e2e/support/installed.ts'
import { type CrioHost, openCrioHost, restarting } from './crio-host.ts'

jest.setTimeout(120_000)

let engine: CrioHost

const folders = ['/etc/crio']
const dropIn = '/etc/crio/crio.conf.d/zz-lintel.conf'

/** A pod of one container that sleeps; answers the container's id. */
const start = async (name: string, runtimeHandler?: string): Promise<string> =>
  engine.start(await engine.runPod(name, { runtimeHandler }), 'app')

const alive = async (id: string): Promise<string> => (await engine.exec(id, 'echo', 'alive')).stdout.trim()

const isJudged = (id: string): boolean =>
  recordsOf(engine.host, id).some(({ operation }) => operation === 'create')

beforeAll(async () => {
  engine = await openCrioHost({
    // As a site wrote it: another handler of runc's, with a comment and a monitor of its own.
    '/etc/crio/crio.conf.d/20-site.conf': `# Of this site.
[crio.runtime.runtimes.batch]
runtime_path = "/usr/sbin/runc"  # the same
runtime_root = "/run/batch"
monitor_path = "/usr/bin/conmon"
`,
  })
})

afterAll(async () => {
  await engine?.close()
})

test('restarted, judged, restarted back: pods alive, files byte by byte as they were', async () => {
  const { host } = engine
  const before = await tree(host, folders)
  const old = await start('old')
  expect(isJudged(old)).toBe(false)

  expect(await engine.lintel('install', 'crio', '--dry-run')).toContain(`+++ ${dropIn}`)
  expect(await tree(host, folders)).toBe(before)

  const said = await engine.lintel('install', 'crio', ...restarting)
  await engine.served()
  expect(said).toContain('restarting crio (sh /run/restart); running containers go on')
  expect(said).toContain('crio: lintel is registered, and the engine calls it')
  const status = await host.shell('crio status config')
  expect(status.match(/runtime_path = "\/usr\/local\/sbin\/lintel-runtime"/g)).toHaveLength(2)
  expect(await alive(old)).toBe('alive')

  const young = await start('young')
  const batch = await start('batch', 'batch')
  for (const id of [young, batch])
    expect(recordsOf(host, id)).toMatchObject([
      { mode: 'warn', operation: 'create', engine: { id: 'crio', proven: true } },
    ])
  expect(await alive(young)).toBe('alive')
  expect(await engine.lintel('install', 'crio')).toBe('nothing to change')

  const out = await engine.lintel('uninstall', 'crio', ...restarting)
  await engine.served()
  expect(out).toContain(young)
  expect(out).not.toContain(old)
  expect(await tree(host, folders)).toBe(before)
  expect(isJudged(await start('afterwards'))).toBe(false)
  for (const id of [old, young, batch]) expect(await alive(id)).toBe('alive')
})

test('without anything that restarts it, it is said that it must be restarted, and doctor sees that it was not', async () => {
  const { host } = engine
  // A process's start is known to the second.
  await host.shell('sleep 2')
  const before = await tree(host, folders)
  const first = await engine.lintel('install', 'crio')
  expect(first).toMatch(
    /crio \(process \d+\) reads \/etc\/crio\/crio\.conf\S* only when it starts: restart it/,
  )
  expect(first).toMatch(/crio: lintel is registered$/m)
  expect(isJudged(await start('unread'))).toBe(false)
  expect(engineIn(await examine(host), 'crio')).toMatchObject({ registered: 'yes', effective: 'no' })
  // What SIGHUP makes it say changes nothing of what it does.
  await host.shell('kill -HUP $(pidof crio); sleep 1')
  expect(await host.shell('crio status config')).toContain('lintel-runtime')
  expect(isJudged(await start('hung-up'))).toBe(false)
  expect(engineIn(await examine(host), 'crio')).toMatchObject({ effective: 'no' })
  await engine.lintel('install', 'crio', ...restarting)
  await engine.served()
  expect(isJudged(await start('read'))).toBe(true)
  expect(engineIn(await examine(host), 'crio')).toMatchObject({ registered: 'yes', effective: 'yes' })
  await engine.lintel('uninstall', 'crio', ...restarting)
  await engine.served()
  expect(await tree(host, folders)).toBe(before)
})

test('a restart that fails: the old files are back, and CRI-O is started with them', async () => {
  const { host } = engine
  const before = await tree(host, folders)
  writeFileSync(
    host.path('/run/flaky'),
    `[ -e ${dropIn} ] && { kill $(pidof crio); exit 1; }\nsh /run/restart\n`,
  )
  const { exitCode, stderr } = await host.lintel(['install', 'crio', '--restart-command', 'sh /run/flaky'])
  expect({ exitCode, stderr }).toEqual({
    exitCode: 1,
    stderr: 'lintel: crio: it could not be restarted by: sh /run/flaky; everything is as it was',
  })
  await engine.served()
  expect(await tree(host, folders)).toBe(before)
  expect(isJudged(await start('undone'))).toBe(false)
})

test('only pods that ask for it, and none of their containers lost when it is taken away', async () => {
  const { host } = engine
  const before = await tree(host, folders)
  await engine.lintel('install', 'crio', '--handler', 'lintel', ...restarting)
  await engine.served()
  expect(isJudged(await start('unasked'))).toBe(false)
  const asking = await start('asked', 'lintel')
  expect(isJudged(asking)).toBe(true)
  expect(engineIn(await examine(host), 'crio')).toMatchObject({ registered: 'opt-in', effective: 'yes' })

  const out = await engine.lintel('uninstall', 'crio', ...restarting)
  await engine.served()
  expect(out).toContain(asking)
  expect(await alive(asking)).toBe('alive')
  await engine.removePods()
  await engine.lintel('uninstall', 'crio', ...restarting)
  await engine.served()
  expect(await tree(host, folders)).toBe(before)
})

test('a later drop-in that would silently win is named', async () => {
  const { host } = engine
  const later = '/etc/crio/crio.conf.d/zzz-site.conf'
  writeFileSync(host.path(later), '[crio.runtime.runtimes.runc]\nruntime_path = "/usr/sbin/runc"\n')
  const { exitCode, stderr } = await host.lintel(['install', 'crio', ...restarting])
  expect(exitCode).toBe(1)
  expect(stderr).toContain(later)
  await host.shell(`rm ${later}`)
})
