/** `lintel divert` under a real dockerd: what passed by the registered runtime is judged, and containers live through it. */

import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { recordsOf } from './support/decisions.ts'
import { type Docker, startDocker } from './support/dockerd.ts'
import { image } from './support/image.ts'
import { openHostWithOwnUsr, succeeds } from './support/own-usr.ts'
import type { Outcome } from './support/private-host.ts'
import { expectDenied, refusalIn } from './support/refusal.ts'

jest.setTimeout(120_000)

let engine: Docker

const docker = (...args: readonly string[]): Promise<Outcome> => engine.docker(args)
const verdicts = (name: string): readonly string[] =>
  recordsOf(engine.host, name).map(({ operation, verdict, runtime }) => `${operation} ${verdict} ${runtime}`)

beforeAll(async () => {
  engine = await startDocker({ host: await openHostWithOwnUsr(['dockerd', 'docker', 'containerd']) })
})

afterAll(async () => {
  await engine?.host.close()
})

const kept = '/usr/libexec/lintel/runc'

test('a diversion comes and goes under running containers, and is a door while it stands', async () => {
  const own = ['--runtime', 'runc']
  await succeeds(docker('run', '--detach', ...own, '--name', 'throughout', image, 'sleep', '1000'))
  await succeeds(docker('create', ...own, '--name', 'earlier', image, 'true'))
  const alive = async (): Promise<string> => (await docker('exec', 'throughout', 'echo', 'alive')).all
  expect([await alive(), verdicts('throughout')]).toEqual(['alive', []])

  await succeeds(engine.host.run('lintel', ['divert']))
  expect(await alive()).toBe('alive')
  await succeeds(docker('start', 'earlier'))
  expect(verdicts('earlier')).toEqual([`create fix ${kept}`])
  for (const name of ['runc', 'io.containerd.runc.v2', 'lintel']) {
    const container = `by-${name}`
    const ran = await docker(
      'run',
      '--runtime',
      name,
      '--name',
      container,
      image,
      'grep',
      'NoNew',
      '/proc/self/status',
    )
    expect({ name, ran }).toMatchObject({ ran: { exitCode: 0, stdout: 'NoNewPrivs:\t1' } })
    expect({ name, verdicts: verdicts(container) }).toEqual({ name, verdicts: [`create fix ${kept}`] })
  }
  const refused = await docker('run', '--rm', ...own, '--privileged', image, 'true')
  expect(refused.exitCode).toBe(125)
  expectDenied(refusalIn(engine.host, refused.all).record, 'privileged')

  await succeeds(docker('run', '--detach', ...own, '--name', 'meanwhile', image, 'sleep', '1000'))
  await succeeds(engine.host.run('lintel', ['divert', '--undo']))
  expect(await alive()).toBe('alive')
  expect((await docker('exec', 'meanwhile', 'echo', 'alive')).all).toBe('alive')
  await succeeds(docker('run', '--rm', ...own, '--name', 'after', image, 'true'))
  expect(verdicts('after')).toEqual([])
  await succeeds(docker('rm', '--force', 'throughout', 'meanwhile'))
})
