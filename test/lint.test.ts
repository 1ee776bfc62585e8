/** `lintel lint`: what it reads, what it prints, how it ends. */
import { mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from '@jest/globals'
import { execa } from 'execa'
import tar from 'tar-stream'
import { configWith, refusedConfig, repairedConfig } from './support/calls.ts'

const lintel = fileURLToPath(new URL('../dist/lintel', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'lintel-lint-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Ended {
  readonly status: number | undefined
  readonly stdout: string
  readonly stderr: string
}

const run = async (words: readonly string[], input = ''): Promise<Ended> => {
  const {
    exitCode: status,
    stdout,
    stderr,
  } = await execa(lintel, words, { cwd: folder, input, reject: false })
  return { status, stdout, stderr }
}

const lint = (words: readonly string[], input?: string): Promise<Ended> =>
  run(['lint', '--profile', 'cis-docker-1.13.0', ...words], input)

const file = (name: string, content: object | string | Buffer): string => {
  const text = typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content)
  writeFileSync(join(folder, name), text)
  return name
}

interface Linted {
  readonly findings: readonly { readonly outcome: string }[]
}

const clean = file('clean.json', Object(configWith()))
const refused = file('refused.json', Object(refusedConfig))
const repaired = file('repaired.json', Object(repairedConfig))

const archive = async (name: string, members: readonly (readonly [string, string])[]): Promise<string> => {
  const pack = tar.pack()
  for (const [member, text] of members) pack.entry({ name: member }, text)
  pack.finalize()
  const parts: Buffer[] = []
  for await (const part of pack) if (Buffer.isBuffer(part)) parts.push(part)
  return file(name, Buffer.concat(parts))
}

describe('what it reads', () => {
  const text = JSON.stringify(refusedConfig)
  const found =
    /^.*: 1 finding\n {2}high capabilities \(CIS 5\.3\), refused \/process\/capabilities\n {4}\S.*; to fix, .*\n {2}not known without the host and the engine: .*$/

  test('a file, a bundle folder with or without a slash, a tar, standard input', async () => {
    mkdirSync(join(folder, 'bundle'))
    file('bundle/config.json', text)
    const tarred = await archive('bundle.tar', [
      ['rootfs/config.json', '{}'],
      ['./config.json', text],
    ])
    for (const path of [refused, 'bundle', 'bundle/', './bundle', join(folder, 'bundle'), tarred]) {
      const { status, stdout, stderr } = await lint([path])
      expect({ path, status, stderr }).toEqual({ path, status: 1, stderr: '' })
      expect(stdout).toMatch(found)
    }
    for (const words of [['-'], [clean, '-']]) {
      const { status, stdout } = await lint(words, text)
      expect({ words, status }).toEqual({ words, status: 1 })
      expect(stdout).toContain('standard input: 1 finding')
    }
    expect(await lint(['-'], JSON.stringify(configWith()))).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^standard input: clean\n {2}not known /),
      stderr: '',
    })
  })

  test('a tar with much before the configuration, and one with none', async () => {
    const big = await archive('big.tar', [
      ['rootfs/large', 'x'.repeat(6 * 1024 * 1024)],
      ['/config.json', text],
    ])
    expect((await lint([big])).stdout).toMatch(found)
    const none = await archive('none.tar', [['inner/config.json', text]])
    expect(await lint([none])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/is a tar archive with no config\.json at its top$/),
    })
    const bad = await archive('bad.tar', [['config.json', '{"a":1,"a":2}']])
    expect((await lint([bad])).stderr).toBe('lintel: bad.tar(config.json):1:8: duplicate member "a"')
  })

  test('several paths: each is judged, a bad one costs no other', async () => {
    const { status, stdout, stderr } = await lint([clean, 'nope.json', refused, repaired])
    expect(status).toBe(2)
    expect(stderr).toBe('lintel: nope.json does not exist')
    expect(stdout.split('\n').filter((line) => !line.startsWith(' '))).toEqual([
      'clean.json: clean',
      'refused.json: 1 finding',
      'repaired.json: 1 finding',
    ])
  })
})

describe('how it ends', () => {
  test.each([
    [[clean], 0],
    [[refused], 1],
    [[repaired], 1],
    [[clean, refused], 1],
    [['--fail-on', 'high', refused], 1],
    [['--fail-on', 'critical', refused], 0],
    [['--fail-on=none', refused], 0],
    [[], 2],
    [['--fail-on', 'worst', clean], 2],
    [['--format', 'xml', clean], 2],
    [['--no-such', clean], 2],
    [['--policy', 'nope.toml', clean], 2],
  ])('%j: %i', async (words, status) => {
    const ended = await lint(words)
    expect(ended.status).toBe(status)
    if (status === 2)
      expect(ended).toMatchObject({ stdout: '', stderr: expect.stringMatching(/^lintel: [^\n]+$/) })
    else expect(ended.stderr).toBe('')
  })

  test('profile and policy choose what counts; a policy need not be root’s', async () => {
    const minimal = await run(['lint', '--profile', 'minimal', refused])
    expect(minimal.stdout).toContain('capabilities (CIS 5.3), warning')
    expect(minimal.status).toBe(1)
    const policy = file('policy.toml', 'version = 1\nrules.capabilities.action = "off"\n')
    expect(await run(['lint', '--policy', policy, refused])).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^refused\.json: clean\n {2}not known [^\n]*$/),
      stderr: '',
    })
    file('policy.toml', 'version = 1\nrules.capabilities.action = "of"\n')
    const broken = await run(['lint', '--policy', policy, refused])
    expect(broken).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/^lintel: policy\.toml:2: rules\.capabilities\.action is "of"/),
    })
    expect((await lint(['--policy', policy, refused])).stderr).toBe(
      'lintel: give --profile or --policy, not both',
    )
  })

  test('3 where lintel itself fails: memory that is not to be had', async () => {
    const memory = statSync(lintel).size + 1_100_000
    const short = await execa('prlimit', [`--as=${memory}`, lintel, 'rules'], { reject: false })
    expect(short).toMatchObject({
      exitCode: 3,
      stdout: '',
      stderr: expect.stringMatching(/^lintel: internal error: \S/),
    })
  })
})

