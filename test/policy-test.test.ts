/** `lintel policy test`: the profiles held to their cases, and what the command says of others. Needs root. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { profiles } from '../src/profiles/index.ts'
import { preparedBundle, refusedConfig } from './support/calls.ts'
import { openShim, type Shim } from './support/shim.ts'

jest.setTimeout(60_000)

let shim: Shim

beforeAll(async () => {
  shim = await openShim()
})
afterAll(() => shim.close())
beforeEach(async () => {
  shim.clear()
  await shim.shell('rm -rf /run/cases')
})

const folder = fileURLToPath(new URL('policy-cases', import.meta.url))

interface TestResult {
  readonly path: string
  readonly title: string
  readonly differences: readonly { readonly of: string; readonly expected: string; readonly actual: string }[]
}

const resultsOf = (stdout: string): readonly TestResult[] => JSON.parse(stdout)

describe('the cases of lintel’s own profiles', () => {
  test.each(Object.keys(profiles))('%s does what each of its cases expects', async (name) => {
    const cases = readdirSync(`${folder}/${name}`)
    expect(cases.length).toBeGreaterThanOrEqual(8)
    const { status, stdout, stderr } = await shim.lintel([
      'policy',
      'test',
      `${folder}/${name}`,
      '--format',
      'json',
    ])
    expect(stderr).toBe('')
    expect(resultsOf(stdout).filter(({ differences }) => differences.length > 0)).toEqual([])
    expect(status).toBe(0)
    expect(resultsOf(stdout)).toHaveLength(cases.length)
  })

  test('a site’s policy with overrides and exemptions; its own file is no case', async () => {
    const { status, stdout, stderr } = await shim.lintel(['policy', 'test', `${folder}/site`])
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).not.toMatch(/ok +\S+policy\.toml/)
    expect(stdout).toMatch(/\n8 cases, all as expected$/)
  })
})

const write = (name: string, text: string): void => shim.write(`/run/cases/${name}`, text)
const run = (words: readonly string[] = []) => shim.lintel(['policy', 'test', '/run/cases', ...words])

describe('what a case can say', () => {
  const passes = async (text: string): Promise<void> => {
    write('case.toml', `title = "x"\n${text}`)
    expect(await run(['--profile', 'cis-docker-1.13.0'])).toMatchObject({ status: 0, stderr: '' })
  }

  test('remove, change and add are laid over the example in this order', async () => {
    await passes(
      'remove = ["/process/capabilities", "/mounts/0"]\n[change.process.capabilities]\nbounding = ["CAP_SYS_ADMIN"]\n[add.process.capabilities]\nbounding = ["CAP_BPF"]\n[expect]\nverdict = "deny"\nrefused = ["capabilities"]\n',
    )
  })

  test('a bundle or a config beside the case, as it is or changed', async () => {
    const bundle = preparedBundle(shim, 'c', refusedConfig)
    const expects = '[expect]\nverdict = "deny"\nrefused = ["capabilities"]\n'
    await passes(`bundle = "${bundle}"\n${expects}`)
    shim.write('/run/cases/configs/web.json', JSON.stringify(refusedConfig))
    await passes(`config = "configs/web.json"\n${expects}`)
    await passes(
      `config = "configs/web.json"\n[change.process.capabilities]\nbounding = []\n[expect]\nverdict = "allow"\nrefused = []\n`,
    )
  })

  test('whose container it is: proven where the case names somebody, unless it says otherwise', async () => {
    shim.write(
      '/run/cases/policy/p.toml',
      'version = 1\nprofile = "minimal"\nrules.capabilities.action = "deny"\n[[overrides]]\nwhere = { namespace = "x" }\nrules.capabilities.action = "off"\n',
    )
    const text = (more: string, verdict: string): string =>
      `title = "x"\npolicy = "policy/p.toml"\n[change.process.capabilities]\nbounding = ["CAP_SYS_ADMIN"]\n[identity]\nnamespace = "x"\n${more}[expect]\nverdict = "${verdict}"\n`
    write('a.toml', text('', 'allow'))
    write('b.toml', text('proven = false\n', 'deny'))
    expect(await run()).toMatchObject({ status: 0, stderr: '' })
  })

  test('neither profile nor policy: the site’s own judges, or what the command line names', async () => {
    write('case.toml', 'title = "x"\nremove = ["/linux/seccomp"]\n[expect]\nverdict = "would_deny"\n')
    shim.policy('mode = "warn"\nrules.seccomp.action = "deny"')
    expect((await run()).status).toBe(0)
    expect((await run(['--profile', 'pss-restricted'])).status).toBe(1)
    shim.policy('mode = \n')
    const broken = await run()
    expect(broken).toMatchObject({ status: 2, stdout: '' })
    expect(broken.stderr).toMatch(/^lintel: \/run\/cases\/case\.toml: \/etc\/lintel\/policy\.toml:3/)
  })
})

describe('what it says', () => {
  test('a failed case: expected and actual of each difference; exit 1', async () => {
    write('good.toml', 'title = "good"\nprofile = "minimal"\n[expect]\nverdict = "allow"\n')
    write(
      'deep/bad.toml',
      'title = "bad"\nprofile = "minimal"\n[change.process.capabilities]\nbounding = ["CAP_SYS_ADMIN"]\n[expect]\nverdict = "deny"\nrefused = ["capabilities", "seccomp"]\nwarned = []\n',
    )
    const { status, stdout, stderr } = await run()
    expect([status, stderr]).toEqual([1, ''])
    expect(stdout.split('\n')).toEqual([
      'result  case                      title',
      'FAIL    /run/cases/deep/bad.toml  bad',
      'ok      /run/cases/good.toml      good',
      '',
      '/run/cases/deep/bad.toml: bad',
      '  verdict',
      '    expected: deny',
      '    actual:   allow',
      '  refused',
      '    expected: capabilities, seccomp',
      '    actual:   none',
      '  warned',
      '    expected: none',
      '    actual:   capabilities',
      '',
      '2 cases, 1 not as expected',
    ])
    const json = await run(['--format', 'json'])
    expect(json.status).toBe(1)
    expect(resultsOf(json.stdout)[0]?.differences[0]).toEqual({
      of: 'verdict',
      expected: 'deny',
      actual: 'allow',
    })
  })

  const head = 'title = "x"\nprofile = "minimal"\n'
  const tail = '[expect]\nverdict = "allow"\n'
  test.each([
    ['profile = "minimal"\n[expect]\nverdict = "allow"\n', 'case.toml:1: the case lacks "title"'],
    [`${head}titel = 1\n${tail}`, 'case.toml:3: the case has no member "titel"'],
    [`${head}[expect]\nverdict = "maybe"\n`, 'case.toml:4: expect.verdict is "maybe"'],
    [`${head}${tail}refused = ["privilged"]\n`, 'case.toml:5: expect.refused.0 is "privilged"'],
    [`${head}policy = "p.toml"\n${tail}`, 'case.toml: give --profile or --policy, not both'],
    [`${head}base = "example"\nbundle = "x"\n${tail}`, 'case.toml: give one of base, bundle and config'],
    [`${head}bundle = "none"\n${tail}`, 'case.toml: /run/cases/none does not exist'],
    [`${head}remove = ["/linux/none"]\n${tail}`, 'case.toml: there is no /linux/none to remove'],
    [`${head}[change]\nmounts = "none"\n${tail}`, 'case.toml (the configuration with its changes):1:'],
    ['title = \n', 'case.toml:1:'],
  ])('a case that cannot be read: %j', async (text, says) => {
    write('case.toml', text)
    const called = await run()
    expect(called).toMatchObject({ status: 2, stdout: '' })
    expect(called.stderr).toContain(says)
    for (const line of called.stderr.split('\n')) expect(line).toMatch(/^lintel: /)
  })

  test('no cases, or no such folder', async () => {
    await shim.shell('mkdir -p /run/cases/empty')
    expect(await run()).toMatchObject({
      status: 2,
      stderr: 'lintel: there is no case (*.toml) in /run/cases',
    })
    expect(await shim.lintel(['policy', 'test', '/run/none'])).toMatchObject({
      status: 2,
      stderr: 'lintel: /run/none does not exist',
    })
  })
})
