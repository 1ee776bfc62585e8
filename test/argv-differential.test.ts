/** Holds parseArgv against what the real runc and crun do: where they look for the bundle, process and resources. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { type Call, parseArgv } from '../src/runtime/argv.ts'

/**
 * One command line and what it asks for: the path or container id the runtime goes to, `cwd` for a bundle that is not
 * named, `pass` where a guarded word is there but nothing runs, `other` for a command that is not guarded, `error`
 * where lintel must refuse what the two read differently or both refuse, `unsure` where the difference is to a version
 * or build not at hand or is not in the place gone to. `@` stands for the state folder, `''` for an empty word. No row
 * may reach a real container, signal or cgroup.
 */
const rows: readonly (readonly [words: string, asked: string])[] = [
  ['create --bundle /nx/a id', '/nx/a'],
  ['create --bundle=/nx/a id', '/nx/a'],
  ['create -b /nx/a id', '/nx/a'],
  ['create -bundle /nx/a id', '/nx/a'],
  ['create --b /nx/a id', '/nx/a'],
  ['create --b=/nx/a id', '/nx/a'],
  ['create -b=/nx/a id', 'error'],
  ['create -bundle=/nx/a id', 'error'],
  ['create -b=/nx/a id --no-pivot', '/nx/a'],
  ['create -b/nx/a id', '/nx/a'],
  ['create --bund /nx/a id', '/nx/a'],
  ['create --bund=/nx/a id', '/nx/a'],
  ['create id', 'cwd'],
  ['create -- -b', 'cwd'],
  ["create --bundle '' id", 'cwd'],
  ['create --bundle= id', 'cwd'],
  ['create id --bundle /nx/a', '/nx/a'],
  ['create --no-pivot id --bundle /nx/a', 'error'],
  ['create --no-pivot=true id --bundle /nx/a', '/nx/a'],
  ['create --bundle /nx/a id --no-pivot', '/nx/a'],
  ['create --bundle /nx/a --bundle /nx/b id', '/nx/b'],
  ['create --bundle /nx/a -b /nx/b id', '/nx/b'],
  ['create -b /nx/a -- id', '/nx/a'],
  ['create --bundle /nx/a create', '/nx/a'],
  ['create --bundle exec id', 'exec'],
  ['create --pid-file create --bundle /nx/a id', '/nx/a'],
  ['create --pid-file --bundle --bundle /nx/a id', '/nx/a'],
  ['create --bundle -- id', '--'],
  ['create 3 --bundle -- --no-pivot', 'unsure'],
  ['create --bundle /nx/a id other', 'error'],
  ['create --bundle /nx/a', 'error'],
  ['create --bogus --bundle /nx/a id', 'error'],
  ['create --help --bundle /nx/a id', 'pass'],
  ['create id -h', 'pass'],
  ['create --usage', 'pass'],
  ['create --help=false -b /nx/a id', '/nx/a'],
  ['run --detach --bundle /nx/a id', '/nx/a'],
  ['run -db /nx/a id', '/nx/a'],
  ['run --keep --bundle /nx/a id', '/nx/a'],
  ['restore --image-path /nx/i --bundle /nx/a id', '/nx/a'],
  ['restore id -b=/nx/a', 'unsure'],
  ['--root create create -b /nx/a run', '/nx/a'],
  ['--root=create create -b /nx/a id', '/nx/a'],
  ['-root create create -b /nx/a id', '/nx/a'],
  ['--sys create -b /nx/a id', '/nx/a'],
  ['-- create -b /nx/a id', '/nx/a'],
  ['--debug=false create -b /nx/a id', '/nx/a'],
  ['--version=false create -b /nx/a id', '/nx/a'],
  ['--version --version=false create -b /nx/a id', '/nx/a'],
  ['--version create -b /nx/a id', 'pass'],
  ['-v create -b /nx/a id', 'pass'],
  ['--help create -b /nx/a id', 'pass'],
  ['--bogus create -b /nx/a id', 'error'],
  ['- create -b /nx/a id', 'pass'],
  ['help create', 'pass'],
  ['--root @ exec --process /nx/p c1', '/nx/p'],
  ['--root @ exec -p /nx/p c1', '/nx/p'],
  ['--root @ exec --process=/nx/p c1', '/nx/p'],
  ['--root @ exec -p=/nx/p c1', 'error'],
  ['--root @ exec -dp/nx/p c1', '/nx/p'],
  ['--root @ exec --proc /nx/p c1', 'error'],
  ['--root @ exec --process /nx/p --process /nx/q c1', '/nx/q'],
  ['--root @ exec r1 --process /nx/p c1', 'r1'],
  ['--root @ exec create sh', 'create'],
  ['--root @ exec --env exec r1 create -h', 'r1'],
  ['--root @ exec -detach r1 sh', 'unsure'],
  ['--root @ exec -h r1 sh', 'pass'],
  ['--root @ exec -t r1 -h', 'r1'],
  ['--root @ update --resources /nx/r c1', '/nx/r'],
  ['--root @ update --resources=/nx/r c1', '/nx/r'],
  ['--root @ update -r /nx/r c1', '/nx/r'],
  ['--root @ update c1 -r /nx/r', '/nx/r'],
  ['--root @ update -r=/nx/r c1', 'error'],
  ['--root @ update -r/nx/r c1', '/nx/r'],
  ['features', 'other'],
  ['start create', 'other'],
  ['kill create 15', 'other'],
  ['delete --force create', 'other'],
  ['state --bundle', 'other'],
  ['list exec', 'other'],
]

