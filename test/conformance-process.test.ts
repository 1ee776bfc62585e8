/**
 * The runtime finds itself as if called directly: the same process, words, descriptors and surroundings, seen by the
 * recording runtime. Needs root: a policy that serves must be root's.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { at, begin, config, end, type Ran, recorder, run, takeRecord } from './support/conformance.ts'
import type { RuntimeRecord } from './support/replay/plan.ts'

beforeAll(begin, 60_000)
afterAll(end)

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
    await prepared(script, [recorder()], words())
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
