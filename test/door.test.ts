/** The native door against the script: both read a passing call alike, and what the table says passes does. Needs root. */
import { utimesSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { array, assert, asyncProperty, constantFrom, oneof, string, tuple } from 'fast-check'
import { parseArgv } from '../src/runtime/argv.ts'
import { doorTable } from '../src/runtime/door-table.ts'
import { until } from './e2e/support/private-host.ts'
import { type Called, openShim, type Shim } from './support/shim.ts'

jest.setTimeout(120_000)

const { values, switches, commands } = doorTable()

describe('the table', () => {
  const spellings = [
    [],
    ...values.flatMap((name) => [
      [`--${name}`, 'create'],
      [`--${name}=run`],
      [`--${name}`, '--help'],
      [`--${name}=`],
    ]),
    ...switches.map((name) => [`--${name}`]),
  ]

  test.each(commands)('%s passes after every flag, with nothing changed', (command) => {
    for (const first of spellings) {
      for (const second of [[], ...spellings.slice(1, 9), ['--debug']]) {
        const argv = ['runc', ...first, ...second, command, '--help', 'create', 'x']
        const read = parseArgv(argv)
        expect(read).toMatchObject({ ok: true, value: { kind: 'pass', command, argv } })
      }
    }
  })

  test('holds no command that is judged and no flag after which none is read', () => {
    expect(commands).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(create|run|restore|exec|update)$/)]),
    )
    expect(switches).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(help|version|usage|dry-run)$/)]),
    )
  })
})

describe('the binary', () => {
  let shim: Shim
  const plain = '/etc/lintel/settled.toml'
  const stirred = '/etc/lintel/stirred.toml'

  beforeAll(async () => {
    shim = await openShim()
    shim.clear()
    for (const path of [plain, stirred]) shim.write(path, `runtime.path = ["${shim.runtime}"]\n`)
    const stamp = (): Promise<string> => shim.shell('stat -c %Z%z /var/lib/lintel/policy/*')
    const state = ['--lintel-policy', plain, 'state', 'c']
    await shim.call(state)
    await until(async () => {
      const before = await stamp()
      await shim.call(state)
      return before === (await stamp())
    }, 'the door to be open')
  })
  afterAll(() => shim.close())

  const word = oneof(
    {
      arbitrary: constantFrom(...commands, 'create', 'run', 'exec', 'update', 'restore', 'help', 'c'),
      weight: 6,
    },
    {
      arbitrary: constantFrom(...values.map((name) => `--${name}`), ...switches.map((name) => `--${name}`)),
      weight: 6,
    },
    { arbitrary: constantFrom(...values, ...switches).map((name) => `--${name}=x`), weight: 2 },
    {
      arbitrary: constantFrom(
        '--',
        '-',
        '--help',
        '--version',
        '-v',
        '-h',
        '--debug=false',
        '-root',
        '--roo',
        '--dry-run',
      ),
      weight: 3,
    },
    {
      arbitrary: string({ maxLength: 6, unit: 'grapheme' }).filter((text) => !/[\0\n]/.test(text)),
      weight: 1,
    },
  )
  const head = array(
    tuple(constantFrom(...values), constantFrom('create', 'x', '--debug', '')).map(([name, value]) => [
      `--${name}`,
      value,
    ]),
    { maxLength: 3 },
  )

  /** All of an answer but the ids of decisions and times, which are never the same twice. */
  const told = ({ status, stdout, stderr, ran }: Called): object => ({
    ...{ status, ran, stdout: stdout.replaceAll(/"(id|time|durationMicroseconds|digest)": ?[^,]+/g, '') },
    stderr: stderr.replace(/\[decision \w+\]/, ''),
  })

  /** Where the policy of the second call was changed a moment ago, the door is shut and the script reads the call. */
  test('answers alike through the door and through the script', async () => {
    await assert(
      asyncProperty(head, array(word, { minLength: 1, maxLength: 5 }), async (flags, words) => {
        const given = [...flags.flat(), ...words]
        const throughDoor = await shim.call([`--lintel-policy=${plain}`, ...given], { cwd: '/run' })
        utimesSync(shim.path(stirred), new Date(), new Date())
        const throughScript = await shim.call([`--lintel-policy=${stirred}`, ...given], { cwd: '/run' })
        expect(told(throughDoor)).toEqual(told(throughScript))
        const read = parseArgv(['runc', ...given])
        if (throughDoor.ran === undefined) return
        if (read.ok && read.value.kind === 'pass') expect(throughDoor.ran).toEqual(read.value.argv.slice(1))
        else expect(throughDoor.logThen).toContain('"verdict":"allow"')
      }),
      { numRuns: 120 },
    )
  })

  test('bytes that are no text are handed on as they came', async () => {
    const { host } = shim
    const call = `${host.runtime} --lintel-policy ${plain} --root "$(printf 'a\\377b')" state "$(printf '\\200')"`
    await shim.shell(`rm -f ${host.workspace}/ran; ${call}`)
    expect(await shim.shell(`od -An -tx1 ${host.workspace}/ran | tr -d ' \\n'`)).toBe(
      Buffer.concat([
        Buffer.from('--root\na'),
        Buffer.from([0xff]),
        Buffer.from('b\nstate\n'),
        Buffer.from([0x80, 0x0a]),
      ]).toString('hex'),
    )
  })
})
