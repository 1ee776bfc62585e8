/** What holds of the deciding code for any input: patches, globs, safe lines, decisions over combined examples. */
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { activeRules, evaluate, inFixOrder } from '../src/core/evaluate.ts'
import { exampleInput } from '../src/core/example.ts'
import { byteLength, cut, failureText, safeLine } from '../src/core/failure-text.ts'
import { rereadAs } from '../src/core/input.ts'
import type { Json } from '../src/core/json.ts'
import { defaultParameters } from '../src/core/parameters.ts'
import { applyPatch, type PatchOperation, place, pointer } from '../src/core/patch.ts'
import { matchesGlob, type Policy } from '../src/core/policy.ts'
import { refusalText } from '../src/core/refusal.ts'
import type { Example, Rule } from '../src/core/rule.ts'
import { rules } from '../src/rules/index.ts'
import { dockerSocket } from '../src/rules/runtime/docker-socket.ts'
import { patchedByHand } from './support/patch-oracle.ts'

const name = fc.constantFrom('a', 'b', '', '0', '1', '-', '01', 'a/b', '~', '~1', 'x y', '__proto__', 'ü')
const { document } = fc.letrec<{ document: Json }>((tie) => ({
  document: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<Json>(0, 'text', true, ''),
    fc.array(tie('document'), { maxLength: 4 }),
    fc.dictionary(name, tie('document'), { maxKeys: 4, noNullPrototype: true }),
  ),
}))
const path = fc.array(name, { maxLength: 4 }).map((tokens) => pointer(...tokens))
const operation: fc.Arbitrary<PatchOperation> = fc.oneof(
  fc.record({ op: fc.constantFrom('add' as const, 'replace' as const), path, value: document }),
  fc.record({ op: fc.constant('remove' as const), path }),
)

/** Every place there is in a document, so that most operations meet something. */
const placesOf = (value: Json, at = ''): readonly string[] => {
  if (typeof value !== 'object' || value === null) return [at]
  const inner = Object.entries(value).flatMap(([key, child]) => placesOf(child, at + pointer(key)))
  return [at, `${at}/-`, `${at}/new`, ...inner]
}

const frozen = <Value>(value: Value): Value => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const each of Object.values(value)) frozen(each)
  }
  return value
}

