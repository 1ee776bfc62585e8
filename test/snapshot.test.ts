/** The heap's snapshot inside dist/lintel: an executable that loads its modules at each call answers just the same. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, jest, test } from '@jest/globals'
import { execa } from 'execa'
import { linkedExecutable, sectionOf } from '../scripts/heap-snapshot.ts'

jest.setTimeout(300_000)

const native = fileURLToPath(new URL('../native', import.meta.url))
const shipped = fileURLToPath(new URL('../dist/lintel', import.meta.url))
const linked = await linkedExecutable()
const workspace = mkdtempSync(join(tmpdir(), 'lintel-snapshot-'))

/** An executable as it is where no snapshot can be made, with all modules in it. */
const withoutSnapshot = async (): Promise<string> => {
  const bundles = join(native, 'target/bundles')
  await execa('cargo', ['build', '--locked', '--manifest-path', join(native, 'Cargo.toml')], {
    env: { LINTEL_BUNDLES: bundles, LINTEL_BUILD_ID: 'test', LINTEL_EMBED: 'all' },
  })
  return join(native, 'target/debug/lintel')
}

const runtimes = ['shipped', 'loading', 'linked'].map((name) => join(workspace, name, 'lintel-runtime'))
for (const [index, file] of [shipped, await withoutSnapshot(), linked].entries()) {
  const runtime = runtimes[index] ?? ''
  mkdirSync(join(runtime, '..'), { recursive: true })
  copyFileSync(file, runtime)
}
afterAll(() => rmSync(workspace, { recursive: true, force: true }))

describe('the snapshot', () => {
  test('is all that the shipped executable has more than the linked one', () => {
    const [one, other] = [readFileSync(shipped), readFileSync(linked)]
    const { offset, size } = sectionOf(one, '.lintel.heap')
    expect(sectionOf(other, '.lintel.heap')).toEqual({ offset, size })
    expect(other.subarray(offset + 24, offset + size).every((byte) => byte === 0)).toBe(true)
    expect(one.subarray(offset, offset + size).filter((byte) => byte !== 0).length).toBeGreaterThan(100_000)
    one.copy(other, offset, offset, offset + size)
    expect(one.equals(other)).toBe(true)
  })

  test('cannot be made by an executable that has one', async () => {
    const file = join(workspace, 'heap')
    const { exitCode } = await execa(shipped, ['--write-snapshot', file], { reject: false })
    expect(exitCode).not.toBe(0)
    expect(existsSync(file)).toBe(false)
  })

  const policy = join(workspace, 'policy.toml')
  writeFileSync(policy, 'version = 1\nprofile = "cis-docker-1.13.0"\n[runtime]\npath = ["/bin/true"]\n')

  /** What a call says, but for what differs from call to call. */
  const answer = async (runtime: string, words: readonly string[]): Promise<string> => {
    const { stdout, stderr, exitCode } = await execa(
      runtime,
      ['--lintel-policy', policy, '--dry-run', ...words],
      { reject: false },
    )
    const changing = /"(id|time|durationMicroseconds)": .*|\[decision \w+\]/g
    return `${exitCode}\n${stdout}\n${stderr}`.replaceAll(changing, '').replaceAll(runtime, 'lintel-runtime')
  }

  test('is what the executable needs to judge: as it was linked it refuses', async () => {
    const { exitCode, stderr } = await execa(runtimes[2] ?? '', ['create', 'x'], { reject: false })
    expect(exitCode).toBe(1)
    expect(stderr).toContain('this executable lacks its module runtime')
  })

  test.each([
    'docker-28.5.2-plain',
    'docker-28.5.2-privileged',
    'podman-4.3.1-plain',
    'crio-1.37-default',
    'none',
  ])('changes nothing in what is said of %s', async (name) => {
    const bundle = join(workspace, name)
    mkdirSync(bundle, { recursive: true })
    const config = fileURLToPath(new URL(`../fixtures/${name}/config.json`, import.meta.url))
    if (existsSync(config)) copyFileSync(config, join(bundle, 'config.json'))
    for (const words of [
      ['create', '--bundle', bundle, 'x'],
      ['state', 'x'],
      ['create', '--bogus', 'x'],
    ]) {
      const [one = '', other] = await Promise.all(
        runtimes.slice(0, 2).map((runtime) => answer(runtime, words)),
      )
      expect(one).toBe(other)
      expect(one).not.toMatch(/internal|lintel failed/)
    }
  })
})
