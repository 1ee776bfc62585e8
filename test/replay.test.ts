/**
 * Replays every call that real engines were recorded to make, through the built binary, on a small host of its own.
 * Needs root (namespaces and mounts). `UPDATE_GOLDEN=1` writes the golden files anew instead of comparing.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { ChainLink } from '../src/core/record.ts'
import { openPrivateHost, type PrivateHost } from './e2e/support/private-host.ts'
import { optionOf } from './support/replay/engine.ts'
import { callsOf, type FixtureCall, fixtureNames } from './support/replay/fixture.ts'
import {
  type DecisionRecord,
  type Expected,
  goldenPath,
  goldenText,
  judged,
} from './support/replay/golden.ts'
import { applied, parseExact, untouched } from './support/replay/json-text.ts'
import { liveState } from './support/replay/live.ts'
import {
  denied,
  fixed,
  guarded,
  keyOf,
  logOf,
  type Played,
  passed,
  playAll,
  ran,
  resultOf,
  rewritten,
  toldTo,
} from './support/replay/played.ts'
import { isGuarded, someInput, subjectOf } from './support/replay/scene.ts'
import { decisionLog, runtimePath } from './support/replay/tools.ts'

beforeAll(playAll, 300_000)

/** Checks something of every call of a list and says which calls differ. */
const each = (played: readonly Played[], look: (one: Played) => readonly [unknown, unknown]): void => {
  expect(played.length).toBeGreaterThan(0)
  const found = played.map((one) => [keyOf(one.one), look(one)] as const)
  const actual = Object.fromEntries(found.map(([key, [value]]) => [key, value]))
  const expected = Object.fromEntries(found.map(([key, [, value]]) => [key, value]))
  expect(actual).toEqual(expected)
}

const expectedOf = (one: FixtureCall): Expected => {
  const played = resultOf(one)
  const { call, files, record } = played
  const { command } = one.call
  if (!isGuarded(one)) return { command, passed: true }
  if (record === undefined) throw new Error(`${keyOf(one)}: no decision: ${call.stderr}`)
  const told = call.status === 0 ? undefined : toldTo(played)
  return judged(command, record, {
    status: call.status,
    told,
    recorded: files.get(decisionLog) !== undefined,
  })
}

describe('what lintel says to each call', () => {
  const { UPDATE_GOLDEN } = process.env

  test.each(fixtureNames())('%s', (fixture) => {
    const golden = goldenPath(fixture)
    const text = goldenText(callsOf(fixture).map(expectedOf))
    if (UPDATE_GOLDEN === '1') writeFileSync(golden, text)
    expect(existsSync(golden)).toBe(true)
    expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(golden, 'utf8')))
  })

  test('a call runs exactly if it is allowed or repaired', () => {
    each(guarded(), ({ call, record }) => [
      call.status === 0,
      record?.verdict === 'allow' || record?.verdict === 'fix',
    ])
  })
})

