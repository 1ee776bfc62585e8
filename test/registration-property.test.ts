/** Registration over generated files: settings change as meant, every other byte stays, and undoing restores all. */

import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parse } from 'smol-toml'
import { registrationOf } from '../src/registration/engines.ts'
import type { Installation, RegistrableEngine, Texts, Wanted } from '../src/registration/registration.ts'
import { isTable, memberAt } from '../src/registration/text-edit.ts'
import { runtime, withChanges } from './support/registration-fixture.ts'

const wanted: Wanted = { runtime, tls: undefined }

/** Registers in a file, and undoes it in what `edit` makes of the registered text. */
const roundTrip = (installation: Installation, text: string) => {
  const { register, unregister } = registrationOf(installation.engine)
  const before: Texts = { [installation.configuration]: text }
  const changes = register(installation, before, wanted)
  if (!changes.ok) throw new Error(changes.error)
  const after = withChanges(before, changes.value)
  expect(register(installation, after, wanted)).toEqual({ ok: true, value: [] })
  const past = Object.fromEntries(changes.value.map((change) => [change.path, change.before]))
  const undone = (edited: string): string | undefined => {
    const texts = { ...after, [installation.configuration]: edited }
    const back = unregister(installation, texts, { before: past, wanted })
    if (!back.ok) throw new Error(back.error)
    return withChanges(texts, back.value)[installation.configuration]
  }
  const registered = after[installation.configuration] ?? ''
  expect(undone(registered)).toBe(text)
  return { registered, undone }
}

const installed = (engine: RegistrableEngine, configuration: string, version: string): Installation => ({
  engine,
  program: `/usr/bin/${engine}`,
  version,
  configuration,
  daemon: undefined,
})

const indentation = fc.constantFrom('', '  ', '    ', '\t')

