import { describe, expect, test } from '@jest/globals'
import { addressGroups, isEveryAddress } from './host-address.ts'

describe('isEveryAddress', () => {
  test.each([
    '',
    '0.0.0.0',
    '::',
    '::0',
    '0::',
    '0:0:0:0:0:0:0:0',
    '0000:0000:0000:0000:0000:0000:0000:0000',
    '::0.0.0.0',
    '::ffff:0.0.0.0',
    '::FFFF:0:0',
    '0:0:0:0:0:ffff:0.0.0.0',
  ])('%j is every address', (text) => expect(isEveryAddress(text)).toBe(true))

  test.each([
    '0',
    '0.0',
    '00.0.0.0',
    '010.0.0.1',
    '127.1',
    '[::1]',
    '::1%lo',
    'localhost',
    ' 127.0.0.1',
    '1::2::3',
  ])('%j is no address, which an engine takes for none', (text) => {
    expect(addressGroups(text)).toBeUndefined()
    expect(isEveryAddress(text)).toBe(true)
  })

  test.each(['127.0.0.1', '::1', '10.0.0.0', '::ffff:127.0.0.1', 'fe80::1', '1:2:3:4:5:6:7:8', '0.0.0.1'])(
    '%j is one address',
    (text) => expect(isEveryAddress(text)).toBe(false),
  )
})

describe('addressGroups', () => {
  test.each([
    ['127.0.0.1', [0, 0, 0, 0, 0, 0xffff, 0x7f00, 1]],
    ['::ffff:127.0.0.1', [0, 0, 0, 0, 0, 0xffff, 0x7f00, 1]],
    ['2001:db8::5', [0x2001, 0xdb8, 0, 0, 0, 0, 0, 5]],
  ])('%s', (text, groups) => expect(addressGroups(text)).toEqual(groups))

  test.each([
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '12345::',
    '::1.2.3.256',
    '1.2.3.4:5',
  ])('%s is none', (text) => expect(addressGroups(text)).toBeUndefined())
})
