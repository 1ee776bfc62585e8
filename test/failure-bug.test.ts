/** DESIGN section 3, rows of lintel's own bugs and of the real runtime. Needs root. */
import {
  chmodSync,
  copyFileSync,
  linkSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { exampleBase } from '../src/core/example.ts'
import {
  configWith,
  expectAllPass,
  expectHandedOn,
  expectRefused,
  type GuardedName,
  guardedCalls,
  guardedNames,
  passedCalls,
  preparedBundle,
  refusedConfig,
} from './support/calls.ts'
import { openShim, policyFile, type Shim } from './support/shim.ts'

jest.setTimeout(60_000)

let shim: Shim

beforeAll(async () => {
  shim = await openShim()
})
afterAll(() => shim.close())
beforeEach(() => shim.clear())

/** Puts so much into a document that reading it takes more memory than lintel gives itself. */
const swell = (file: string, count = 1_000_000): void => {
  const pad = `"pad":[${'{},'.repeat(count)}{}],`
  writeFileSync(file, readFileSync(file, 'utf8').replace('{', `{${pad}`))
}

const swollen = (name: GuardedName, bundle: string): string =>
  join(
    bundle,
    { 'exec with a process file': 'process.json', 'update with a file': 'resources.json' }[name as string] ??
      'config.json',
  )

const reportOf = (text: string): string =>
  /Report for the administrator: (\/var\/lib\/lintel\/reports\/\S+\.txt)/.exec(text)?.[1] ?? 'no report'

describe('a bug in lintel', () => {
  test.each(guardedNames)(
    'out of memory: %s is refused with a report, or handed on in warn',
    async (name) => {
      const bundle = preparedBundle(shim, 'c')
      const words = guardedCalls[name](bundle, 'c')
      swell(swollen(name, bundle))
      shim.policy('')
      const log = `${bundle}/engine.json`
      const called = await shim.call(['--log', log, '--log-format=json', ...words])
      expectRefused(called, /^lintel failed while judging this call and refuses it \(out of memory\)\. /)
      const line: unknown = JSON.parse(readFileSync(log, 'utf8'))
      const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
      expect(line).toEqual({ level: 'error', msg: called.stderr, time })
      const report = reportOf(called.stderr)
      expect(await shim.shell(`stat -c %a ${report}`)).toBe('600')
      expect(await shim.shell(`cat ${report}`)).toContain(`"${words[0]}"`)
      expect(shim.records()).toEqual([])
      shim.policy('mode = "warn"\n')
      expectHandedOn(await shim.call(words), words)
      if (name === 'create') await expectAllPass(shim, 'c')
    },
  )

  test('more than a second: refused, or handed on in warn', async () => {
    const mounts = Array.from({ length: 30_000 }, (_, index) => ({
      ...{ destination: `/m${index}`, type: 'bind', source: `/x${index}`, options: ['bind'] },
    }))
    const bundle = preparedBundle(shim, 'c', configWith({ mounts }))
    const words = guardedCalls.create(bundle, 'c')
    shim.policy('')
    expectRefused(
      await shim.call(words),
      /^lintel failed while judging this call and refuses it \(interrupted\)/,
    )
    shim.policy('mode = "warn"\n')
    expectHandedOn(await shim.call(words), words)
  })

  test('a policy too heavy to compile: as the kept one says, and all else passes', async () => {
    const bundle = preparedBundle(shim, 'c')
    const log = join(bundle, 'log')
    const words = ['--log', log, '--log-format=json', ...guardedCalls.create(bundle, 'c')]
    const heavy = `log.file = [${'1,'.repeat(500_000)}]\n`
    for (const mode of ['enforce', 'warn']) {
      shim.policy(`mode = "${mode}"\n`)
      await shim.call(words)
      await shim.call(['--lintel-policy', policyFile, 'state', 'c'])
      shim.policy(heavy)
      const called = await shim.call(words)
      if (mode === 'warn') expectHandedOn(called, words)
      else {
        expectRefused(called, /^lintel failed while judging this call and refuses it/)
        expect(readFileSync(log, 'utf8')).toContain('"level":"error","msg":"lintel failed while')
      }
      for (const passed of [
        ['kill', 'c', '9'],
        ['--debug', 'delete', 'create'],
        ['--lintel-policy', policyFile, 'state', 'c'],
      ]) {
        const expected = passed.filter((word) => word !== '--lintel-policy' && word !== policyFile)
        expectHandedOn(await shim.call(passed), expected)
      }
    }
  })

  test('no room for a report: refused all the same', async () => {
    const bundle = preparedBundle(shim, 'c')
    swell(join(bundle, 'config.json'))
    shim.policy('')
    writeFileSync(shim.path('/var/lib/lintel'), '')
    expectRefused(await shim.call(guardedCalls.create(bundle, 'c')), /No report could be written/)
  })

  test('memory that ends anywhere in a document never hides the rest of it', async () => {
    shim.policy('')
    // Room for growing lists ends at different members; the last capability is the one to be found.
    const bounding = [...Array.from({ length: 60_000 }, () => 'CAP_CHOWN'), 'CAP_SYS_ADMIN']
    const config = configWith({ process: { capabilities: { bounding } } })
    for (let count = 560_000; count <= 760_000; count += 20_000) {
      const bundle = preparedBundle(shim, 'c', config)
      swell(join(bundle, 'config.json'), count)
      const called = await shim.call(guardedCalls.create(bundle, 'c'))
      expect({ count, ran: called.ran, status: called.status }).toEqual({ count, ran: undefined, status: 1 })
    }
  })

  test('a machine without memory: never an unjudged container, always a stop', async () => {
    shim.policy('')
    const bundle = preparedBundle(shim, 'c', refusedConfig)
    await shim.call(guardedCalls.create(bundle, 'c'))
    const bugs: string[] = []
    let stops = 0
    const stop = ['--debug=true', 'kill', 'c', 'KILL']
    // From what the executable itself takes up, to what a call needs.
    const least = statSync('dist/lintel').size
    for (let bytes = least + 150_000; bytes <= least + 1_800_000; bytes += 50_000) {
      const behind = ['prlimit', `--as=${bytes}`]
      const called = await shim.call(guardedCalls.create(bundle, 'c'), { behind })
      expect({ bytes, ran: called.ran }).toEqual({ bytes, ran: undefined })
      expect(called.status).not.toBe(0)
      if (!called.stderr.startsWith('lintel failed while judging')) continue
      bugs.push(called.stderr)
      const stopped = await shim.call(stop, { behind })
      // Rust gives up by itself where its own few hundred bytes are not to be had.
      const gaveUp = stopped.stderr.startsWith('memory allocation of')
      expect({ bytes, ran: stopped.ran }).toEqual({ bytes, ran: gaveUp ? undefined : stop })
      stops += gaveUp ? 0 : 1
    }
    expect(bugs).not.toEqual([])
    expect(stops).toBeGreaterThan(bugs.length / 2)
  })

  test('a kept policy that is no policy: guarded calls are refused, others pass', async () => {
    shim.policy('')
    const bundle = preparedBundle(shim, 'c', exampleBase)
    await shim.call(guardedCalls.create(bundle, 'c'))
    const kept = shim.path('/var/lib/lintel/policy/site')
    writeFileSync(kept, readFileSync(kept, 'utf8').replace(/\n\n.*/s, '\n\n{"mode":'))
    shim.policy('broken')
    for (const name of guardedNames)
      expectRefused(await shim.call(guardedCalls[name](bundle, 'c')), /compiled policy cannot be read/)
    await expectAllPass(shim, 'c')
  })
})

describe('a real runtime that is none', () => {
  const wrong = (): readonly (readonly [string, string])[] => {
    const at = (name: string): string => join(shim.host.workspace, name)
    const lintel = at('lintel')
    return [
      ['missing', '/nx/runc'],
      ['a folder', '/run'],
      ['lintel itself', lintel],
      ['a link to lintel', at('lintel-runtime')],
      ['a hard link to lintel', made(at('hard'), (path) => linkSync(lintel, path))],
      ['a link to a link', made(at('soft'), (path) => symlinkSync('lintel-runtime', path))],
      ['not executable', made(at('plain'), (path) => writeFileSync(path, '', { mode: 0o644 }))],
    ]
  }

  const made = (path: string, make: (path: string) => void): string => {
    make(path)
    return path
  }

  test('every call ends with 127 and one line, in enforce and in warn; nothing is recorded as let through', async () => {
    const bundle = preparedBundle(shim, 'c')
    const calls = [
      ...guardedNames.map((name) => guardedCalls[name](bundle, 'c')),
      ...passedCalls('c').slice(0, 2),
    ]
    for (const [name, path] of wrong()) {
      for (const mode of ['enforce', 'warn']) {
        shim.write('/etc/lintel/policy.toml', `mode = "${mode}"\nruntime.path = ["${path}"]\n`)
        for (const words of calls) {
          const { status, stdout, stderr, ran } = await shim.call(words)
          expect({ name, words, status, stdout, ran }).toEqual({
            name,
            words,
            status: 127,
            stdout: '',
            ran: undefined,
          })
          expect(stderr).toMatch(/^lintel.* no container runtime at any path of \[runtime\] path[^\n]*$/)
        }
      }
    }
    expect(shim.records()).toEqual([])
  })

  test('a copy of lintel as the runtime does not call itself for ever', async () => {
    const copy = join(shim.host.workspace, 'copy')
    copyFileSync(join(shim.host.workspace, 'lintel'), copy)
    chmodSync(copy, 0o755)
    shim.write('/etc/lintel/policy.toml', `runtime.path = ["${copy}"]\n`)
    const bundle = preparedBundle(shim, 'c')
    const called = await shim.call(guardedCalls.create(bundle, 'c'))
    expect(called).toMatchObject({ status: 127, ran: undefined })
  })

  test('a file that is executable but no program is said so', async () => {
    const path = join(shim.host.workspace, 'garbage')
    writeFileSync(path, 'garbage', { mode: 0o755 })
    shim.write('/etc/lintel/policy.toml', `runtime.path = ["${path}"]\n`)
    const called = await shim.call(['state', 'c'])
    expect(called).toMatchObject({ status: 127, stderr: `lintel: ${path} could not be executed (ENOEXEC)` })
  })
})
