/**
 * dockerd on mutually authenticated TLS, as `lintel install docker --tcp 2376 --tls DIR` tells it in daemon.json, with a
 * folder that the check finds sound: who holds a certificate of the folder's authority is served, and judged; nobody
 * else is.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { writeClientCertificate, writeTlsFolder } from '../support/certificates.ts'
import { type Docker, startDocker } from './support/dockerd.ts'
import type { Outcome } from './support/private-host.ts'

jest.setTimeout(120_000)

const port = 2376
const tls = mkdtempSync(join(tmpdir(), 'lintel-tls-'))
const at = (name: string): string => join(tls, name)

let docker: Docker

beforeAll(async () => {
  writeTlsFolder(at('served'))
  writeClientCertificate(at('served'))
  writeTlsFolder(at('foreign'))
  writeClientCertificate(at('foreign'))
  docker = await startDocker({
    settings: {
      hosts: ['unix:///var/run/docker.sock', `tcp://127.0.0.1:${port}`],
      tlsverify: true,
      tlscacert: at('served/ca.pem'),
      tlscert: at('served/server-cert.pem'),
      tlskey: at('served/server-key.pem'),
    },
  })
}, 120_000)

afterAll(async () => {
  await docker.host.close()
  rmSync(tls, { recursive: true, force: true })
}, 60_000)

/** What docker's client answers with ca.pem of one folder, and certificate and key of another. */
const asked = async (
  authority: string,
  client: string | undefined,
  words: readonly string[] = ['version', '--format', '{{.Server.Version}}'],
): Promise<Outcome> => {
  const folder = mkdtempSync(join(tls, 'client-'))
  mkdirSync(folder, { recursive: true })
  copyFileSync(at(`${authority}/ca.pem`), join(folder, 'ca.pem'))
  const files = [`--tlscacert=${folder}/ca.pem`]
  if (client !== undefined) {
    for (const kind of ['cert', 'key'])
      copyFileSync(at(`${client}/client-${kind}.pem`), join(folder, `${kind}.pem`))
    files.push(`--tlscert=${folder}/cert.pem`, `--tlskey=${folder}/key.pem`)
  }
  const environment = { DOCKER_CERT_PATH: folder }
  const address = `tcp://127.0.0.1:${port}`
  return docker.docker(['--tlsverify', ...files, '-H', address, ...words], { environment })
}

// By TLS 1.3 the client may still be writing when the server hangs up on it: then it is told of that alone.
const refusal =
  /bad certificate|unknown certificate authority|certificate required|connection reset by peer|broken pipe/

describe('dockerd on TLS alone', () => {
  test('serves who holds a certificate of its authority', async () => {
    const { exitCode, stdout } = await asked('served', 'served')
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^\d+\.\d+/)
  })

  test('judges what comes that way', async () => {
    const { exitCode, all } = await asked('served', 'served', [
      'run',
      '--rm',
      '--privileged',
      'busybox',
      'true',
    ])
    expect(exitCode).toBe(125)
    expect(all).toContain('lintel refused to create this container')
  })

  test('refuses who has no certificate', async () => {
    const { exitCode, all } = await asked('served', undefined)
    expect(exitCode).not.toBe(0)
    expect(all).toMatch(refusal)
  })

  test('refuses a certificate of another authority', async () => {
    const { exitCode, all } = await asked('served', 'foreign')
    expect(exitCode).not.toBe(0)
    expect(all).toMatch(refusal)
  })

  test('is not believed by a client of another authority', async () => {
    const { exitCode, all } = await asked('foreign', 'served')
    expect(exitCode).not.toBe(0)
    expect(all).toMatch(/certificate signed by unknown authority|failed to verify certificate/)
  })

  test('does not speak in the clear, on this port or another', async () => {
    const plain = (to: number) => docker.docker(['-H', `tcp://127.0.0.1:${to}`, 'version'])
    const { exitCode, all } = await plain(port)
    expect(exitCode).not.toBe(0)
    expect(all).toContain('Client sent an HTTP request to an HTTPS server')
    const other = await plain(2375)
    expect(other.exitCode).not.toBe(0)
    expect(other.all).toMatch(/Cannot connect to the Docker daemon|connection refused/)
  })
})
