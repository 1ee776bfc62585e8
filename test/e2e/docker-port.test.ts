/**
 * The rule on dockerd's network ports with a real dockerd: what it serves to whoever connects is refused with every
 * container, whatever its file says since; what asks for certificates, or is no port, is not.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { writeTlsFolder } from '../support/certificates.ts'
import { recordsOf, setPolicy } from './support/decisions.ts'
import { type Docker, startDocker } from './support/dockerd.ts'
import { versionedImage } from './support/image.ts'
import { type Outcome, until } from './support/private-host.ts'

jest.setTimeout(120_000)

const settingsFile = '/etc/docker/daemon.json'
const plain = 'tcp://127.0.0.1:2375'
const tls = mkdtempSync(join(tmpdir(), 'lintel-port-'))

let docker: Docker
let settings: object

beforeAll(async () => {
  writeTlsFolder(tls)
  docker = await startDocker()
  settings = JSON.parse(readFileSync(docker.host.path(settingsFile), 'utf8'))
  setPolicy(
    docker.host,
    'profile = "minimal"\n[rules]\nengine-tcp-port = { action = "deny", require-proof = true }\n',
  )
})
afterAll(async () => {
  await docker?.host.close()
  rmSync(tls, { recursive: true, force: true })
})

const write = (more: object): void =>
  writeFileSync(docker.host.path(settingsFile), JSON.stringify({ ...settings, ...more }))

const verified = {
  tlsverify: true,
  tlscacert: join(tls, 'ca.pem'),
  tlscert: join(tls, 'server-cert.pem'),
  tlskey: join(tls, 'server-key.pem'),
}

/** Ends dockerd and starts it with these arguments. */
const restart = async (...args: readonly string[]): Promise<void> => {
  const { host } = docker
  const pid = readFileSync(host.path('/run/docker.pid'), 'utf8').trim()
  await host.run('kill', [pid])
  await until(async () => (await host.run('test', ['-e', `/proc/${pid}`])).exitCode !== 0, 'dockerd to end')
  host.launch('dockerd', 'dockerd', args)
  await until(async () => (await docker.docker(['version'])).exitCode === 0, 'dockerd to answer', 60_000)
}

const run = (name: string): Promise<Outcome> =>
  docker.docker(['run', '--rm', '--network=none', '--name', name, versionedImage, 'true'])

const expectRefused = ({ exitCode, all }: Outcome, says: RegExp): void => {
  expect(exitCode).toBe(125)
  expect(all).toMatch(says)
}

test('its unix socket alone: containers run', async () => {
  expect(await run('first')).toMatchObject({ exitCode: 0 })
  expect(recordsOf(docker.host, 'first')).toMatchObject([{ verdict: 'allow', engine: { proven: true } }])
})

test('a file changed since, and no port: containers run; an open one, and none does', async () => {
  write({ hosts: ['unix:///var/run/docker.sock', plain] })
  expect(await run('second')).toMatchObject({ exitCode: 0 })
  await restart()
  expectRefused(await run('third'), /dockerd serves its API on tcp:\/\/127\.0\.0\.1:2375 to whoever connects/)
  expect(recordsOf(docker.host, 'third')).toMatchObject([
    { verdict: 'deny', findings: [{ rule: 'engine-tcp-port', outcome: 'refused' }] },
  ])
})

test('a file put right without a restart is not believed', async () => {
  write({ hosts: ['unix:///var/run/docker.sock', plain], ...verified })
  expectRefused(await run('fourth'), /listens on TCP port 2375, and its configuration file was changed/)
})

test('certificates of clients verified, by options, another pid file: containers run', async () => {
  write({ hosts: undefined })
  const { tlscacert, tlscert, tlskey } = verified
  const files = [`--tlscacert=${tlscacert}`, `--tlscert=${tlscert}`, `--tlskey=${tlskey}`]
  const hosts = ['-H', 'unix:///var/run/docker.sock', '-H', 'tcp://127.0.0.1:2376']
  await restart('--tlsverify', ...files, ...hosts, '--pidfile', '/run/elsewhere.pid')
  expect(await run('fifth')).toMatchObject({ exitCode: 0 })
})
