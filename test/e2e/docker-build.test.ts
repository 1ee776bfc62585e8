/** Image builds on a real dockerd: BuildKit calls the `runc` of the PATH, the legacy builder the default runtime. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { records, repaired, setPolicy } from './support/decisions.ts'
import { type Docker, startDocker } from './support/dockerd.ts'
import { image } from './support/image.ts'
import type { Outcome } from './support/private-host.ts'
import { expectDenied, expectSentence, refusalIn } from './support/refusal.ts'
import { refused } from './support/refusals.ts'

jest.setTimeout(120_000)

let engine: Docker
let before: number

beforeAll(async () => {
  engine = await startDocker({ divertRunc: true })
})

afterAll(async () => {
  await engine?.host.close()
})

beforeEach(() => {
  before = records(engine.host).length
})

/** Builds from the lines of a Dockerfile; lines that begin with `--` are options of the build. */
const build = async (builder: 'buildkit' | 'legacy', ...lines: readonly string[]): Promise<Outcome> => {
  const folder = join(engine.host.workspace, 'context')
  mkdirSync(folder, { recursive: true })
  const options = lines.filter((line) => line.startsWith('--'))
  const file = [`FROM ${image}`, ...lines.filter((line) => !line.startsWith('--'))]
  writeFileSync(join(folder, 'Dockerfile'), `${file.join('\n')}\n`)
  const buildKit = builder === 'buildkit'
  const environment = { DOCKER_BUILDKIT: buildKit ? '1' : '0' }
  const progress = buildKit ? ['--progress=plain'] : []
  return engine.docker(['build', '--no-cache', '--tag=built', ...progress, ...options, folder], {
    environment,
  })
}

/** The records of the build steps since the test began. */
const steps = () => records(engine.host).slice(before)

describe('BuildKit', () => {
  test('its steps are judged and repaired like any container, but for the root they are there to write', async () => {
    setPolicy(engine.host)
    const built = await build(
      'buildkit',
      'RUN --mount=type=cache,target=/cache touch /cache/a && grep NoNewPrivs /proc/self/status > /made',
      'RUN --mount=type=bind,target=/context ls /context && grep . /made /sys/fs/cgroup/pids*/pids.max',
    )
    expect(built).toMatchObject({ exitCode: 0 })
    expect(built.all).toMatch(/Dockerfile.*\/made:NoNewPrivs:\t1.*pids.max:1024/s)
    const engineOfStep = { id: 'buildkit', proven: true }
    expect(steps()).toMatchObject([
      { operation: 'run', engine: engineOfStep, verdict: 'fix' },
      { operation: 'run', engine: engineOfStep, verdict: 'fix' },
    ])
    expect(repaired(steps()[0])).toEqual(['memory-limit', 'no-new-privileges', 'pids-limit'])
    const ran = await engine.docker(['run', '--rm', 'built', 'cat', '/made'])
    expect(ran.stdout).toBe('NoNewPrivs:\t1')
  })

  test('a step on the network of the host is refused', async () => {
    const built = await build('buildkit', '--network=host', 'RUN true')
    expect(built.exitCode).toBe(1)
    const { text, record } = refusalIn(engine.host, built.all)
    expectSentence(text, {
      ...refused.hostNetwork,
      found: /host's network namespace/,
      remedy: 'use --network',
    })
    expectDenied(record, 'host-network')
  })
})

test('the legacy builder works where the policy leaves the root writable', async () => {
  setPolicy(engine.host, '[rules.readonly-rootfs]\naction = "off"\n')
  const built = await build('legacy', 'RUN grep NoNewPrivs /proc/self/status > /made', 'RUN cat /made')
  setPolicy(engine.host)
  expect(built.exitCode).toBe(0)
  expect(built.stdout).toContain('NoNewPrivs:\t1')
  expect(steps().map(({ operation, verdict }) => `${operation} ${verdict}`)).toEqual([
    'create fix',
    'create fix',
  ])
})

test('the reserved name runc is no way around a diverted runc', async () => {
  const ran = await engine.docker(['run', '--rm', '--runtime=runc', '--privileged', image, 'true'])
  expect(ran.exitCode).toBe(125)
  expectDenied(refusalIn(engine.host, ran.stderr).record, 'privileged')
  const plain = await engine.docker([
    'run',
    '--rm',
    '--runtime=runc',
    image,
    'grep',
    'NoNewPrivs',
    '/proc/1/status',
  ])
  expect(plain.stdout).toBe('NoNewPrivs:\t1')
})
