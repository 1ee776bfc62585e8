import { describe, expect, test } from '@jest/globals'
import { formatSize, parseSize } from './size.ts'

describe('parseSize', () => {
  test.each([
    ['512MiB', 512 * 1024 ** 2],
    ['512Mi', 512 * 1024 ** 2],
    ['512MB', 512 * 1024 ** 2],
    ['512m', 512 * 1024 ** 2],
    ['64k', 65536],
    ['1G', 1024 ** 3],
    ['1.5 GiB', 1.5 * 1024 ** 3],
    ['4096', 4096],
    ['4096b', 4096],
    ['0', 0],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toEqual({ ok: true, value: bytes })
  })

  test.each(['', 'max', '-1', '0x10', '1e3', '5 apples', '1i', '.5G', '9999999P'])(
    '%j is refused',
    (text) => {
      expect(parseSize(text).ok).toBe(false)
    },
  )
})

describe('formatSize', () => {
  test.each([
    [0, '0 bytes'],
    [1023, '1023 bytes'],
    [1024, '1 KiB'],
    [512 * 1024 ** 2, '512 MiB'],
    [1.5 * 1024 ** 3, '1.5 GiB'],
    [2 ** 63, '8192 PiB'],
  ])('%d is %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text)
  })
})
