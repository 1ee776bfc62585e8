/** `lintel install containerd --handler lintel`: only pods whose RuntimeClass asks for it pass by lintel. Needs root. */
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { pauseImage } from './support/cri-image.ts'
import { recordsOf } from './support/decisions.ts'
import { engineIn, examine, found } from './support/examined.ts'
import { type InstalledHost, openInstalledHost, tree } from './support/installed.ts'
import { type NodePods, openNodePods, restartContainerd } from './support/node-pods.ts'
import { until } from './support/private-host.ts'

jest.setTimeout(180_000)

let host: InstalledHost
let pods: NodePods

const configuration = '/etc/containerd/config.toml'
const restarting = ['--restart-command', 'sh /run/restart']

/** Of the built-in handler nothing is written. */
const settings = `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}" # from our own registry
  restrict_oom_score_adj = true
`

const install = async (...more: readonly string[]): Promise<string> => {
  const done = await host.lintel(['install', 'containerd', ...restarting, ...more])
  expect(done).toMatchObject({ exitCode: 0, stderr: '' })
  await pods.connect()
  return done.stdout
}

const uninstall = async (): Promise<string> => {
  const done = await host.lintel(['uninstall', 'containerd', ...restarting])
  expect(done).toMatchObject({ exitCode: 0, stderr: '' })
  await pods.connect()
  return done.stdout
}

const isJudged = (id: string): boolean => recordsOf(host, id).some(({ operation }) => operation === 'create')

beforeAll(async () => {
  host = await openInstalledHost(['containerd', 'containerd-shim-runc-v2', 'ctr'])
  await host.shell('mkdir -p /etc/containerd')
  writeFileSync(host.path(configuration), settings)
  writeFileSync(host.path('/run/restart'), restartContainerd)
  host.launch('containerd', 'containerd', [])
  await until(async () => (await host.run('ctr', ['version'])).exitCode === 0, 'containerd', 30_000)
  pods = await openNodePods(host)
})

afterAll(async () => {
  pods?.close()
  await host?.close()
})

test('a pod that asks for it is judged, another is not, and doctor says so; nothing is left afterwards', async () => {
  const before = await tree(host, ['/etc/containerd'])
  await expect(pods.start('too-early', 'lintel')).rejects.toThrow(/no runtime for "lintel"/)
  const old = await pods.start('old')

  expect(await install('--handler', 'lintel')).toContain('containerd: lintel is registered')
  expect(host.text(configuration)).toContain('from our own registry')
  const [asking, other] = [await pods.start('asking', 'lintel'), await pods.start('other')]
  expect([isJudged(asking), isJudged(other)]).toEqual([true, false])
  expect(await install('--handler', 'lintel')).toBe('nothing to change')
  const report = await examine(host)
  expect(engineIn(report, 'containerd')).toMatchObject({ registered: 'opt-in', effective: 'yes' })
  expect(found(report, 'problem', 'containerd')).toEqual([])
  const [open] = report.diagnoses.filter(({ check }) => check === 'other-handlers')
  expect(open).toMatchObject({
    level: 'way-round',
    about: 'containerd',
    message: expect.stringMatching(/^lintel is the handler lintel alone: .* is made by \/usr\/sbin\/runc$/),
  })

  for (const id of [old, asking, other]) expect(await pods.alive(id)).toBe('alive')
  await pods.removeAll()
  await uninstall()
  expect(await tree(host, ['/etc/containerd'])).toBe(before)
})

test('from asking to all and back: what was made for the one is not left beside the other', async () => {
  const before = await tree(host, ['/etc/containerd'])
  await install('--handler', 'lintel')
  await install()
  expect(host.text(configuration)).not.toContain('runtimes.lintel')
  const usual = await pods.start('usual')
  expect(isJudged(usual)).toBe(true)
  await install('--handler', 'lintel')
  expect(isJudged(await pods.start('unasked'))).toBe(false)
  expect(isJudged(await pods.start('asked', 'lintel'))).toBe(true)

  // Pods that were made with it keep their handler, by which their containers are made anew.
  expect(await uninstall()).toContain(`${configuration} keeps the name lintel for them, as no default`)
  expect(isJudged(await pods.start('afterwards'))).toBe(false)
  expect(await pods.alive(usual)).toBe('alive')
  await pods.removeAll()
  await uninstall()
  expect(await tree(host, ['/etc/containerd'])).toBe(before)
})

test('what makes no sense is refused in one line', async () => {
  for (const [words, line] of [
    [['docker', '--handler', 'lintel'], /--handler is for containerd or crio/],
    [['containerd', '--handler', 'A b'], /--handler A b: a RuntimeClass takes lower case letters/],
    [['--handler', 'lintel'], /--handler is for containerd or crio/],
  ] as const) {
    const { exitCode, stderr } = await host.lintel(['install', ...words])
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(line)
  }
})
