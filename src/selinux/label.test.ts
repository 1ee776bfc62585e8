/** Labels and ranges: what the kernel takes is read, what it refuses is refused (measured with write(2) on context). */
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { formatLabel, parseLabel } from './label.ts'
import {
  categoryCount,
  contains,
  dominates,
  formatRange,
  incomparable,
  intersection,
  type Level,
  parseRange,
  type Range,
  sameLevel,
  sameRange,
} from './range.ts'

const levelOf = (text: string): Level => {
  const range = parseRange(text)
  if (!range.ok) throw new Error(range.error)
  return range.value.high
}

describe('labels', () => {
  test('are split at the first three colons', () => {
    expect(parseLabel('system_u:system_r:container_t:s0:c1,c2')).toEqual({
      ok: true,
      value: {
        user: 'system_u',
        role: 'system_r',
        type: 'container_t',
        range: {
          low: { sensitivity: 0, categories: [{ first: 1, last: 2 }] },
          high: { sensitivity: 0, categories: [{ first: 1, last: 2 }] },
        },
      },
    })
  })
  test('may lack a level', () => {
    const label = parseLabel('system_u:system_r:container_t')
    expect(label.ok && label.value.range).toBeUndefined()
  })
  test.each(['', 'container_t', 'a:b', ':b:c:s0', 'a:b: c:s0', 'a:b:c\n:s0', 'a:b:c:', 'a:b:c:s0\n'])(
    '%j is refused',
    (text) => expect(parseLabel(text).ok).toBe(false),
  )
})

describe('ranges', () => {
  test.each(['s0', 's15:c1023', 's0:c1,c1', 's0:c2,c1', 's0:c1.c4,c3', 's0-s0:c0.c1023', 's0:c1-s0:c1,c2'])(
    '%s is read',
    (text) => expect(parseRange(text).ok).toBe(true),
  )
  test.each([
    's00',
    'S0',
    's16',
    's0:',
    's0:c01',
    's0:c1024',
    's0:c1.c1',
    's0:c3.c1',
    's0:c1,',
    's0 :c1',
    's0:c1.c2.c3',
    's0:c1-s0',
    's0-s0-s0',
    'SystemLow',
  ])('%s is refused', (text) => expect(parseRange(text).ok).toBe(false))
  test('equal sets are equal however they are written', () => {
    expect(sameLevel(levelOf('s0:c3,c1,c2'), levelOf('s0:c1.c3'))).toBe(true)
    expect(sameLevel(levelOf('s0:c1,c3'), levelOf('s0:c1.c3'))).toBe(false)
    expect(sameLevel(levelOf('s1:c1'), levelOf('s0:c1'))).toBe(false)
  })
  test('dominance needs every category', () => {
    expect(dominates(levelOf('s0:c0.c1023'), levelOf('s0:c1,c900'))).toBe(true)
    expect(dominates(levelOf('s0:c1'), levelOf('s0:c1,c2'))).toBe(false)
    expect(dominates(levelOf('s0'), levelOf('s1'))).toBe(false)
  })
  test('categories are counted once', () => {
    expect(categoryCount(levelOf('s0:c1.c4,c3,c9'))).toBe(5)
    expect(categoryCount(levelOf('s0'))).toBe(0)
  })
})

describe('canonical form, as read back from the kernel', () => {
  test.each([
    ['s0:c2,c1', 's0:c1,c2'],
    ['s0:c1,c2,c3', 's0:c1.c3'],
    ['s0:c1.c2', 's0:c1,c2'],
    ['s0:c1.c3,c2', 's0:c1.c3'],
    ['s0:c1,c1', 's0:c1'],
    ['s0-s0', 's0'],
    ['s0:c1-s0:c1', 's0:c1'],
    ['s0-s0:c0.c1023', 's0-s0:c0.c1023'],
    ['s1:c5,c3-s15:c3.c5,c9', 's1:c3,c5-s15:c3.c5,c9'],
  ])('%s is %s', (written, canonical) => {
    const label = parseLabel(`system_u:system_r:container_t:${written}`)
    expect(label.ok && formatLabel(label.value)).toBe(`system_u:system_r:container_t:${canonical}`)
  })
  test('a label without a level stays without', () => {
    const label = parseLabel('system_u:system_r:container_t')
    expect(label.ok && formatLabel(label.value)).toBe('system_u:system_r:container_t')
  })
})

