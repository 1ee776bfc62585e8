/** Base64url: a value has one spelling, whatever the text. */
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decodeBase64url, encodeBase64url } from './base64url.ts'

const encode = (bytes: readonly number[]): string => Buffer.from(bytes).toString('base64url')

describe('base64url', () => {
  test('what is encoded comes back', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(255)), (bytes) => {
        expect(decodeBase64url(encode(bytes))).toEqual(bytes)
        expect(encodeBase64url(bytes)).toBe(encode(bytes))
      }),
    )
  })

  test('whatever is taken is the one spelling of its bytes', () => {
    const character = fc.constantFrom(...'ABCwxyz019-_+/= \n\u00e9\u{1f600}')
    const text = fc.array(character, { maxLength: 12 }).map((all) => all.join(''))
    fc.assert(
      fc.property(text, (each) => {
        const bytes = decodeBase64url(each)
        if (bytes !== undefined) expect(encode(bytes)).toBe(each)
      }),
      { numRuns: 2000 },
    )
  })

  test.each(['A', 'AB', 'AA=', 'AA==', 'A A', 'AA\n', '+A', '/A', 'AAB'])('%j is refused', (text) => {
    expect(decodeBase64url(text)).toBeUndefined()
  })
})
