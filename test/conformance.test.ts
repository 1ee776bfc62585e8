/**
 * A call through lintel is the call of the runtime itself: same output and status with the real runc and crun, same
 * process, descriptors and surroundings with the recording runtime. Needs root (a policy must be root's).
 */
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { type RuntimeRecord, readRecord } from './support/replay/plan.ts'
import { compile } from './support/replay/tools.ts'

const runtimes = { runc: '/usr/sbin/runc', crun: '/usr/bin/crun' } as const
type RuntimeName = keyof typeof runtimes

let home = ''
let recorder = ''
const at = (...names: readonly string[]): string => join(home, ...names)

/** Writes a policy with these runtime paths and returns its file. */
const policyWith = (name: string, paths: readonly string[]): string => {
  const file = at(`${name}.toml`)
  const log = `[log]\nfile = "${at('decisions.jsonl')}"\nsyslog = false\n`
  const rules = '[rules.readonly-rootfs]\naction = "fix"\n'
  const runtime = `[runtime]\npath = ${JSON.stringify(paths)}\n`
  writeFileSync(file, `version = 1\nprofile = "minimal"\n${runtime}${rules}${log}`)
  return file
}

/** A container that needs no repair, so that what lintel does is hand on. */
const config = {
  ociVersion: '1.0.2',
  process: { args: ['true'], cwd: '/', noNewPrivileges: true, capabilities: {} },
  root: { path: 'rootfs', readonly: true },
  linux: { namespaces: ['pid', 'network', 'ipc', 'uts', 'mount'].map((type) => ({ type })) },
}

beforeAll(async () => {
  if (process.getuid?.() !== 0) throw new Error('these tests need root: a policy that serves must be its own')
  home = mkdtempSync(join(tmpdir(), 'lintel-conformance-'))
  recorder = at('recorder', 'recording-runtime')
  mkdirSync(at('recorder', 'records'), { recursive: true })
  mkdirSync(at('bundle', 'rootfs'), { recursive: true })
  mkdirSync(at('state'))
  mkdirSync(at('links'))
  await compile('recorder', recorder)
  copyFileSync(fileURLToPath(new URL('../dist/lintel', import.meta.url)), at('lintel'))
  for (const name of ['lintel-runtime', 'runc', 'crun']) symlinkSync('../lintel', at('links', name))
  writeFileSync(at('bundle', 'config.json'), JSON.stringify(config))
  for (const [name, path] of Object.entries(runtimes)) policyWith(name, [path])
  policyWith('recorder', [recorder])
})

afterAll(() => {
  if (home === '') return
  for (const name of ['runc', 'crun', 'recorder', 'broken']) {
    // What lintel keeps of a compiled policy, by the policy's path.
    const digest = createHash('sha256')
      .update(at(`${name}.toml`))
      .digest('hex')
      .slice(0, 16)
    rmSync(`/var/lib/lintel/policy/${digest}.json`, { force: true })
  }
  rmSync(home, { recursive: true })
})

interface Ran {
  readonly stdout: string
  readonly stderr: string
  readonly status: number | undefined
}

const run = async (
  program: string,
  words: readonly string[],
  { cwd = home, name = program }: { readonly cwd?: string; readonly name?: string } = {},
): Promise<Ran> => {
  const options = {
    cwd,
    argv0: name,
    reject: false,
    stdin: 'ignore',
    timeout: 20_000,
    stripFinalNewline: false,
  } as const
  const { stdout, stderr, exitCode } = await execa(program, words, { ...options, encoding: 'latin1' })
  const timeless = stderr.replace(/time="[^"]*"|^\d{4}-\d\d-\d\dT[\d:.]+Z/gm, 'TIME')
  return { stdout, stderr: timeless, status: exitCode }
}

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

