/** parseArgv by example and by property: what engines send, what must be refused, and that nothing is lost. */

import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type Call, parseArgv } from './argv.ts'
import { runcFlags } from './flags/runc.ts'

const read = (...words: readonly string[]): Call => {
  const parsed = parseArgv(['runc', ...words])
  if (!parsed.ok) throw new Error(parsed.error.message)
  return parsed.value
}

const refusal = (...words: readonly string[]): string | undefined => {
  const parsed = parseArgv(['runc', ...words])
  return parsed.ok ? undefined : parsed.error.message
}

describe('what engines send', () => {
  test('containerd create', () => {
    const globals = ['--root', '/r', '--log', '/l', '--log-format', 'json', '--systemd-cgroup']
    const call = read(
      ...globals,
      'create',
      '--bundle',
      '/b',
      '--pid-file',
      '/p',
      '--console-socket',
      '/s',
      'id',
    )
    expect(call).toMatchObject({
      kind: 'guarded',
      operation: 'create',
      containerId: 'id',
      globals: {
        root: '/r',
        log: '/l',
        logFormat: 'json',
        systemdCgroup: true,
        rootless: undefined,
        debug: false,
      },
      flags: { bundle: '/b', pidFile: '/p', consoleSocket: '/s', noPivot: false, preserveFds: undefined },
    })
  })

  test('Podman exec', () => {
    const flags = ['--pid-file', '/p', '--process', '/f', '--detach', '--preserve-fds', '2', '--tty']
    expect(read('--log-format=json', '--log', '/l', 'exec', ...flags, 'id')).toMatchObject({
      operation: 'exec',
      containerId: 'id',
      flags: { process: '/f', detach: true, tty: true, preserveFds: '2', args: [] },
    })
  })

  test('update on stdin, and by flags', () => {
    expect(read('update', '--resources', '-', 'id')).toMatchObject({ flags: { resources: '-', values: {} } })
    expect(read('update', '--cpu-quota=-1', '--memory', '1', 'id')).toMatchObject({
      flags: { resources: undefined, values: { 'cpu-quota': '-1', memory: '1' } },
    })
  })

  test('restore, and BuildKit run', () => {
    expect(read('restore', '--image-path', '/i', '--bundle', '/b', '--detach', 'id')).toMatchObject({
      operation: 'restore',
      flags: { bundle: '/b', imagePath: '/i', detach: true },
    })
    expect(read('run', '--bundle', '/b', '--keep', 'id')).toMatchObject({
      flags: { bundle: '/b', keep: true },
    })
  })

  test.each([
    [[]],
    [['--version']],
    [['features']],
    [['checkpoint', '--help']],
    [['delete', '--force', 'create']],
  ])('%j is handed on', (words) =>
    expect(read(...words)).toMatchObject({ kind: 'pass', argv: ['runc', ...words] }),
  )
})

describe('exec by flags', () => {
  test('keeps every value of a repeated flag, and the words after the id', () => {
    const call = read(
      'exec',
      '-e',
      'A=1',
      '--cap',
      'CAP_A',
      '--cap=CAP_B',
      '-u',
      '0:0',
      'id',
      '--',
      'sh',
      '-c',
      'x',
    )
    expect(call).toMatchObject({
      containerId: 'id',
      flags: { env: ['A=1'], cap: ['CAP_A', 'CAP_B'], user: '0:0', args: ['--', 'sh', '-c', 'x'] },
    })
  })

  test('tells an order to clear noNewPrivileges from silence', () => {
    expect(read('exec', '--no-new-privs=false', 'id', 'sh')).toMatchObject({ flags: { noNewPrivs: false } })
    expect(read('exec', '--no-new-privs', 'id', 'sh')).toMatchObject({ flags: { noNewPrivs: true } })
    expect(read('exec', 'id', 'sh')).toMatchObject({ flags: { noNewPrivs: undefined } })
  })
})

test("crun's own config file is seen", () => {
  expect(read('create', '-f', '/other.json', 'id')).toMatchObject({ flags: { config: '/other.json' } })
  expect(read('create', '--config=config.json', 'id')).toMatchObject({ flags: { config: undefined } })
})

describe('refusals', () => {
  test('say why, and carry what a denial needs', () => {
    const parsed = parseArgv(['runc', '--log', '/l', 'create', '--bogus=1', 'id'])
    expect(parsed).toMatchObject({
      ok: false,
      error: {
        message: 'cannot read this create call: the flag "--bogus" is not known',
        operation: 'create',
        globals: { log: '/l' },
      },
    })
  })

  test.each([
    [['create'], 'the container id is missing'],
    [['create', ''], 'the container id is missing'],
    [['create', 'a', 'b'], 'more than one container id'],
    [['create', '--bundle', 'id'], 'the container id is missing'],
    [['create', '--bundle'], 'has no usable value'],
    [['create', '--no-pivot=maybe', 'id'], 'has no usable value'],
    [['create', '-b=/a', 'id'], 'read it differently'],
    [['exec', '-t=false', 'id', 'sh'], 'read it differently'],
    [['--new', 'create', 'id'], '"--new" before the command'],
    [['--dry-run=maybe', 'create', 'id'], '"--dry-run" before the command'],
  ])('%j', (words, part) => expect(refusal(...words)).toContain(part))

  test('an unknown global flag is no reason where nothing guarded can follow', () => {
    expect(read('--new', 'start', 'id')).toMatchObject({ kind: 'pass', command: undefined })
  })
})

