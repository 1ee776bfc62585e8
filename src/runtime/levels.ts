/** SELinux levels of containers: who holds one, and which is free for a container that has none. */
import type { HostFacts, LevelClaim } from '../core/facts.ts'
import type { Host } from '../host/host.ts'
import {
  categoriesOf,
  formatLevel,
  type Level,
  parseRange,
  type Range,
  withCategories,
} from '../selinux/range.ts'

/** Whose level is asked for; `dryRun`: nothing is noted. */
export interface LevelAsker extends Omit<LevelClaim, 'level'> {
  readonly dryRun: boolean
}

type LevelFacts = Pick<HostFacts, 'levels' | 'freeLevels'>

/** Facts of the levels and ranges asked for: each level is claimed, and one within each range. */
export const levelFacts = (
  host: Pick<Host, 'claimLevel' | 'randomNumbers'>,
  asker: LevelAsker,
  wanted: { readonly levels: readonly string[]; readonly ranges: readonly string[] },
): LevelFacts => {
  const levels: { [level: string]: readonly LevelClaim[] } = {}
  const freeLevels: { [range: string]: string } = {}
  const claim = (level: string, when: 'always' | 'free'): readonly LevelClaim[] | undefined => {
    const { dryRun, ...claimant } = asker
    const held = host.claimLevel({ ...claimant, level }, dryRun ? 'never' : when)
    return held.ok ? held.value : undefined
  }
  for (const level of wanted.levels) {
    const holders = claim(level, 'always')
    if (holders !== undefined) levels[level] = holders
  }
  for (const text of wanted.ranges) {
    const range = parseRange(text)
    const found = range.ok ? levelWithin(host, range.value, claim) : undefined
    if (found === undefined) continue
    freeLevels[text] = found.level
    levels[found.level] = found.holders
  }
  return { levels, freeLevels }
}

interface Found {
  readonly level: string
  readonly holders: readonly LevelClaim[]
}

type Claimant = (level: string, when: 'always' | 'free') => readonly LevelClaim[] | undefined

/** So many pairs are tried: with half of all held, not one being free has a chance of one in 2^64. */
const mostTries = 64

/**
 * The lower bound of the range and a pair of the categories it leaves open, drawn at random until one is free. Where it
 * leaves no choice, the one level it allows, whoever else holds it.
 */
const levelWithin = (
  host: Pick<Host, 'randomNumbers'>,
  { low, high }: Range,
  claim: Claimant,
): Found | undefined => {
  const held = new Set(categoriesOf(low))
  const open = categoriesOf(high).filter((category) => !held.has(category))
  if (open.length <= 2) {
    const level = formatLevel({ sensitivity: low.sensitivity, categories: high.categories })
    const holders = claim(level, 'always')
    return holders && { level, holders }
  }
  const random = host.randomNumbers(2 * mostTries)
  if (!random.ok) return undefined
  for (let at = 0; at < random.value.length; at += 2) {
    const level = formatLevel(withPair(low, open, random.value.slice(at, at + 2)))
    const holders = claim(level, 'free')
    if (holders === undefined) return undefined
    if (holders.length === 0) return { level, holders }
  }
  return undefined
}

/** Two different categories: the second is drawn from what the first leaves. */
const withPair = (low: Level, open: readonly number[], [one = 0, other = 0]: readonly number[]): Level => {
  const first = one % open.length
  const second = (first + 1 + (other % (open.length - 1))) % open.length
  return withCategories(low, [open[first] ?? 0, open[second] ?? 0])
}
