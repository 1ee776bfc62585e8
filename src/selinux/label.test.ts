/** Labels and ranges: what the kernel takes is read, what it refuses is refused (measured with write(2) on context). */
import { describe, expect, test } from '@jest/globals'
import { parseLabel } from './label.ts'
import { categoryCount, dominates, type Level, parseRange, sameLevel } from './range.ts'

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
