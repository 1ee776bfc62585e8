/** The parser of tokens on whatever comes: an answer for everything, and none that holds part of the token. */
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { memoryHost } from '../../test/support/memory-host.ts'
import { parseToken } from './token.ts'

const { host } = memoryHost()
const part = fc.oneof(
  fc.json().map((text) => Buffer.from(text).toString('base64url')),
  fc
    .record({ alg: fc.constantFrom('ES256', 'none', 1), kid: fc.string() })
    .map((header) => Buffer.from(JSON.stringify(header)).toString('base64url')),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
  fc.string(),
)

test('any text has an answer', () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
      const text = parts.join('.')
      const parsed = parseToken(host, text)
      if (parsed.ok) {
        expect(parts).toHaveLength(3)
        expect(text.startsWith(`${parsed.value.signed}.`)).toBe(true)
      } else
        for (const each of parts.filter(({ length }) => length > 12))
          expect(parsed.error.detail).not.toContain(each)
    }),
    { numRuns: 500 },
  )
})