describe('bad input gets one clear line', () => {
  const deep = (levels: number): string => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`
  const cases: readonly (readonly [string, string | Buffer, RegExp])[] = [
    ['empty', '', /:1:1: the document is empty/],
    ['truncated', '{\n "process": {', /:2:14: unexpected end of input/],
    ['not JSON', 'hello', /:1:1: expected a value, found "h"/],
    ['a trailing comma', '{\n"a":1,\n}', /:2:6: trailing comma/],
    ['deep', deep(64), /:1:\d+: nesting deeper than 64 levels/],
    ['very deep', deep(1_000_000), /:1:\d+: nesting deeper than 64 levels/],
    ['a member twice', '{\n"hooks":1,\n  "hooks":2}', /:3:3: duplicate member "hooks"/],
    ['a member in other case', '{"root":{"path":"x"},"Root":{}}', /:1:22: .*"Root"/],
    ['a NUL', '{"a":"\\u0000"}', /:1:7: \\u0000 in a string/],
    ['a byte order mark', '\ufeff{}', /:1:1: .*byte order mark/],
    ['text after the end', '{}\n\n]', /:3:1: text after the end of the document/],
    ['half a surrogate', '{"é":"\\udc00"}', /:1:7: lone surrogate \\udc00 in a string/],
    ['the wrong type', '{"ociVersion":"1","process":{"args":"sh"}}', /:1:37: \/process\/args must be/],
    ['no object', '[]', /:1:1: .*must be an object/],
    ['a raw NUL', Buffer.from('{"a\0":1}'), /:1:4: control character U\+0000 in a string/],
    ['binary', Buffer.from('7f454c46ff00fe', 'hex'), /:1:5: this is not UTF-8 text, and no tar archive/],
    [
      'compressed',
      Buffer.from('1f8b0800000000000003', 'hex'),
      /:1:2: this is not UTF-8 text, and no tar archive/,
    ],
  ]

  test.each(cases)('%s', async (name, content, says) => {
    const path = file(`${name.replaceAll(' ', '-')}.json`, content)
    const { status, stdout, stderr } = await lint([path])
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(new RegExp(`^lintel: ${path}${says.source}[^\\n]*$`))
    if (Buffer.isBuffer(content)) return
    expect((await lint(['-'], content)).stderr).toBe(stderr.replace(path, 'standard input'))
  })

  test('a folder, nothing, a fifo, a device, 100 MB of holes', async () => {
    mkdirSync(join(folder, 'hollow'))
    truncateSync(join(folder, file('sparse', '')), 100_000_000)
    await execa('mkfifo', [join(folder, 'fifo')])
    for (const [path, says] of [
      ['hollow', /^lintel: hollow is a folder without a config\.json: not a bundle$/],
      ['nope', /^lintel: nope does not exist$/],
      ['', /^lintel: .*does not exist$/],
      ['fifo', /^lintel: fifo cannot be read \(EINVAL\)$/],
      ['/dev/zero', /^lintel: \/dev\/zero cannot be read \(EINVAL\)$/],
      ['sparse', /^lintel: sparse is larger than 4 MiB, and no tar archive/],
    ] as const) {
      const { status, stdout, stderr } = await lint([path])
      expect({ path, status, stdout }).toEqual({ path, status: 2, stdout: '' })
      expect(stderr).toMatch(says)
    }
    expect((await lint(['-'], `{}${' '.repeat(5_000_000)}`)).stderr).toBe(
      'lintel: standard input is larger than 4 MiB',
    )
  })

  test('as JSON the error stands beside the others, and stdout stays JSON', async () => {
    const { status, stdout, stderr } = await lint(['--format', 'json', clean, 'nope', refused])
    expect([status, stderr]).toEqual([2, 'lintel: nope does not exist'])
    const [first, second, third] = JSON.parse(stdout)
    const told = ({ findings }: Pick<Linted, 'findings'>): readonly object[] =>
      findings.filter(({ outcome }) => outcome !== 'unknown')
    expect([first.path, told(first), told(first).length < first.findings.length]).toEqual([
      'clean.json',
      [],
      true,
    ])
    expect(second).toEqual({ path: 'nope', error: 'nope does not exist' })
    expect(told(third)).toMatchObject([{ rule: 'capabilities', severity: 'high', outcome: 'refused' }])
  })
})