describe('what the runtime finds', () => {
  test('every passed call and every call not refused reaches the runtime', () => {
    each(passed(), ({ call }) => [
      [call.status, call.runtime !== undefined],
      [0, true],
    ])
    each(ran(), ({ call }) => [call.runtime !== undefined, true])
  })

  test('a refused call never reaches the runtime', () => {
    each(denied(), ({ call }) => [
      [call.status, call.runtime],
      [1, undefined],
    ])
  })

  test("the engine's words, without --lintel-policy", () => {
    each(ran(), ({ one, call }) => [call.runtime?.argv, [runtimePath, ...one.call.argv.slice(1)]])
  })

  test('contract 6: the same environment, down to a single variable', () => {
    each(ran(), ({ one, call }) => [call.runtime?.env, one.call.env])
    expect(ran().filter(({ one }) => one.call.env.length === 1).length).toBeGreaterThan(0)
  })

  test('the same working directory, umask, ignored and blocked signals, OOM adjustment', () => {
    const [none, pipe] = ['0000000000000000', '0000000000001000']
    each(ran(), ({ one: { call }, call: { runtime } }) => [
      [runtime?.cwd, runtime?.umask, runtime?.ignored, runtime?.blocked, runtime?.oom],
      [call.cwd, '0022', call.ignoresPipe ? pipe : none, none, String(call.oomScoreAdjustment ?? 0)],
    ])
  })

  test('contract 7: the same open descriptors, none more and none less; but standard input where it is re-fed', () => {
    each(ran(), ({ one, call }) => {
      const isKept = ({ number }: { readonly number: number }): boolean =>
        number !== 0 || subjectOf(one)?.path !== '-'
      return [call.runtime?.descriptors.filter(isKept), call.given.filter(isKept)]
    })
  })

  test('contract 7: nothing of ours on stdout or stderr of a call that runs', () => {
    each(ran(), ({ one, call }) => {
      const output = one.call.descriptors?.find(({ number }) => number === 1)?.to ?? 'pipe:2'
      return [
        [call.stdout, call.stderr],
        [output.startsWith('pipe:') ? 'recorded\n' : '', ''],
      ]
    })
  })

  test('contract 8: the runtime is the very process the engine started', () => {
    each(ran(), ({ call }) => [call.runtime?.pid, call.pid])
  })

  test('contract 4: what came on standard input is there for the runtime, byte for byte', () => {
    const piped = ran().filter(({ call }) =>
      call.given.some(({ number, target }) => number === 0 && target.startsWith('pipe:')),
    )
    each(piped, ({ one, call }) => {
      const subject = subjectOf(one)
      return [call.runtime?.input, subject?.path === '-' ? subject.text : someInput]
    })
  })

  test("contract 3: the bundle is the flag's, also where the folder is another container's", () => {
    const bundleOf = ({ one }: Played): string => optionOf(one.call.argv, '--bundle') ?? one.call.cwd
    each(
      fixed().filter(
        (played) => played.one.call.config !== undefined && bundleOf(played) !== played.one.call.cwd,
      ),
      (played) => {
        const path = `${bundleOf(played)}/config.json`
        return [played.files.get(path)?.text === subjectOf(played.one)?.text, false]
      },
    )
  })
})

describe('what is written', () => {
  const written = (): readonly Played[] => fixed().filter((played) => rewritten(played) !== undefined)

  test('the patch of the record, applied by other code, gives the same document', () => {
    each(written(), (played) => {
      const original = parseExact(subjectOf(played.one)?.text ?? '')
      return [parseExact(rewritten(played)?.text ?? ''), applied(original, played.record?.patch ?? [])]
    })
  })

  test('everything the patch does not name stands as it was written', () => {
    each(written(), (played) => {
      const patch = played.record?.patch ?? []
      const before = untouched(subjectOf(played.one)?.text ?? '', patch)
      const now = untouched(rewritten(played)?.text ?? '', patch)
      return [
        [before.size > 0, [...before].filter(([at, text]) => now.get(at) !== text)],
        [true, []],
      ]
    })
  })

  test('mode and owner of a rewritten file are kept', () => {
    each(written(), (played) => {
      const { mode, owner } = rewritten(played) ?? {}
      return [
        [mode, owner],
        ['100640', '0:42'],
      ]
    })
  })

  test('what is allowed or refused is not written to', () => {
    const left = guarded().filter((played) => rewritten(played) !== undefined)
    each(
      left.filter(({ record }) => record?.verdict !== 'fix'),
      (played) => [rewritten(played)?.text, subjectOf(played.one)?.text],
    )
  })

  test('a dry run writes nothing, records nothing and runs nothing', () => {
    each(guarded(), ({ one, dry }) => {
      const { path = '', text } = subjectOf(one) ?? {}
      const found = path === '-' ? text : dry?.files.get(path)?.text
      return [
        [found, dry?.files.get(decisionLog), dry?.runtime],
        [text, undefined, undefined],
      ]
    })
  })

  test('the record of a call is what its dry run said', () => {
    const short = (operation: DecisionRecord['patch'][number]) => {
      const text = 'value' in operation ? JSON.stringify(operation.value) : ''
      if (text.length <= 512) return operation
      const sha256 = createHash('sha256').update(text).digest('hex')
      return { op: operation.op, path: operation.path, sha256, length: text.length }
    }
    const said = (record: (DecisionRecord & Partial<ChainLink>) | undefined) => {
      if (record === undefined) return undefined
      // What is not written has no place in the chain.
      const { firstOfFile: _, sequence: __, previous: ___, ...rest } = record
      return { ...rest, id: '', time: '', durationMicroseconds: 0, patch: record.patch.map(short) }
    }
    const recorded = guarded().filter(({ files }) => files.get(decisionLog) !== undefined)
    each(recorded, ({ files, record }) => [
      said(JSON.parse(files.get(decisionLog)?.text ?? '')),
      said(record),
    ])
  })
})

