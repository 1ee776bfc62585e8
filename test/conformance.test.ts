/**
 * A call through lintel ends as the call of the real runc or crun itself would, and a runtime that is none is told
 * so. Needs root: a policy that serves must be root's.
 */
import { chmodSync, existsSync, linkSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  at,
  begin,
  end,
  policyWith,
  type Ran,
  realRuntime,
  recorder,
  run,
  takeRecord,
} from './support/conformance.ts'

beforeAll(begin, 60_000)
afterAll(end)

/** Nothing here names a container that exists; `@` stands for an empty state folder. */
const harmless = [
  ['--version'],
  ['-v'],
  ['--help'],
  ['-h'],
  ['help'],
  [],
  ['features'],
  ['no-such-command'],
  ['no-such-command', '--bundle', '/nx'],
  ['--no-such-flag', 'state', 'nx'],
  ['--log', '@/nx.log', '--log-format', 'json', '--root', '@', 'state', 'nx'],
  ['--log-format=nonsense', 'state', 'nx'],
  ['create', '--help'],
  ['run', '-h'],
  ['exec', '--help'],
  ['update', '--help'],
  ['restore', '--help'],
  ['checkpoint', '--help'],
  ['help', 'create'],
  ...['state', 'start', 'kill', 'delete', 'pause', 'resume', 'ps', 'events', 'checkpoint'].flatMap(
    (command) => [
      ['--root', '@', command, 'nx'],
      ['--root', '@', command],
      ['--root', '@', command, '--no-such-flag', 'nx'],
      ['--root=@', '--debug', command, 'nx'],
    ],
  ),
  ['--root', '@', 'delete', '--force', 'nx'],
  ['--root', '@', 'kill', '--all', 'nx', '9'],
  ['--root', '@', 'kill', 'nx', 'NOSIGNAL'],
  ['--root', '@', 'ps', '--format', 'json', 'nx'],
  ['--root', '@', 'list'],
  ['--root', '@', 'list', '--quiet'],
  ['--root', '@', 'list', '--format', 'json'],
  ['--root', '@', 'state', 'create'],
  ['--root', '@', 'delete', 'exec'],
] as const

describe.each(['runc', 'crun'])('%s', (name) => {
  test.each(harmless.map((given) => [given.join(' ') || 'nothing', given] as const))(
    'contract 10: the same output and status as called directly: %s',
    async (_, given) => {
      const words = given.map((word) => word.replace('@', at('state')))
      const policy = at(`${name}.toml`)
      const direct = await run(realRuntime(name), words)
      expect(await run(at('links', 'lintel-runtime'), ['--lintel-policy', policy, ...words])).toEqual(direct)
      const link = at('links', name)
      const named = await run(realRuntime(name), words, { name: link })
      expect(await run(link, [`--lintel-policy=${policy}`, ...words])).toEqual(named)
      expect(direct.status).toBeDefined()
    },
  )

  test('contract 10: spec writes the same file', async () => {
    const written: string[] = []
    const policy = ['--lintel-policy', at(`${name}.toml`)]
    for (const [program, flags] of [
      [realRuntime(name), []],
      [at('links', 'lintel-runtime'), policy],
    ] as const) {
      const folder = mkdtempSync(at('spec-'))
      expect((await run(program, [...flags, 'spec'], { cwd: folder })).status).toBe(0)
      written.push(readFileSync(join(folder, 'config.json'), 'utf8'))
    }
    expect(written[0]).toBe(written[1])
    expect(written[0]).toContain('ociVersion')
  })
})

describe('a runtime that is none', () => {
  const missing = async (paths: readonly string[], words: readonly string[]): Promise<Ran> =>
    run(at('links', 'runc'), ['--lintel-policy', policyWith('broken', paths), ...words])

  const wrong = (): readonly (readonly [string, readonly string[]])[] => {
    if (!existsSync(at('hard'))) {
      linkSync(at('lintel'), at('hard'))
      writeFileSync(at('not-executable'), '')
      chmodSync(at('not-executable'), 0o644)
    }
    return [
      ['lintel itself', [at('lintel')]],
      ['a link to lintel', [at('links', 'crun')]],
      ['a hard link to lintel', [at('hard')]],
      ['all of them', [at('lintel'), at('links', 'crun'), at('hard')]],
      ['nothing', ['/nx/runc']],
      ['a folder', [at('bundle')]],
      ['a file that cannot be executed', [at('not-executable')]],
    ]
  }

  test.each([
    ['a passed call', ['state', 'nx']],
    ['a judged call', ['create', '--bundle', '@', 'nx']],
  ])('%s ends with 127 and one clear line', async (_, words) => {
    for (const [name, paths] of wrong()) {
      const { stdout, stderr, status } = await missing(
        paths,
        words.map((word) => word.replace('@', at('bundle'))),
      )
      expect({ name, status, stdout, lines: stderr.split('\n').length }).toEqual({
        name,
        status: 127,
        stdout: '',
        lines: 2,
      })
      expect(stderr).toMatch(/lintel.*runtime.*\[runtime\] path/)
    }
    expect(takeRecord()).toBeUndefined()
  })

  test('the next path in the list serves', async () => {
    await missing(['/nx/runc', at('lintel'), recorder()], ['state', 'nx'])
    expect(takeRecord()?.argv).toEqual([recorder(), 'state', 'nx'])
  })
})