describe('patches', () => {
  test('applyPatch does what the specification says, on a copy', () => {
    fc.assert(
      fc.property(
        document,
        fc.array(operation, { maxLength: 4 }),
        fc.infiniteStream(fc.nat()),
        (value, given, numbers) => {
          const places = placesOf(value)
          const operations = given.map((each): PatchOperation => {
            const number = numbers.next().value ?? 0
            return number % 3 === 0 ? each : { ...each, path: places[number % places.length] ?? '' }
          })
          const usual = operations.filter(({ op, path: at }) => op !== 'remove' || at !== '')
          const patched = applyPatch(frozen(structuredClone(value)), usual)
          const expected = patchedByHand(value, usual)
          if (expected === undefined) expect(patched.ok).toBe(false)
          else expect(patched).toEqual({ ok: true, value: expected })
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('place puts a value where it belongs, whatever of the way there exists', () => {
    const objects = fc.dictionary(
      fc.constantFrom('a', 'b', 'c/d'),
      fc.dictionary(fc.constantFrom('a', 'b'), fc.nat()),
    )
    const way = fc.array(fc.constantFrom('a', 'b', 'c/d'), { minLength: 1, maxLength: 2 })
    fc.assert(
      fc.property(objects, way, (value: Json, tokens) => {
        const patched = applyPatch(value, [place(value, pointer(...tokens), 'new')])
        if (!patched.ok) throw new Error(patched.error)
        const found = tokens.reduce<unknown>((node, token) => Reflect.get(Object(node), token), patched.value)
        expect(found).toBe('new')
      }),
    )
  })
})

test('matchesGlob is a whole match in which only * is special', () => {
  const some = (units: readonly string[], maxLength: number) =>
    fc.array(fc.constantFrom(...units), { maxLength }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(
      some(['a', 'b', '*', '.', '?', '[a]', '/'], 8),
      some(['a', 'b', '.', '/', '[a]', '*', '\n'], 10),
      (pattern, value) => {
        const source = pattern
          .split('*')
          .map((part) => part.replace(/[.?[\]/]/g, '\\$&'))
          .join('.*')
        expect(matchesGlob(pattern, value)).toBe(new RegExp(`^${source}$`, 's').test(value))
      },
    ),
    { numRuns: 5000 },
  )
})

describe('lines for engines', () => {
  const triggers = [
    'no such file or directory',
    'executable file not found',
    'system cannot find the file specified',
    'permission denied',
    'operation not permitted',
    'not a directory',
    'is a directory',
    'open executable',
    'failed to run runc create/exec call',
  ]
  const piece = fc.oneof(
    fc.constantFrom(...triggers, ...triggers.map((phrase) => phrase.toUpperCase())),
    fc.constantFrom(...triggers.flatMap((phrase) => phrase.split(' '))),
    fc.constantFrom(...triggers.map((phrase) => phrase.replaceAll('i', '\u0130').replaceAll('s', '\u017f'))),
    fc.constantFrom(
      ' ',
      ' ',
      '\n',
      '\u001b[0m',
      '/proc/1/attr/exec',
      '/attr',
      '\u0130',
      '\u017f',
      '\u212a',
      '\ud83e',
      '\udd80',
      '🦀',
    ),
    fc.string({ unit: 'binary', maxLength: 30 }),
  )
  const text = fc.array(piece, { maxLength: 40 }).map((parts) => parts.join(''))
  /** As Go folds case: both by ToLower (moby) and by (?i) (podman). */
  const folded = (line: string): string =>
    line.replaceAll('\u0130', 'i').replaceAll('\u017f', 's').replaceAll('\u212a', 'k').toLowerCase()

  const expectSafe = (line: string): void => {
    expect(line).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029]/u)
    expect(line).not.toContain('/attr')
    expect(triggers.filter((phrase) => folded(line).includes(phrase))).toEqual([])
  }

  test('safeLine: no phrase, no control, no longer', () => {
    fc.assert(
      fc.property(text, (given) => {
        expectSafe(safeLine(given))
        expect(byteLength(safeLine(given))).toBeLessThanOrEqual(byteLength(given))
        expect(safeLine(safeLine(given))).toBe(safeLine(given))
      }),
      { numRuns: 3000 },
    )
  })

  test('cut and the texts made with it stay below 1 KB', () => {
    fc.assert(
      fc.property(text, fc.nat(1200), (given, bytes) => {
        expect(byteLength(cut(given, bytes))).toBeLessThanOrEqual(bytes)
        expect(given.startsWith(cut(given, bytes))).toBe(true)
        const line = failureText('create', given.repeat(5))
        expectSafe(line)
        expect(Buffer.byteLength(line)).toBeLessThan(1024)
      }),
      { numRuns: 500 },
    )
  })

  test('refusals of any findings stay below 1 KB and keep their decision', () => {
    const finding = fc.record({
      ...{ rule: fc.constantFrom(...rules.map(({ id }) => id)), title: text, message: text, remedy: text },
      ...{
        severity: fc.constant('high' as const),
        references: fc.constant([{ benchmark: 'cis-docker-1.13.0', item: '5.3' }]),
      },
      ...{ outcome: fc.constant('refused' as const), pointer: text, actual: text, expected: text },
    })
    fc.assert(
      fc.property(fc.array(finding, { minLength: 1, maxLength: 30 }), (findings) => {
        const line = refusalText(findings, {
          operation: 'create',
          profile: 'minimal',
          decisionId: '0123456789ab',
        })
        expectSafe(line)
        expect(Buffer.byteLength(line)).toBeLessThan(1024)
        expect(line).toMatch(/^lintel refused to create this container\..*\[decision 0123456789ab\]$/)
      }),
      { numRuns: 500 },
    )
  })
})

describe('decisions over bad examples of several rules at once', () => {
  const createExamples = rules.flatMap((rule) =>
    rule.examples.bad
      .filter(({ operation: at, parameters }) => (at ?? 'create') === 'create' && parameters === undefined)
      .map((example) => ({ rule, example })),
  )
  type Chosen = (typeof createExamples)[number]

  const policyOf = (judged: readonly Rule[]): Policy => ({
    ...{
      profile: 'example',
      mode: 'enforce',
      runtimePaths: [],
      overrides: [],
      exemptions: [],
      digest: 'example',
    },
    log: { file: '', required: true, syslog: false },
    rules: Object.fromEntries(
      judged.map(({ id, fixes, parameters }) => [
        id,
        { action: fixes ? 'fix' : 'deny', parameters: defaultParameters(parameters) },
      ]),
    ),
  })

  const merged = (chosen: readonly Chosen[]): Example => {
    const all = chosen.map(({ example }) => example)
    const layered = (pick: (example: Example) => object | undefined): object =>
      all.reduce<object>((below, example) => over(below, pick(example) ?? {}), {})
    const paths = Object.assign({}, ...all.map(({ facts }) => facts?.paths ?? {}))
    const facts = Object.assign({}, ...all.map((example) => example.facts ?? {}), { paths })
    return {
      ...{
        name: 'merged',
        config: layered(({ config }) => config),
        process: layered(({ process }) => process),
      },
      ...{ resources: layered(({ resources }) => resources), facts },
      identity: Object.assign({}, ...all.map(({ identity }) => identity ?? {})),
    }
  }

  /** As `layer` of example.ts, but lists add up, so that what one rule finds is not lost under another's. */
  const over = (below: unknown, above: unknown): object => {
    if (Array.isArray(below) && Array.isArray(above)) return [...below, ...above]
    const result: { [name: string]: unknown } = { ...Object(below) }
    for (const [key, value] of Object.entries(Object(above))) {
      const old = result[key]
      result[key] =
        typeof old === 'object' && old !== null && typeof value === 'object' && value !== null
          ? over(old, value)
          : value
    }
    return result
  }

  const decide = (judged: readonly Rule[], made: NonNullable<ReturnType<typeof exampleInput>>) => {
    const { input, document: judgedDocument } = made
    const policy = policyOf(judged)
    return evaluate({
      active: activeRules(inFixOrder(judged), policy, input.operation),
      policy,
      input,
      document: judgedDocument,
      reread: rereadAs(input),
      today: '2026-01-01',
    })
  }

  test('nothing judged is changed; a fix holds, is the same by any patch, and needs no second', () => {
    const seen = { fix: 0, deny: 0 }
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.constantFrom(...createExamples), { minLength: 1, maxLength: 6 }),
        (chosen) => {
          const made = exampleInput(merged(chosen))
          fc.pre(made !== undefined)
          const before = frozen(structuredClone(made))
          const decision = decide(rules, before)
          expect(before).toEqual(made)
          expect(decision.patch.length > 0).toBe(decision.verdict === 'fix')
          if (decision.verdict === 'deny') {
            seen.deny++
            // Rules do not spoil each other's fixes: whoever refuses together refuses alone, or once docker-socket
            // has taken away a mount that lay over another.
            const refusing = new Set(
              decision.findings.filter(({ outcome }) => outcome === 'refused').map(({ rule }) => rule),
            )
            for (const rule of rules.filter(({ id }) => refusing.has(id))) {
              const refuses = (judged: readonly Rule[]): boolean =>
                decide(judged, before).findings.some(
                  (finding) => finding.rule === rule.id && finding.outcome === 'refused',
                )
              const alone =
                refuses([rule]) || refuses(rules.filter((one) => one === rule || one === dockerSocket))
              expect([rule.id, alone]).toEqual([rule.id, true])
            }
            return
          }
          if (decision.verdict === 'fix') seen.fix++
          const patched = applyPatch(before.document, decision.patch)
          if (!patched.ok) throw new Error(patched.error)
          expect(patched.value).toEqual(patchedByHand(before.document, decision.patch))
          const again = rereadAs(before.input)(patched.value)
          if (again === undefined) throw new Error('the fixed document is no configuration')
          const second = decide(rules, { input: again, document: patched.value })
          expect(second).toMatchObject({ verdict: 'allow', patch: [] })
          expect(second.findings.filter(({ outcome }) => outcome !== 'unknown')).toEqual([])
        },
      ),
      { numRuns: 500 },
    )
    expect(seen.fix).toBeGreaterThan(20)
    expect(seen.deny).toBeGreaterThan(20)
  })
})