const daemonJson = fc
  .record({
    value: fc.dictionary(fc.string({ maxLength: 6 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }),
    runtimes: fc.option(
      fc.dictionary(fc.string({ maxLength: 6 }), fc.record({ path: fc.string() }), { maxKeys: 2 }),
      {
        nil: undefined,
      },
    ),
    step: indentation,
    crlf: fc.boolean(),
    end: fc.constantFrom('', '\n'),
  })
  .filter(({ value }) => {
    const names = Object.keys(value).map((name) => name.toLowerCase())
    return (
      new Set(names).size === names.length &&
      !names.some((name) => /^(runtimes|default-runtime|__proto__)$/.test(name))
    )
  })
  .map(({ value, runtimes, step, crlf, end }) => {
    const text = JSON.stringify(runtimes === undefined ? value : { ...value, runtimes }, null, step) + end
    return crlf ? text.replaceAll('\n', '\r\n') : text
  })

test('daemon.json: two settings more, all else as it was, and gone again without a trace', () => {
  fc.assert(
    fc.property(daemonJson, (text) => {
      const { registered, undone } = roundTrip(
        installed('docker', '/etc/docker/daemon.json', '20.10.24'),
        text,
      )
      const { runtimes: before, ...others } = JSON.parse(text)
      const { runtimes, 'default-runtime': usual, ...rest } = JSON.parse(registered)
      expect(rest).toEqual(others)
      expect(runtimes).toEqual({ ...before, lintel: { path: runtime } })
      expect(usual).toBe('lintel')
      if (Object.keys(JSON.parse(text)).length === 0) return
      const edit = (each: string) => each.replace('{', '{ "since": [1, "}"],')
      expect(undone(edit(registered))).toBe(edit(text))
    }),
    { numRuns: 300 },
  )
})

const plugin = '"io.containerd.grpc.v1.cri"'
const handlerText = fc
  .record({
    name: fc.constantFrom('runc', 'fast', 'kata', 'with-dash', '"with.dot"'),
    shim: fc.constantFrom('io.containerd.runc.v2', 'io.containerd.kata.v2'),
    options: fc.constantFrom('none', 'table', 'inline', 'dotted', 'empty inline', 'empty table'),
    binary: fc.constantFrom(undefined, '', '/usr/bin/runc', '/usr/bin/nvidia-container-runtime'),
    before: fc.constantFrom('', '\n', '# a comment\n', '\n# two\n# lines\n'),
    trailing: fc.constantFrom('', ' # why', '\t# "quoted" [brackets]'),
    step: indentation,
    deeper: indentation,
  })
  .map(({ name, shim, options, binary, before, trailing, step, deeper }) => {
    const header = `plugins.${plugin}.containerd.runtimes.${name}`
    const settings = [...(binary === undefined ? [] : [`BinaryName = "${binary}"`]), 'SystemdCgroup = true']
    const written: Record<typeof options, readonly string[]> = {
      none: [],
      table: [
        `${deeper}[${header}.options]`,
        ...settings.map((line) => `${deeper}${step}${line}${trailing}`),
      ],
      inline: [`${step}options = { ${settings.join(', ')} }${trailing}`],
      dotted: settings.map((line) => `${step}options.${line}${trailing}`),
      'empty inline': [`${step}options = {}${trailing}`],
      'empty table': [`${deeper}[${header}.options]${trailing}`, '# nothing yet'],
    }
    const lines = [
      `[${header}]${trailing}`,
      `${step}runtime_type = '${shim}'${trailing}`,
      ...written[options],
    ]
    return { name, text: `${before}${lines.join('\n')}\n` }
  })

const configToml = fc
  .record({
    top: fc.constantFrom('version = 2\n', '# mine\nversion = 2   # two\nroot = "/srv"\n\n', '\nversion=2\n'),
    around: fc.constantFrom(
      '',
      '[grpc]\n  uid = 0 # root\n\n',
      '[plugins]\n',
      `[plugins.${plugin}]\n  sandbox_image = """a\nb"""\n`,
    ),
    handlers: fc.uniqueArray(handlerText, { selector: ({ name }) => name, maxLength: 4 }),
    after: fc.constantFrom(
      '',
      '# end\n',
      '\n[[proxy]]\nx = [\n  1, # one\n  2,\n]\n[[proxy]]\nx = []\n',
      '[debug]\nlevel = "info"',
    ),
    crlf: fc.boolean(),
  })
  .map(({ top, around, handlers, after, crlf }) => {
    const text = [top, around, ...handlers.map((each) => each.text), after].join('')
    return crlf ? text.replaceAll('\n', '\r\n') : text
  })

const tableAt = (text: string, path: readonly string[]): { readonly [key: string]: unknown } => {
  const value = memberAt(parse(text), path)
  return isTable(value) ? value : {}
}

/** Handlers as data, by name. */
const runtimesIn = (text: string) =>
  tableAt(text, ['plugins', 'io.containerd.grpc.v1.cri', 'containerd', 'runtimes'])

/** The text as data without its handlers and the tables that hold nothing else. */
const withoutRuntimes = (text: string) => {
  const { plugins, ...others } = parse(text)
  const { containerd, ...cri } = tableAt(text, ['plugins', 'io.containerd.grpc.v1.cri'])
  return {
    others,
    cri,
    rest: Object.keys(isTable(plugins) ? plugins : {}).filter((name) => !name.endsWith('.cri')),
  }
}

test('config.toml: handlers of the runc shim get BinaryName, all else stays, and it is gone again without a trace', () => {
  fc.assert(
    fc.property(configToml, (text) => {
      const { registered, undone } = roundTrip(
        installed('containerd', '/etc/containerd/config.toml', '1.6.20'),
        text,
      )
      expect(withoutRuntimes(registered)).toEqual(withoutRuntimes(text))
      const [before, after] = [runtimesIn(text), runtimesIn(registered)]
      for (const [name, handler] of Object.entries(before)) {
        const options = memberAt(handler, ['options'])
        const nvidia = /nvidia/.test(String(memberAt(options, ['BinaryName'])))
        const ours = memberAt(handler, ['runtime_type']) === 'io.containerd.runc.v2' && !nvidia
        const whole = isTable(handler) ? handler : {}
        const within = isTable(options) ? options : {}
        expect(after[name]).toEqual(
          ours ? { ...whole, options: { ...within, BinaryName: runtime } } : handler,
        )
      }
      if (before['runc'] === undefined) {
        expect(after['runc']).toEqual({
          runtime_type: 'io.containerd.runc.v2',
          options: { BinaryName: runtime },
        })
      }
      const end = text.includes('\r\n') ? '\r\n' : '\n'
      const first = (each: string) => `# since${end}${each}`
      expect(undone(first(registered))).toBe(first(text))
      if (!text.endsWith(end)) return
      const last = (each: string) => `${each}${end}[since]${end}key = 1${end}`
      expect(undone(last(registered))).toBe(last(text))
    }),
    { numRuns: 300 },
  )
})
