import { describe, expect, test } from '@jest/globals'
import { isImageId, parseImageReference } from './image-reference.ts'

const sha256 = `sha256:${'0a'.repeat(32)}`

describe('parseImageReference', () => {
  test.each([
    ['busybox', 'busybox', undefined, undefined],
    ['busybox:1.36', 'busybox', '1.36', undefined],
    ['host:5000/team/app', 'host:5000/team/app', undefined, undefined],
    ['host:5000/team/app:2', 'host:5000/team/app', '2', undefined],
    [`app@${sha256}`, 'app', undefined, sha256],
    [`host:5000/app:latest@${sha256}`, 'host:5000/app', 'latest', sha256],
    ['app@sha256:0a0a', 'app', undefined, undefined],
    ['app:', 'app', undefined, undefined],
  ])('%s', (text, name, tag, digest) => expect(parseImageReference(text)).toEqual({ name, tag, digest }))
})

test.each([
  [sha256, true],
  ['0a'.repeat(32), true],
  ['3698a0a20d48', true],
  ['cafe', false],
  ['busybox', false],
  [`app@${sha256}`, false],
])('isImageId %s: %s', (text, is) => expect(isImageId(text)).toBe(is))