describe("lintel's own flags", () => {
  test('are taken out before the command only', () => {
    const call = read('--lintel-policy', '/p', '--root', '--dry-run', '-dry-run', 'exec', 'id', '--dry-run')
    expect(call).toMatchObject({
      lintel: { policy: '/p', dryRun: true },
      globals: { root: '--dry-run' },
      argv: ['runc', '--root', '--dry-run', 'exec', 'id', '--dry-run'],
    })
  })

  test('can be named like a command', () => {
    expect(read('--lintel-policy', 'create', 'start', 'id')).toMatchObject({ kind: 'pass', command: 'start' })
  })
})

const names = Object.values(runcFlags).flatMap(({ values, switches }) => [...values, ...switches])
const word = fc.oneof(
  fc.constantFrom('create', 'run', 'exec', 'update', 'restore', 'id', '-', '--', '', '-b', '-h', '-e', '-dt'),
  fc.constantFrom(...names).map((name) => `--${name}`),
  fc.constantFrom(...names, 'lintel-policy', 'dry-run').map((name) => `-${name}=x`),
  fc.string(),
)

/** A value as engines send them: a path or number, or a word that looks like a command or an assignment. */
const value = fc.oneof(
  fc.constantFrom('create', 'exec', 'a=b', '/run/x y', '3'),
  fc.stringMatching(/^[\w/.=]+$/),
)
const spelled = (name: string, text: string) => fc.constantFrom([`--${name}`, text], [`--${name}=${text}`])
const valueFlag = (from: readonly string[]) =>
  fc
    .tuple(fc.constantFrom(...from), value)
    .chain(([name, text]) =>
      fc.record({ name: fc.constant(name), text: fc.constant(text), words: spelled(name, text) }),
    )
const distinct = (from: readonly string[]) =>
  fc.uniqueArray(valueFlag(from), { selector: ({ name }) => name })
const own = fc.subarray([['--dry-run'], ['-lintel-policy', 'create'], ['--lintel-policy=/p']])

describe('properties', () => {
  test('any words are read without an exception, and handed on in order', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        const argv = ['runc', ...words]
        const parsed = parseArgv(argv)
        if (!parsed.ok) return expect(parsed.error.message).not.toMatch(/[\n\r]/)
        const { argv: kept } = parsed.value
        let at = 0
        for (const one of argv) if (one === kept[at]) at++
        expect(at).toBe(kept.length)
      }),
      { numRuns: 2000 },
    )
  })

  test('a well-formed update gives back its flags', () => {
    fc.assert(
      fc.property(distinct(runcFlags.update.values), own, (flags, ours) => {
        const tail = ['update', ...flags.flatMap(({ words }) => words), 'id']
        const call = read(...ours.flat(), '--root', 'exec', ...tail)
        const given = Object.fromEntries(flags.map(({ name, text }) => [name, text]))
        const { resources, ...values } = given
        expect(call).toMatchObject({ operation: 'update', containerId: 'id', flags: { resources, values } })
        expect(call.argv).toEqual(['runc', '--root', 'exec', ...tail])
      }),
    )
  })

  test.each(['create', 'run', 'restore'] as const)('a well-formed %s gives back its bundle', (operation) => {
    const table = runcFlags[operation]
    const switches = fc.subarray(table.switches.filter((name) => name !== 'help').map((name) => `--${name}`))
    fc.assert(
      fc.property(distinct(table.values), switches, value, (flags, on, id) => {
        const tail = [operation, ...on, ...flags.flatMap(({ words }) => words), id]
        const find = (wanted: string) => flags.find(({ name }) => name === wanted)?.text
        const asked = {
          bundle: find('bundle'),
          pidFile: find('pid-file'),
          noPivot: on.includes('--no-pivot'),
        }
        expect(read(...tail)).toMatchObject({ operation, containerId: id, flags: asked })
      }),
    )
  })

  test('a well-formed exec gives back its flags and words', () => {
    fc.assert(
      fc.property(
        fc.array(valueFlag(runcFlags.exec.values)),
        value,
        fc.array(fc.string()),
        (flags, id, args) => {
          const all = (wanted: string) => flags.filter(({ name }) => name === wanted).map(({ text }) => text)
          const asked = {
            env: all('env'),
            cap: all('cap'),
            process: all('process').at(-1),
            user: all('user').at(-1),
          }
          const call = read('exec', ...flags.flatMap(({ words }) => words), id, ...args)
          expect(call).toMatchObject({ operation: 'exec', containerId: id, flags: { ...asked, args } })
        },
      ),
    )
  })
})
