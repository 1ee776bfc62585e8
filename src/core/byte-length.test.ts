import { expect, test } from '@jest/globals'
import { byteLength, isLonger } from './byte-length.ts'

test.each(['', 'plain', 'grün', '柱', '🏛', 'a🏛b柱cé', '\u0000\u007f\u0080\u07ff\u0800\uffff'])(
  'byteLength %j',
  (text) => expect(byteLength(text)).toBe(Buffer.byteLength(text)),
)

test.each([
  [['abc', 'de'], 5, false],
  [['abc', 'de'], 4, true],
  [['ü', 'ü'], 3, true],
  [['ü', 'ü'], 4, false],
  [['柱'], 2, true],
  [[], 0, false],
])('isLonger %j %d: %s', (texts, limit, longer) => expect(isLonger(texts, limit)).toBe(longer))