describe('against a second implementation over sets', () => {
  interface Plain {
    readonly sensitivity: number
    readonly categories: ReadonlySet<number>
  }
  // Few categories at both ends, so that sets often touch, overlap and contain each other.
  const category = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1018, max: 1023 }))
  const item = fc
    .tuple(category, category)
    .map(([a, b]): readonly [number, number] => [Math.min(a, b), Math.max(a, b)])
  const level = fc
    .tuple(fc.integer({ min: 0, max: 15 }), fc.array(item, { maxLength: 5 }))
    .map(([sensitivity, items]) => {
      const categories = new Set<number>()
      for (const [first, last] of items) for (let each = first; each <= last; each++) categories.add(each)
      const text = items
        .map(([first, last]) => (first === last ? `c${first}` : `c${first}.c${last}`))
        .join(',')
      return { sensitivity, categories, text: `s${sensitivity}${text === '' ? '' : `:${text}`}` }
    })
  const above = (one: Plain, other: Plain): boolean =>
    one.sensitivity >= other.sensitivity && [...other.categories].every((each) => one.categories.has(each))
  const range = fc.tuple(level, level).map(([low, extra]) => ({
    low,
    high: {
      sensitivity: Math.max(low.sensitivity, extra.sensitivity),
      categories: new Set([...low.categories, ...extra.categories]),
      text: `s${Math.max(low.sensitivity, extra.sensitivity)}${[low, extra]
        .map(({ text }) => text.split(':')[1])
        .filter((text) => text !== undefined)
        .map((text, index) => (index === 0 ? `:${text}` : `,${text}`))
        .join('')}`,
    },
  }))
  const read = (text: string): Range => {
    const parsed = parseRange(text)
    if (!parsed.ok) throw new Error(parsed.error)
    return parsed.value
  }
  const rangeOf = ({
    low,
    high,
  }: {
    readonly low: { readonly text: string }
    readonly high: { readonly text: string }
  }): Range => read(`${low.text}-${high.text}`)
  const plain = ({ sensitivity, categories }: Level): Plain => {
    const all = new Set<number>()
    for (const { first, last } of categories) for (let each = first; each <= last; each++) all.add(each)
    return { sensitivity, categories: all }
  }
  const canonical = ({ sensitivity, categories }: Plain): string => {
    const numbers = [...categories].sort((a, b) => a - b)
    const runs: number[][] = []
    for (const each of numbers) {
      const run = runs.at(-1)
      if (run !== undefined && run.at(-1) === each - 1) run.push(each)
      else runs.push([each])
    }
    const text = runs
      .map((run) => (run.length < 3 ? run.map((each) => `c${each}`).join(',') : `c${run[0]}.c${run.at(-1)}`))
      .join(',')
    return `s${sensitivity}${text === '' ? '' : `:${text}`}`
  }

  test('levels: reading, canonical form, dominance, equality, incomparability, counting', () => {
    fc.assert(
      fc.property(level, level, (one, other) => {
        const [a, b] = [levelOf(one.text), levelOf(other.text)]
        expect(plain(a).categories).toEqual(one.categories)
        expect(formatRange({ low: a, high: a })).toBe(canonical(one))
        expect(read(canonical(one)).low).toEqual(a)
        expect(dominates(a, b)).toBe(above(one, other))
        expect(sameLevel(a, b)).toBe(canonical(one) === canonical(other))
        expect(incomparable(a, b)).toBe(!above(one, other) && !above(other, one))
        expect(categoryCount(a)).toBe(one.categories.size)
      }),
    )
  })
  test('ranges: containment and intersection', () => {
    fc.assert(
      fc.property(range, range, level, (one, other, each) => {
        const [a, b] = [rangeOf(one), rangeOf(other)]
        expect(contains(a, b)).toBe(above(other.low, one.low) && above(one.high, other.high))
        expect(contains(a, a)).toBe(true)
        expect(sameRange(a, b)).toBe(formatRange(a) === formatRange(b))
        const both = intersection(a, b)
        const single = rangeOf({ low: each, high: each })
        expect(both !== undefined && contains(both, single)).toBe(contains(a, single) && contains(b, single))
        if (both !== undefined) expect([contains(a, both), contains(b, both)]).toEqual([true, true])
      }),
    )
  })
  test('a range is read exactly where its upper bound dominates its lower', () => {
    fc.assert(
      fc.property(level, level, (low, high) => {
        expect(parseRange(`${low.text}-${high.text}`).ok).toBe(above(high, low))
      }),
    )
  })
})