let home = ''
let state = ''

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'lintel-argv-'))
  state = join(home, 'state')
  const stat = readFileSync('/proc/self/stat', 'utf8')
  const started = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
  for (const id of ['c1', 'r1', 'create']) {
    mkdirSync(join(state, id), { recursive: true })
    const config = {
      labels: [`bundle=/nx/of-${id}`],
      cgroups: { path: '/', memory: 0, devices: [] },
      namespaces: [],
    }
    const runc = { id, init_process_pid: process.pid, init_process_start: started, config, cgroup_paths: {} }
    writeFileSync(join(state, id, 'state.json'), JSON.stringify({ ...runc, created: '2026-01-01T00:00:00Z' }))
  }
  const crun = {
    pid: process.pid,
    'process-start-time': started,
    'cgroup-path': '',
    bundle: '/nx',
    rootfs: '/nx',
  }
  const more = { 'systemd-cgroup': false, created: '2026-01-01T00:00:00Z', detached: true }
  writeFileSync(join(state, 'c1', 'status'), JSON.stringify({ ...crun, ...more, external_descriptors: '[]' }))
  writeFileSync(join(state, 'c1', 'config.json'), '{"ociVersion":"1.0.0","root":{"path":"x"}}')
})

afterAll(() => rmSync(home, { recursive: true }))

const wordsOf = (row: string): readonly string[] =>
  row.split(' ').map((word) => (word === '@' ? state : word === "''" ? '' : word))

/** Each pattern's group is where the runtime went; a pattern without one means the working directory. */
const traces = {
  runc: [
    /chdir \/nx\/of-(\w+):/,
    /chdir (\S+):/,
    /failed: open (\S+):/,
    /msg="open (\S+):/,
    /config\.json not found/,
  ],
  crun: [
    /chdir `(.*)` failed/,
    /realpath `(.+)` failed/,
    /file `\S+\/(\w+)\/status`/,
    /error opening file `(.+)`/,
    /loading config\.json/,
  ],
} as const

/** Where the real runtime went, or nothing where it refused the words or only printed. */
const wentTo = async (runtime: 'runc' | 'crun', words: readonly string[]): Promise<string | undefined> => {
  const { PATH = '' } = process.env
  const options = {
    cwd: home,
    env: { PATH: `${PATH}:/usr/sbin:/usr/bin` },
    reject: false,
    stdin: 'ignore',
    timeout: 10_000,
  } as const
  const { exitCode, stderr } = await execa(runtime, words, options)
  expect({ runtime, ran: exitCode !== undefined }).toEqual({ runtime, ran: true })
  for (const trace of traces[runtime]) {
    const found = trace.exec(stderr)
    if (found) return found[1] ?? 'cwd'
  }
  return undefined
}

const askedFor = (call: Call): string => {
  if (call.kind === 'pass') return 'pass'
  if (call.operation === 'exec') return call.flags.process ?? call.containerId
  return (call.operation === 'update' ? call.flags.resources : call.flags.bundle) ?? 'cwd'
}

const outcomes = ['pass', 'other', 'error', 'unsure']

describe.each(rows)('%s', (row, asked) => {
  test(`is read as ${asked}`, () => {
    const parsed = parseArgv(['runc', ...wordsOf(row)])
    const read = parsed.ok ? askedFor(parsed.value) : 'error'
    expect(read).toBe({ other: 'pass', unsure: 'error' }[asked] ?? asked)
  })

  test('is what the real runtimes do', async () => {
    const words = wordsOf(row)
    const places = [await wentTo('runc', words), await wentTo('crun', words)]
    const went = places.filter((place) => place !== undefined)
    if (asked === 'pass') expect(went).toEqual([])
    if (asked === 'error') expect(new Set(went).size).not.toBe(1)
    if (!outcomes.includes(asked)) expect([...new Set(went)]).toEqual([asked])
  })
})