describe.each(Object.keys(runtimes).filter((name): name is RuntimeName => name in runtimes))('%s', (name) => {
  test.each(harmless)(
    'contract 10: says the same and ends the same, called directly or not: %s %s %s %s %s %s',
    async (...given) => {
      const words = given.map((word) => word.replace('@', at('state')))
      const policy = at(`${name}.toml`)
      const direct = await run(runtimes[name], words)
      expect(await run(at('links', 'lintel-runtime'), ['--lintel-policy', policy, ...words])).toEqual(direct)
      const link = at('links', name)
      const named = await run(runtimes[name], words, { name: link })
      expect(await run(link, [`--lintel-policy=${policy}`, ...words])).toEqual(named)
      expect(direct.status).toBeDefined()
    },
  )

  test('contract 10: spec writes the same file', async () => {
    const written: string[] = []
    const policy = ['--lintel-policy', at(`${name}.toml`)]
    for (const [program, flags] of [
      [runtimes[name], []],
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

/** The record of the only runtime that ran since the last time; none if none did. */
const takeRecord = (): RuntimeRecord | undefined => {
  const records = readdirSync(at('recorder', 'records'))
  const [name] = records
  if (name === undefined) return undefined
  expect(records).toHaveLength(1)
  const record = readRecord(at('recorder', 'records', name))
  rmSync(at('recorder', 'records', name))
  return record
}

/** A shell that prepares itself, then becomes `"$@"`; `%` in the script stands for that. */
const prepared = async (script: string, program: readonly string[], words: readonly string[]): Promise<Ran> =>
  run('/bin/sh', ['-c', script.replace('%', 'exec "$@"'), 'sh', ...program, ...words])

const calls = {
  'a passed call': (): readonly string[] => ['--root', at('state'), 'state', 'nx'],
  'a judged call': (): readonly string[] => ['--root', at('state'), 'create', '--bundle', at('bundle'), 'nx'],
} as const

const surroundings: readonly (readonly [name: string, script: string])[] = [
  ['contract 7: all of descriptors 0 to 2 closed', '% <&- >&- 2>&-'],
  ['contract 7: only standard error closed', '% 2>&-'],
  ['contract 7: only standard input closed', '% <&-'],
  ['contract 7: stdout and stderr read-only', '% >/dev/null 1</dev/null 2</dev/null'],
  ['contract 7: descriptors 3 and up', '% 3</etc/passwd 5>>/dev/null 9<>/dev/null'],
  ['contract 7: SIGPIPE ignored', "trap '' PIPE; %"],
  ['SIGHUP and SIGTERM ignored', "trap '' HUP TERM; %"],
  ['a narrow umask', 'umask 077; %'],
  ['a score for the OOM killer', 'echo 321 > /proc/self/oom_score_adj; %'],
  ['a working directory that was deleted', 'mkdir gone; cd gone; rmdir ../gone; %'],
  ['contract 6: one variable in the environment', 'exec env -i XDG_RUNTIME_DIR=/run/user/0 "$@"'],
  ['contract 6: no environment at all', 'exec env -i "$@"'],
  [
    'contract 6: variables that are no UTF-8 and have no name',
    'exec env -i "$(printf "A=\\377")" "=x" "B=" "$@"',
  ],
]

describe.each(Object.entries(calls))('%s', (_, words) => {
  test.each(surroundings)('%s', async (_name, script) => {
    await prepared(script, [recorder], words())
    const direct = takeRecord()
    await prepared(script, [at('links', 'lintel-runtime'), '--lintel-policy', at('recorder.toml')], words())
    const through = takeRecord()
    expect(direct).toBeDefined()
    const comparable = (record: RuntimeRecord | undefined) => ({
      ...record,
      pid: '',
      // The same kind of file under the same number, opened the same way; pipes are new ones each time.
      descriptors: record?.descriptors.map(({ number, target, flags }) => {
        return { number, target: target.replace(/\[\d+\]/, ''), flags }
      }),
    })
    expect(comparable(through)).toEqual(comparable(direct))
  })

  test('contract 8: the same process', async () => {
    const program = [at('links', 'lintel-runtime'), '--lintel-policy', at('recorder.toml')]
    await prepared(`echo $$ > ${at('pid')}; %`, program, words())
    expect(takeRecord()?.pid).toBe(readFileSync(at('pid'), 'utf8').trim())
  })

  test('contract 9: by whatever name a container remembers the runtime', async () => {
    for (const name of ['runc', 'crun', 'lintel-runtime']) {
      await run(at('links', name), ['--lintel-policy', at('recorder.toml'), ...words()])
      expect(takeRecord()?.argv.slice(1)).toEqual(words())
    }
  })
})

describe('words and input', () => {
  const program = (): readonly string[] => [
    at('links', 'lintel-runtime'),
    '--lintel-policy',
    at('recorder.toml'),
  ]

  test('bytes that are no UTF-8 stay as they are', async () => {
    const script = 'exec "$@" state "$(printf "a\\377\\376b")" "$(printf "\\303\\244")" "" "a b"'
    await prepared(script, program(), [])
    expect(takeRecord()?.argv.slice(1)).toEqual(['state', 'a\xff\xfeb', '\xc3\xa4', '', 'a b'])
  })

  test('contract 11: called as runc, as a diverted one is, it is the runtime and not the command line', async () => {
    await run(at('links', 'runc'), ['--lintel-policy', at('recorder.toml'), 'lint', 'nx'])
    expect(takeRecord()?.argv.slice(1)).toEqual(['lint', 'nx'])
  })

  test.each(['--resources -', '--resources=-', '-r -'])(
    'contract 4: update %s hands standard input on byte for byte',
    async (flag) => {
      const resources =
        '{ "pids":\t{"limit": 77 } ,\n"unified":{"x":"\\u00e4 ä"}, "big": 18446744073709551615 }\n\n'
      const options = { input: resources, reject: false } as const
      const [file = '', ...flags] = program()
      const words = [...flags, '--root', at('state'), 'update', ...flag.split(' '), 'nx']
      expect((await execa(file, words, options)).stderr).toBe('')
      expect(Buffer.from(takeRecord()?.input ?? '', 'latin1').toString()).toBe(resources)
    },
  )

  test('contract 3: without a flag the bundle is the working directory', async () => {
    const [file = '', ...flags] = program()
    expect((await run(file, [...flags, 'create', 'nx'], { cwd: at('bundle') })).stderr).toBe('')
    expect(takeRecord()?.cwd).toBe(at('bundle'))
  })

  test('integers beyond 2^53 survive a repair, and every other byte', async () => {
    const limits =
      '"rlimits" : [{"type":"RLIMIT_NOFILE","hard":18446744073709551615,"soft":9007199254740993}]'
    const text = JSON.stringify({ ...config, root: { path: 'rootfs' } }).replace(
      '"args"',
      `${limits},\n\t"args"`,
    )
    mkdirSync(at('repaired', 'rootfs'), { recursive: true })
    writeFileSync(at('repaired', 'config.json'), text)
    const [file = '', ...flags] = program()
    expect((await run(file, [...flags, 'create', '--bundle', at('repaired'), 'nx'])).stderr).toBe('')
    expect(takeRecord()).toBeDefined()
    const written = readFileSync(at('repaired', 'config.json'), 'utf8')
    expect(written).toContain(`${limits},\n\t"args"`)
    expect(written).toContain('"readonly":true')
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

  test.each(Object.entries(calls))('%s ends with 127 and one clear line', async (_, words) => {
    for (const [name, paths] of wrong()) {
      const { stdout, stderr, status } = await missing(paths, words())
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
    await missing(['/nx/runc', at('lintel'), recorder], ['state', 'nx'])
    expect(takeRecord()?.argv).toEqual([recorder, 'state', 'nx'])
  })
})
