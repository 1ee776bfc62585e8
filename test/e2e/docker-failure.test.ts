/** What fails on a host of containers, row by row of DESIGN section 3, and that a container can always be ended. */

import { chmodSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { logFile, policyFile, recordsOf, setPolicy } from './support/decisions.ts'
import { type Docker, startDocker } from './support/dockerd.ts'
import { image } from './support/image.ts'
import { expectGone } from './support/leftovers.ts'
import type { Outcome } from './support/private-host.ts'

jest.setTimeout(120_000)

let engine: Docker

const docker = (...args: readonly string[]): Promise<Outcome> => engine.docker(args)
const run = (name: string): Promise<Outcome> => docker('run', '--name', name, image, 'echo', 'ran')

/** Ends a running container in every way there is, while lintel is in the state under test. */
const expectEndable = async (name: string): Promise<void> => {
  const id = (await docker('inspect', '--format', '{{.Id}}', name)).stdout
  expect(await docker('pause', name)).toMatchObject({ exitCode: 0 })
  expect(await docker('unpause', name)).toMatchObject({ exitCode: 0 })
  expect(await docker('kill', '--signal', 'CONT', name)).toMatchObject({ exitCode: 0 })
  expect(await docker('stop', '--time', '0', name)).toMatchObject({ exitCode: 0 })
  expect(await docker('rm', '--force', name)).toMatchObject({ exitCode: 0 })
  await expectGone(engine.host, id)
}

const expectRefused = (ran: Outcome, words: RegExp): void => {
  expect(ran).toMatchObject({ exitCode: 125, stdout: '' })
  expect(ran.stderr).toMatch(words)
}

beforeAll(async () => {
  engine = await startDocker()
})

afterAll(async () => {
  await engine?.host.close()
})

beforeEach(async () => {
  setPolicy(engine.host, 'mode = "enforce"')
  await docker('run', '--detach', '--name', 'running', image, 'sleep', '1000')
})

afterEach(async () => {
  setPolicy(engine.host)
  await docker('rm', '--force', 'running')
})

describe('a policy that a bad edit broke', () => {
  test('the last good one serves, and the record says file and line', async () => {
    setPolicy(engine.host, 'mode = "enforce"\n[rules.privileged\n')
    expect(await run('broken-table')).toMatchObject({ exitCode: 0, stdout: 'ran' })
    const [record] = recordsOf(engine.host, 'broken-table')
    expect(record).toMatchObject({ verdict: 'fix', mode: 'enforce' })
    expect(record?.policy.broken).toMatch(/^\/etc\/lintel\/policy\.toml:3:/)
    expect(await docker('exec', 'running', 'true')).toMatchObject({ exitCode: 0 })
    await expectEndable('running')
  })

  test('a value that cannot be is broken too', async () => {
    setPolicy(engine.host, 'mode = "enforced"\n')
    expect(await run('broken-value')).toMatchObject({ exitCode: 0 })
    const [record] = recordsOf(engine.host, 'broken-value')
    expect(record?.policy.broken).toMatch(/^\/etc\/lintel\/policy\.toml:2: mode is "enforced"/)
  })

  test('none kept: nothing new starts, what runs can be ended', async () => {
    const { host } = engine
    setPolicy(host, 'mode = ')
    rmSync(host.path('/var/lib/lintel'), { recursive: true })
    expectRefused(
      await run('no-policy'),
      /lintel refused this create call: its policy cannot serve\. \/etc\/lintel\/policy\.toml:2/,
    )
    expect(await docker('exec', 'running', 'true')).toMatchObject({ exitCode: 126 })
    expect(await docker('rm', 'no-policy')).toMatchObject({ exitCode: 0 })
    await expectEndable('running')
  })
})

test('a policy that others can write: nothing new starts, what runs can be ended', async () => {
  chmodSync(engine.host.path(policyFile), 0o666)
  expectRefused(
    await run('writable-policy'),
    /\/etc\/lintel\/policy\.toml can be written by others \(mode 666\)/,
  )
  await expectEndable('running')
})

describe('a decision log that cannot be written', () => {
  beforeEach(() => {
    const log = engine.host.path(logFile)
    renameSync(log, `${log}.kept`)
    mkdirSync(log)
  })

  afterEach(() => {
    const log = engine.host.path(logFile)
    rmSync(log, { recursive: true })
    renameSync(`${log}.kept`, log)
  })

  test('nothing new starts, what runs can be ended', async () => {
    expectRefused(
      await run('no-log'),
      /the decision log \/var\/log\/lintel\/decisions\.jsonl cannot be written/,
    )
    await expectEndable('running')
  })

  test('a site that does not require it goes on without', async () => {
    setPolicy(engine.host, 'log = { required = false }')
    expect(await run('log-not-required')).toMatchObject({ exitCode: 0, stdout: 'ran', stderr: '' })
  })
})

test('a runtime that is not there is named as such', async () => {
  setPolicy(engine.host, '[runtime]\npath = ["/nowhere/runc"]')
  expectRefused(await run('no-runtime'), /no container runtime at any path of \[runtime\] path/)
})