describe('how a refusal is told', () => {
  test('contract 1: one error line in the log file asked for, the same text on stderr, exit status 1', () => {
    const logged = denied().filter(({ one }) => optionOf(one.call.argv, '--log') !== undefined)
    each(logged, (played) => {
      const lines = (logOf(played) ?? '').split('\n')
      const { level, msg }: { readonly level: string; readonly msg: string } = JSON.parse(lines[0] || '{}')
      const format = optionOf(played.one.call.argv, '--log-format')
      return [
        [format, lines.length, level, `${msg}\n`, played.call.status],
        ['json', 2, 'error', toldTo(played), 1],
      ]
    })
  })

  test('contract 1: standard error carries it wherever it can be written to', () => {
    const readers = denied().filter(
      ({ one }) => one.call.descriptors?.find(({ number }) => number === 2)?.access !== 'r',
    )
    each(readers, ({ call }) => [call.stderr !== '' || call.stdout !== '', true])
  })

  test('contract 2: one printable line under 1 KB, without the phrases engines look for', () => {
    const phrases =
      /no such file or directory|executable file not found|permission denied|operation not permitted|not a directory|is a directory|open executable|failed to run runc create\/exec call|\/proc\/.*\/attr/i
    each(denied(), (played) => {
      const told = toldTo(played)
      return [
        [/^[^\p{Cc}]+\n$/u.test(told), Buffer.byteLength(told) <= 1024, phrases.test(told)],
        [true, true, false],
      ]
    })
  })

  test('contract 1: calls that are not refused leave the log file as it was', () => {
    each(ran(), (played) => [logOf(played), undefined])
  })
})

describe('exec', () => {
  test("contract 5: an engine's exec, built from its own record, is held to what the container was admitted with", () => {
    const narrowed = fixed().filter(({ one }) => one.call.command === 'exec')
    each(narrowed, (played) => {
      const { noNewPrivileges }: { readonly noNewPrivileges?: boolean } = JSON.parse(
        rewritten(played)?.text ?? '{}',
      )
      return [noNewPrivileges, true]
    })
  })
})

describe('what was repaired', () => {
  let host: PrivateHost

  beforeAll(async () => {
    host = await openPrivateHost(['runc'])
  })

  afterAll(async () => {
    await host?.close()
  })

  test('lives under the real runc, wherever the configuration as recorded does', async () => {
    const creations = fixed().filter(({ one }) => one.call.config !== undefined)
    expect(creations.length).toBeGreaterThan(20)
    const dead: Record<string, string> = {}
    let lived = 0
    for (const [index, played] of creations.entries()) {
      const now = await liveState(host, `repaired-${index}`, rewritten(played)?.text ?? '')
      if (now === 'running') lived++
      else if ((await liveState(host, `recorded-${index}`, subjectOf(played.one)?.text ?? '')) === 'running')
        dead[keyOf(played.one)] = now
    }
    expect(dead).toEqual({})
    expect(lived).toBeGreaterThan(creations.length * 0.9)
  }, 120_000)
})
