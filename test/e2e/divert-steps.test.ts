/** `lintel divert` broken off at every step, by kill -9 and by a full disk: there is a working runc at its path throughout. */

import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { fileFacts, openHostWithOwnUsr, succeeds } from './support/own-usr.ts'
import type { Outcome, PrivateHost } from './support/private-host.ts'

jest.setTimeout(300_000)

const runc = '/usr/sbin/runc'
const kept = '/usr/libexec/lintel/runc'

/** Every system call by which a diversion changes something; strace counts the calls of each by itself. */
const changes = ['/^mkdir', '/^link', '/^rename', '/^unlink', '/^rmdir', 'fsync']

let host: PrivateHost
let version: string

beforeAll(async () => {
  host = await openHostWithOwnUsr(['strace'])
  // One runtime is enough, and half as many steps.
  rmSync(host.path('/usr/bin/crun'))
  version = (await succeeds(host.run('runc', ['--version']))).all
  // Calls all the while, and writes down each that fails: a gap of any length would be met sooner or later.
  const call = `runc --version >/dev/null 2>&1 || echo "$?" >>${host.workspace}/gaps`
  host.launch('caller', 'sh', ['-c', `while :; do ${call}; sleep 0.02; done`])
})

afterAll(async () => {
  await host?.close()
})

const lintel = (...words: readonly string[]): Promise<Outcome> => host.run('lintel', ['divert', ...words])

interface BrokenOff extends Outcome {
  /** True where there was such a system call for it to happen at. */
  readonly met: boolean
}

/** Runs it so that `fate` meets a system call: the first, second, … of its kind. */
const brokenOff = async (
  call: string,
  { fate, at, words }: { readonly fate: string; readonly at: number; readonly words: readonly string[] },
): Promise<BrokenOff> => {
  const trace = join(host.workspace, 'trace')
  const options = ['--quiet=all', '-o', trace, `--trace=${call}`, `--inject=${call}:${fate}:when=${at}`]
  const outcome = await host.run('strace', [...options, 'lintel', 'divert', ...words])
  const traced = readFileSync(trace, 'utf8')
  return { ...outcome, met: traced.includes('(INJECTED)') || traced.includes('killed by SIGKILL') }
}

const expectWorking = async (where: string): Promise<void> => {
  for (const name of [runc, '/usr/bin/runc']) {
    expect(`${where}: ${(await host.run(name, ['--version'])).all}`).toBe(`${where}: ${version}`)
  }
}

const diversions = async (): Promise<string> => (await host.run('dpkg-divert', ['--list', '*runc*'])).stdout

const expectDiverted = async (): Promise<void> => {
  expect(readFileSync(host.path(runc)).equals(readFileSync(host.path('/usr/bin/lintel')))).toBe(true)
  expect(fileFacts(host.path(kept))).toEqual(fileFacts(runc))
  expect(await diversions()).toBe(`local diversion of ${runc} to ${kept}`)
}

const expectUntouched = async (): Promise<void> => {
  expect(fileFacts(host.path(runc))).toEqual(fileFacts(runc))
  expect(await diversions()).toBe('')
  const left = ['/usr/libexec/lintel', '/var/lib/lintel/divert.json', '/usr/sbin/.runc.lintel-divert']
  expect(left.filter((path) => existsSync(host.path(path)))).toEqual([])
}

describe('kill -9', () => {
  test.each(changes)('at every %s', async (call) => {
    let steps = 0
    for (let at = 1, met = true; met; at++) {
      const diverting = await brokenOff(call, { fate: 'signal=KILL', at, words: [] })
      await expectWorking(`divert, ${call} ${at}`)
      if (diverting.met) await succeeds(lintel(at % 2 === 0 ? '--repair' : '--undo'))
      await succeeds(lintel())
      await expectDiverted()

      const undoing = await brokenOff(call, { fate: 'signal=KILL', at, words: ['--undo'] })
      await expectWorking(`undo, ${call} ${at}`)
      if (undoing.met) await succeeds(lintel(at % 2 === 0 ? '--repair' : '--undo'))
      await succeeds(lintel('--undo'))
      await expectUntouched()
      expect([diverting, undoing].map((each) => each.exitCode === 0)).toEqual([!diverting.met, !undoing.met])
      met = diverting.met || undoing.met
      if (met) steps++
    }
    expect(steps).toBeGreaterThan(0)
  })
})

describe('no space left', () => {
  test.each(['/^mkdir', '/^link', '/^rename', 'fsync', 'write'])('at every %s', async (call) => {
    let failed = 0
    for (let at = 1, met = true; met; at++) {
      const diverting = await brokenOff(call, { fate: 'error=ENOSPC', at, words: [] })
      await expectWorking(`divert, ${call} ${at}`)
      if (diverting.exitCode === 0) await expectDiverted()
      else {
        failed++
        expect(diverting.stderr).toMatch(/^lintel: .*ENOSPC/)
        await expectUntouched()
      }
      await succeeds(lintel())

      const undoing = await brokenOff(call, { fate: 'error=ENOSPC', at, words: ['--undo'] })
      await expectWorking(`undo, ${call} ${at}`)
      if (undoing.exitCode !== 0) expect(undoing.stderr).toMatch(/^lintel: .*ENOSPC/)
      await succeeds(lintel('--undo'))
      await expectUntouched()
      met = diverting.met || undoing.met
    }
    // A link that cannot be made is made up for by a copy.
    expect({ call, failed: failed > 0 }).toEqual({ call, failed: call !== '/^link' })
  })

  test('a read-only /usr is left as it is', async () => {
    await succeeds(host.run('mount', ['-o', 'remount,ro', '/usr']))
    const refused = await lintel()
    await succeeds(host.run('mount', ['-o', 'remount,rw', '/usr']))
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' })
    expect(refused.stderr).toBe('lintel: /usr/libexec/lintel: mkdir failed (EROFS)')
    await expectUntouched()
  })
})

test('no call of runc failed meanwhile', () => {
  expect(existsSync(join(host.workspace, 'gaps'))).toBe(false)
})
