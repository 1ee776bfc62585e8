/** Times of engines against those of Node. */
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { epochSeconds } from './time.ts'

test('any time is what Date makes of it', () => {
  const dates = fc.date({ min: new Date('1970-01-01'), max: new Date('2200-01-01'), noInvalidDate: true })
  fc.assert(
    fc.property(dates, (date) => {
      expect(epochSeconds(date.toISOString())).toBe(Math.floor(date.getTime() / 1000))
    }),
  )
})

test.each([
  ['2026-11-22T08:00:00.123456789+02:00', '2026-11-22T06:00:00Z'],
  ['2024-02-29T23:59:59-01:30', '2024-03-01T01:29:59Z'],
])('%s has an offset', (text, same) => {
  expect(epochSeconds(text)).toBe(Date.parse(same) / 1000)
})

test.each(['', '2026-11-22', '2026-11-22T08:00:00', 'now', '2026-11-22T08:00:00Z\n'])(
  '%j is none',
  (text) => {
    expect(epochSeconds(text)).toBeUndefined()
  },
)
