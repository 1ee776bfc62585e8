/** Requesters on real engines: a label of Docker's, an annotation of Podman's, execs; judged, taken out, run by runc. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { recordsOf } from './support/decisions.ts'
import { type Docker, startDocker } from './support/dockerd.ts'
import { versionedImage } from './support/image.ts'
import { type Podman, podmanVersionedImage, startPodman } from './support/podman.ts'
import type { Outcome, PrivateHost } from './support/private-host.ts'
import { askRequesters, filesWith, tokenFor } from './support/requesters.ts'

jest.setTimeout(120_000)

const inProcess = (host: PrivateHost, token: string): Promise<Outcome> =>
  host.run('sh', ['-c', `grep -lF -e '${token}' /proc/[0-9]*/environ 2>/dev/null | grep -v "/$$/"`])

describe('Docker', () => {
  let engine: Docker
  const docker = (...args: readonly string[]): Promise<Outcome> => engine.docker(args)
  const start = (name: string, token: string): Promise<Outcome> =>
    docker(
      'run',
      '--detach',
      '--network=none',
      '--name',
      name,
      '--label',
      `io.lintel.token=${token}`,
      versionedImage,
      'sleep',
      '1000',
    )

  beforeAll(async () => {
    engine = await startDocker()
    askRequesters(engine.host)
  })
  afterAll(async () => {
    await engine?.host.close()
  })

  test('a label with a token for its name and image runs it, and no file of the runtime holds it', async () => {
    const token = tokenFor('plot', versionedImage)
    expect(await start('plot', token)).toMatchObject({ exitCode: 0 })
    expect(recordsOf(engine.host, 'plot')).toMatchObject([
      {
        verdict: 'allow',
        engine: { proven: true },
        requester: { proof: 'token', user: 'alice', clearance: 's0' },
      },
    ])
    expect(await filesWith(engine.host, token)).toBe('')
    // Docker keeps its labels: what is looked for is found where it is.
    expect(await filesWith(engine.host, token, '/var/lib/docker/containers')).toContain('config.v2.json')
  })

  test('the same token under another name, or for another image, is refused', async () => {
    const token = tokenFor('plot', versionedImage)
    const other = await start('copy', token)
    expect(other.exitCode).not.toBe(0)
    expect(other.all).toMatch(/not for this container.*name is copy/)
    expect(other.all).not.toContain(token.slice(-40))
    const image = await start('third', tokenFor('third', 'registry.example/other:1'))
    expect(image.all).toMatch(/not for this container.*image is/)
  })

  test('nobody is refused, in words of docker', async () => {
    const { all, exitCode } = await docker('run', '--rm', '--network=none', versionedImage, 'true')
    expect(exitCode).not.toBe(0)
    expect(all).toMatch(/nobody is proven to ask.*--label io\.lintel\.token=TOKEN/)
  })

  test('an exec needs a token of its own, which its command never sees', async () => {
    expect((await docker('exec', 'plot', 'true')).all).toMatch(/nobody is proven to ask for this command/)
    const ofCreate = tokenFor('plot', versionedImage)
    expect((await docker('exec', '-e', `LINTEL_TOKEN=${ofCreate}`, 'plot', 'true')).all).toMatch(
      /it is for exec/,
    )
    const token = tokenFor('plot', versionedImage, { operation: 'exec' })
    const ran = await docker('exec', '-e', `LINTEL_TOKEN=${token}`, '-e', 'KEPT=1', 'plot', 'env')
    expect(ran).toMatchObject({ exitCode: 0 })
    expect(ran.stdout).toContain('KEPT=1')
    expect(ran.stdout).not.toContain('LINTEL_TOKEN')
    expect(await filesWith(engine.host, token)).toBe('')
  })

  test('started again after its token has ended: refused, and with readmit admitted', async () => {
    const now = Math.floor(Date.now() / 1000)
    askRequesters(engine.host, 'clock-skew = 0')
    expect(await start('again', tokenFor('again', versionedImage, { exp: now + 4 }))).toMatchObject({
      exitCode: 0,
    })
    await docker('kill', 'again')
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, (now + 5) * 1000 - Date.now())))
    const refused = await docker('start', 'again')
    expect(refused.exitCode).not.toBe(0)
    expect(refused.all).toMatch(/the token has expired/)
    askRequesters(engine.host, 'clock-skew = 0\nreadmit = true')
    expect(await docker('start', 'again')).toMatchObject({ exitCode: 0 })
  })

  test('where a token is good for one container, that one is started again, and no other is', async () => {
    askRequesters(engine.host, 'once = true')
    const token = tokenFor('lone', versionedImage)
    expect(await start('lone', token)).toMatchObject({ exitCode: 0 })
    expect(await docker('restart', '--time', '0', 'lone')).toMatchObject({ exitCode: 0 })
    await docker('rename', 'lone', 'first')
    expect((await start('lone', token)).all).toMatch(/admits one container: it has been used before/)
    await docker('rm', '--force', 'first', 'lone')
    expect((await start('lone', token)).all).toMatch(/it has been used before/)
    expect(await filesWith(engine.host, token)).toBe('')
  })
})

describe('Podman', () => {
  let engine: Podman
  const run = (name: string, token: string): Promise<Outcome> =>
    engine.podman([
      'run',
      `--cgroup-parent=${engine.host.cgroup}`,
      '--detach',
      '--name',
      name,
      '--annotation',
      `io.lintel.token=${token}`,
      podmanVersionedImage,
      'sleep',
      '1000',
    ])

  beforeAll(async () => {
    engine = await startPodman()
    askRequesters(engine.host)
  })
  afterAll(async () => {
    await engine?.podman(['rm', '--force', '--all', '--time', '0'])
    await engine?.host.close()
  })

  test('an annotation with a token runs it; neither the bundle nor the runtime’s state holds it', async () => {
    const token = tokenFor('plot', podmanVersionedImage)
    expect(await run('plot', token)).toMatchObject({ exitCode: 0 })
    expect(recordsOf(engine.host, 'plot')).toMatchObject([
      { engine: { id: 'podman', proven: true }, requester: { proof: 'token', user: 'alice' } },
    ])
    expect(await filesWith(engine.host, token)).toBe('')
    expect((await inProcess(engine.host, token)).stdout).toBe('')
  })

  test('a token for another container is refused', async () => {
    const { exitCode, all } = await run('copy', tokenFor('plot', podmanVersionedImage))
    expect(exitCode).not.toBe(0)
    expect(all).toMatch(/not for this container.*name is copy/)
  })

  test('where a token is good for one container, that one is started again, and no other is', async () => {
    askRequesters(engine.host, 'once = true')
    const token = tokenFor('lone', podmanVersionedImage)
    expect(await run('lone', token)).toMatchObject({ exitCode: 0 })
    expect(await engine.podman(['restart', '--time', '0', 'lone'])).toMatchObject({ exitCode: 0 })
    await engine.podman(['rm', '--force', '--time', '0', 'lone'])
    expect((await run('lone', token)).all).toMatch(/admits one container: it has been used before/)
  })

  test('an exec with a token of its own', async () => {
    const token = tokenFor('plot', podmanVersionedImage, { operation: 'exec' })
    const ran = await engine.podman(['exec', '-e', `LINTEL_TOKEN=${token}`, 'plot', 'env'])
    expect(ran).toMatchObject({ exitCode: 0 })
    expect(ran.stdout).not.toContain('LINTEL_TOKEN')
    expect((await engine.podman(['exec', 'plot', 'true'])).all).toMatch(/nobody is proven to ask/)
  })
})
