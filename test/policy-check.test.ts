/** `lintel policy check`: what is wrong with a policy, and what of it has run out or does nothing. Needs root. */
import { chmodSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { callAs, dockerCall } from './support/engine-calls.ts'
import { decisionLog, openShim, type Shim } from './support/shim.ts'

jest.setTimeout(60_000)

let shim: Shim

beforeAll(async () => {
  shim = await openShim()
})
afterAll(() => shim.close())
beforeEach(() => shim.clear())

const day = 86_400_000
const on = (days: number): string => new Date(Date.now() + days * day).toISOString().slice(0, 10)

const exempt = (
  changes: { where?: string; rules?: string; expires?: string; reason?: string } = {},
): string => {
  const { where = 'engine = "docker"', rules = '"capabilities"', expires = on(200), reason = 'CNI' } = changes
  return `[[exemptions]]\nrules = [${rules}]\nwhere = { ${where} }\nreason = "${reason}"\nowner = "net-team"\nexpires = ${expires}\n`
}

interface Answer {
  readonly valid: boolean
  readonly problems?: readonly string[]
  readonly advice?: readonly { readonly level: string; readonly kind: string; readonly message: string }[]
}

const check = async (words: readonly string[] = []): Promise<Answer & { readonly status: number }> => {
  const { status, stdout } = await shim.lintel(['policy', 'check', ...words, '--format', 'json'])
  const answer: Answer = JSON.parse(stdout)
  return { ...answer, status }
}

const said = ({ advice = [] }: Answer): readonly string[] =>
  advice.map(({ level, kind, message }) => `${level} ${kind}: ${message}`)

describe('a policy that cannot serve', () => {
  test('every problem of every file, each with file and line; exit 2', async () => {
    shim.policy('mode = "x"\nrules.seccomp.action = "y"\nfoo = 1')
    shim.write('/etc/lintel/policy.d/10.toml', 'mode = \n')
    shim.write('/etc/lintel/policy.d/20.toml', '\n[rules.nope]\n')
    shim.write('/etc/lintel/policy.d/30.toml', '')
    chmodSync(shim.path('/etc/lintel/policy.d/30.toml'), 0o666)
    const { status, stdout, stderr } = await shim.lintel(['policy', 'check'])
    expect([status, stdout]).toEqual([2, ''])
    const patterns = [
      /30\.toml can be written by others .*chmod/,
      /policy\.toml:3: mode is "x"/,
      /policy\.toml:4: rules\.seccomp\.action is "y"/,
      /policy\.toml:5: the policy has no member "foo"/,
      /10\.toml:1:\d+: /,
      /20\.toml:2: rules has no member "nope"/,
    ]
    const lines = stderr.split('\n')
    expect(lines).toHaveLength(patterns.length)
    for (const pattern of patterns) expect(lines).toContainEqual(expect.stringMatching(pattern))
    const answer = await check()
    expect(answer).toMatchObject({ status: 2, valid: false })
    expect(answer.problems).toHaveLength(patterns.length)
  })

  test('a file named, which need not be root’s', async () => {
    shim.write('/run/mine.toml', 'version = 2\n')
    chmodSync(shim.path('/run/mine.toml'), 0o666)
    expect(await check(['/run/mine.toml'])).toMatchObject({
      status: 2,
      problems: [expect.stringContaining('/run/mine.toml:1: version is 2')],
    })
    shim.write('/run/mine.toml', 'version = 1\n')
    expect(await check(['/run/mine.toml'])).toMatchObject({ status: 0, valid: true })
    expect(await check(['/run/none.toml'])).toMatchObject({ status: 2 })
  })
})

describe('a policy that serves', () => {
  test('nothing to say: exit 0, and what it is', async () => {
    const { status, stdout } = await shim.lintel(['policy', 'check'])
    expect([status, stdout]).toEqual([
      0,
      'The policy is valid: profile cis-docker-1.13.0, mode enforce, 0 exemptions, 0 overrides.',
    ])
  })

  test.each([
    [-1, 'warning expired: ended on'],
    [0, 'warning expiring: ends on'],
    [30, 'warning expiring: ends on'],
  ])('an exemption that ends in %p days', async (days, says) => {
    shim.policy(exempt({ expires: on(days) }))
    const answer = await check()
    expect(answer.status).toBe(1)
    expect(said(answer)[0]).toContain(`${says} ${on(days)}`)
  })

  test.each([
    [
      'an exemption from a rule that is off',
      `rules.seccomp.action = "off"\n${exempt({ rules: '"seccomp"' })}`,
      'off',
    ],
    ['an override of parameters of a rule that is off', override('action', 'default = "1GiB"', 'off'), 'off'],
    ['an override that changes nothing', override('action', 'action = "deny"', 'deny'), 'ineffective'],
    ['a namespace of Docker', exempt({ where: 'engine = "docker", namespace = "x"' }), 'unmatched'],
    ['a pause container of Podman', overrideWhere('engine = "podman", sandbox = true'), 'unmatched'],
    ['the image of a build step', exempt({ where: 'engine = "buildkit", image = "x"' }), 'unmatched'],
    ['a name with its slash', exempt({ where: 'name = "/web"' }), 'unmatched'],
    ['an image with a space', exempt({ where: 'image = "a b"' }), 'unmatched'],
  ])('%s is told', async (_, text, kind) => {
    shim.policy(text)
    const answer = await check()
    expect(answer.status).toBe(1)
    expect((answer.advice ?? []).filter(({ level }) => level === 'warning').map((each) => each.kind)).toEqual(
      [kind],
    )
  })

  test('a rule an override switches on may be exempted from', async () => {
    shim.policy(
      `rules.memory-limit.action = "off"\n${overrideWhere('namespace = "batch"')}${exempt({ rules: '"memory-limit"' })}`,
    )
    expect((await check()).status).toBe(0)
  })
})

/** An override of memory-limit, and how the policy sets it for everyone. */
function override(member: string, change: string, everyone: string): string {
  return `rules.memory-limit.${member} = "${everyone}"\n[[overrides]]\nwhere = { namespace = "batch" }\nrules.memory-limit.${change}\n`
}

/** An override that does something, for these containers. */
function overrideWhere(where: string): string {
  return `[[overrides]]\nwhere = { ${where} }\nrules.memory-limit = { action = "deny" }\n`
}

describe('what the decision log shows', () => {
  const changes = { process: { capabilities: { bounding: ['CAP_SYS_ADMIN'] } } }
  const call = dockerCall('registry.example/cni:1.2', 'cni', changes)

  /** A record of long ago, so that the log reaches back. */
  const old = (days: number): string => {
    const time = `${new Date(Date.now() - days * day).toISOString().slice(0, -1)}000Z`
    return `{"version":1,"id":"0123456789ab","time":"${time}","verdict":"allow","findings":[]}\n`
  }

  test('an exemption at work is used; another is not, once the log reaches back far enough', async () => {
    shim.policy(
      exempt({ where: 'image = "registry.example/cni:*"', rules: '"capabilities", "host-pid"' }) +
        exempt({ where: 'image = "registry.example/other:*"' }),
    )
    await callAs(shim, call)
    const young = await check()
    expect(young.status).toBe(0)
    expect(said(young)).toEqual([
      expect.stringMatching(/^note unused: was not used for host-pid since \d{4}-\d\d-\d\d, which is as far/),
      expect.stringMatching(
        /^note unused: was not used since \d{4}-\d\d-\d\d, which is as far as the log reaches$/,
      ),
    ])
    const log = shim.path(decisionLog)
    shim.write(`${decisionLog}.1`, old(100))
    const grown = await check()
    expect(grown.status).toBe(1)
    expect(said(grown)).toEqual([
      'warning unused: was not used for host-pid in 90 days',
      'warning unused: was not used in 90 days',
    ])
    expect(log).toContain('decisions.jsonl')
    shim.write('/run/other.jsonl', old(100))
    expect(said(await check(['--log', '/run/other.jsonl']))).toEqual([
      'warning unused: was not used in 90 days',
      'warning unused: was not used in 90 days',
    ])
  })

  test('a log that is not there, holds nothing or no records: said, exit 0', async () => {
    shim.policy(exempt())
    expect(said(await check())).toEqual(['note unused: what is used cannot be told: it holds no record'])
    expect(said(await check(['--log', '/run/none']))).toEqual([
      'note unused: what is used cannot be told: /run/none does not exist',
    ])
    shim.write('/run/torn', '{"version":1,"ti\nnonsense\n')
    expect(await check(['--log', '/run/torn'])).toMatchObject({ status: 0 })
  })
})
