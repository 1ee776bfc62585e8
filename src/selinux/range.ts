/** Levels and ranges of SELinux labels: sensitivities and sets of categories, as strict as the kernel reads them. */
import { err, ok, type Result } from '../core/result.ts'

/** Categories `first` to `last`, both included. */
export interface CategorySpan {
  readonly first: number
  readonly last: number
}

/** A sensitivity and its categories; spans rise and never touch, so equal sets are equal lists. */
export interface Level {
  readonly sensitivity: number
  readonly categories: readonly CategorySpan[]
}

/** From `low` to `high`; one level stands for both. */
export interface Range {
  readonly low: Level
  readonly high: Level
}

const lastSensitivity = 15
const lastCategory = 1023

/**
 * Reads `s0`, `s0:c1,c2`, `s0-s0:c0.c1023` (kernel security/selinux/ss/mls.c, mls_context_to_sid).
 * Errors: what is wrong, in one phrase; no blanks, leading zeros, falling spans or ranges are taken.
 */
export const parseRange = (text: string): Result<Range, string> => {
  const [lowText = '', highText, ...more] = text.split('-')
  if (more.length > 0) return err(`"${text}" has more than two levels`)
  const low = parseLevel(lowText)
  if (!low.ok || highText === undefined) return low.ok ? ok({ low: low.value, high: low.value }) : low
  const high = parseLevel(highText)
  if (!high.ok) return high
  if (!dominates(high.value, low.value)) return err(`"${highText}" does not dominate "${lowText}"`)
  return ok({ low: low.value, high: high.value })
}

/** True when `above` has at least the sensitivity and every category of `below`. */
export const dominates = (above: Level, below: Level): boolean =>
  above.sensitivity >= below.sensitivity &&
  below.categories.every(({ first, last }) =>
    above.categories.some((span) => span.first <= first && span.last >= last),
  )

/**
 * True when a subject cleared for `clearance` may have `range`: the lower bound is at or above the clearance's, the
 * upper at or below it (kernel security/selinux/ss/mls_types.h, mls_range_contains).
 */
export const contains = (clearance: Range, range: Range): boolean =>
  dominates(range.low, clearance.low) && dominates(clearance.high, range.high)

/** True when neither level dominates the other, as with categories of which each has one the other lacks. */
export const incomparable = (one: Level, other: Level): boolean =>
  !dominates(one, other) && !dominates(other, one)

/**
 * The widest range that both contain: from the higher of the lower bounds, with the categories of both, to the lower of
 * the upper bounds, with those they share. Undefined where no range is in both.
 */
export const intersection = (one: Range, other: Range): Range | undefined => {
  const low: Level = {
    sensitivity: Math.max(one.low.sensitivity, other.low.sensitivity),
    categories: merged([...one.low.categories, ...other.low.categories]),
  }
  const high: Level = {
    sensitivity: Math.min(one.high.sensitivity, other.high.sensitivity),
    categories: shared(one.high.categories, other.high.categories),
  }
  return dominates(high, low) ? { low, high } : undefined
}

/** True for one sensitivity and one set of categories. */
export const sameLevel = (one: Level, other: Level): boolean => dominates(one, other) && dominates(other, one)

/** True for the same lower and the same upper bound. */
export const sameRange = (one: Range, other: Range): boolean =>
  sameLevel(one.low, other.low) && sameLevel(one.high, other.high)

/**
 * The level as the kernel writes it: categories rise, two neighbours are `c1,c2`, three and more `c1.c3`
 * (kernel security/selinux/ss/mls.c, mls_sid_to_context).
 */
export const formatLevel = ({ sensitivity, categories }: Level): string => {
  const items = categories.map(({ first, last }) => {
    if (first === last) return `c${first}`
    return `c${first}${last === first + 1 ? ',' : '.'}c${last}`
  })
  return items.length === 0 ? `s${sensitivity}` : `s${sensitivity}:${items.join(',')}`
}

/** The range as the kernel writes it: one level where both bounds are the same. */
export const formatRange = ({ low, high }: Range): string =>
  sameLevel(low, high) ? formatLevel(low) : `${formatLevel(low)}-${formatLevel(high)}`

/** Every category of the level by its number, rising. */
export const categoriesOf = ({ categories }: Level): readonly number[] =>
  categories.flatMap(({ first, last }) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index),
  )

/** The level with these categories besides its own. */
export const withCategories = (level: Level, more: readonly number[]): Level => ({
  ...level,
  categories: merged([...level.categories, ...more.map((each) => ({ first: each, last: each }))]),
})

/** How many categories the level has. */
export const categoryCount = ({ categories }: Level): number =>
  categories.reduce((count, { first, last }) => count + last - first + 1, 0)

const parseLevel = (text: string): Result<Level, string> => {
  const colon = text.indexOf(':')
  const sensitivity = numberAfter('s', colon < 0 ? text : text.slice(0, colon), lastSensitivity)
  if (sensitivity === undefined) return err(`"${text}" does not begin with a sensitivity s0 to s15`)
  if (colon < 0) return ok({ sensitivity, categories: [] })
  const spans: CategorySpan[] = []
  for (const item of text.slice(colon + 1).split(',')) {
    const [from = '', to, ...more] = item.split('.')
    const first = numberAfter('c', from, lastCategory)
    const last = to === undefined ? first : numberAfter('c', to, lastCategory)
    const rises = first !== undefined && last !== undefined && (to === undefined || last > first)
    if (!rises || more.length > 0)
      return err(`"${item}" is no category c0 to c1023 nor a rising span of them`)
    spans.push({ first, last })
  }
  return ok({ sensitivity, categories: merged(spans) })
}

const numberAfter = (letter: 's' | 'c', text: string, most: number): number | undefined => {
  if (!text.startsWith(letter) || !/^(?:0|[1-9][0-9]{0,3})$/.test(text.slice(1))) return undefined
  const value = Number(text.slice(1))
  return value <= most ? value : undefined
}

const merged = (spans: readonly CategorySpan[]): readonly CategorySpan[] => {
  const done: CategorySpan[] = []
  for (const span of spans.toSorted((a, b) => a.first - b.first)) {
    const before = done.at(-1)
    if (before !== undefined && span.first <= before.last + 1) {
      done[done.length - 1] = { first: before.first, last: Math.max(before.last, span.last) }
    } else done.push(span)
  }
  return done
}

/** Of two lists of rising spans, the spans that are in both. */
const shared = (one: readonly CategorySpan[], other: readonly CategorySpan[]): readonly CategorySpan[] =>
  one.flatMap((span) =>
    other.flatMap(({ first, last }) => {
      const common = { first: Math.max(span.first, first), last: Math.min(span.last, last) }
      return common.first <= common.last ? [common] : []
    }),
  )
