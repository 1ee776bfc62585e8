/** docs/coverage.md says what lintel says: held against every decision on a recorded call (fixtures). */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { type Coverage, coverageOf } from '../scripts/coverage.ts'
import type { OperationName } from '../src/core/oci.ts'
import { ways } from '../src/engines/identify.ts'
import { profiles } from '../src/profiles/index.ts'
import { rules } from '../src/rules/index.ts'
import { callsOf, type FixtureCall, fixtureNames, optionalDocument } from './support/replay/fixture.ts'
import { isGuarded } from './support/replay/scene.ts'

interface Judged {
  readonly fixture: string
  readonly operation: OperationName
  readonly way: string
  readonly findings: readonly string[]
}

interface Golden {
  readonly engine?: string
  readonly proven?: boolean
  readonly findings?: readonly string[]
}

/** How the container of a recording came to the runtime. */
const wayOf = (fixture: string, { engine }: Golden): string => {
  if (engine === 'containerd') return fixture.includes('-cri-') ? 'containerd (CRI)' : 'ctr'
  if (engine === 'podman') return fixture.includes('build') ? 'Buildah' : 'Podman'
  return { docker: 'Docker', crio: 'CRI-O', buildkit: 'BuildKit' }[engine ?? ''] ?? 'no engine'
}

/** Engines' own files were recorded for some containers only: of a fixture with two of Docker, for the one they name. */
const sideFilesKnown = ({ fixture, call }: FixtureCall, way: string): boolean => {
  if (way === 'Podman') return optionalDocument(fixture, 'inspect.json') !== undefined
  if (way !== 'Docker') return true
  const config = optionalDocument(fixture, 'config.v2.json')
  if (config === undefined) return false
  const { ID: id }: { readonly ID: string } = JSON.parse(config)
  return call.argv.includes(id) && optionalDocument(fixture, 'hostconfig.json') !== undefined
}

const judged: readonly Judged[] = fixtureNames().flatMap((fixture) => {
  const path = fileURLToPath(new URL(`../fixtures/${fixture}/expected.json`, import.meta.url))
  const goldens: readonly Golden[] = JSON.parse(readFileSync(path, 'utf8'))
  return callsOf(fixture).flatMap((one, index): readonly Judged[] => {
    const golden = goldens[index] ?? {}
    const operation = rules.flatMap(({ appliesTo }) => appliesTo).find((name) => name === one.call.command)
    const way = wayOf(fixture, golden)
    if (!isGuarded(one) || operation === undefined || golden.proven !== true) return []
    if (!sideFilesKnown(one, way)) return []
    return [{ fixture, operation, way, findings: golden.findings ?? [] }]
  })
})

const active = profiles['cis-docker-1.13.0']?.rules ?? {}
const contextual = rules.filter(({ id, context = [] }) => context.length > 0 && active[id] !== undefined)

const said = ({ findings }: Judged, id: string): Coverage | 'a finding' | 'nothing' => {
  const own = findings.filter((finding) => finding.startsWith(`${id} `))
  if (own.some((finding) => finding.startsWith(`${id} unknown`))) return 'unknown'
  return own.length > 0 ? 'a finding' : 'nothing'
}

describe('rules that need the engine’s own files', () => {
  test('are there, and so are recordings of every engine', () => {
    expect(contextual.length).toBeGreaterThanOrEqual(7)
    expect(new Set(judged.map(({ way }) => way))).toEqual(
      new Set(['Docker', 'containerd (CRI)', 'ctr', 'Podman', 'Buildah', 'CRI-O', 'BuildKit']),
    )
  })

  test.each(contextual.map((rule) => [rule.id, rule] as const))(
    '%s: unknown exactly where the table says so, silent where it says n/a',
    (id, rule) => {
      const wrong = judged.flatMap((one) => {
        const table = coverageOf(rule, one.operation, ways[one.way] ?? {})
        const answer = said(one, id)
        const agrees =
          table === 'unknown'
            ? answer === 'unknown'
            : table === 'n/a'
              ? answer === 'nothing'
              : answer !== 'unknown'
        return agrees ? [] : [`${one.fixture} ${one.operation} (${one.way}): ${table}, but ${answer}`]
      })
      expect(wrong).toEqual([])
    },
  )
})

test('rules that need no engine are never unknown for a proven one, but for what the host itself hides', () => {
  const decided = rules.filter(({ context = [] }) => context.length === 0).map(({ id }) => id)
  const unknown = judged.flatMap((one) =>
    decided.filter((id) => said(one, id) === 'unknown').map((id) => `${one.fixture} ${one.operation}: ${id}`),
  )
  expect(unknown).toEqual([])
})
