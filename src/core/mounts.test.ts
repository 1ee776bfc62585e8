import { describe, expect, test } from '@jest/globals'
import { destinationOf, hostSources, isBind, isWritable } from './mounts.ts'

const mount = (...options: readonly string[]) => ({ destination: '/x', source: '/data', options })

describe('isBind', () => {
  test.each([
    [{ destination: '/x', type: 'bind' }, true],
    [{ destination: '/x', type: 'tmpfs', options: ['rbind'] }, true],
    [{ destination: '/x', type: 'none', options: ['ro', 'bind'] }, true],
    [{ destination: '/x', type: 'tmpfs', options: ['unbindable'] }, false],
    [{ destination: '/x' }, false],
  ])('%j: %s', (given, bind) => {
    expect(isBind(given)).toBe(bind)
  })
})

describe('isWritable', () => {
  test.each([
    [[], true],
    [['ro'], false],
    [['ro', 'rw'], true],
    [['rw', 'ro'], false],
    [['ro', 'rw', 'ro'], false],
    [['rro'], false],
    [['rro', 'rw'], false],
    [['rrw', 'ro'], true],
    [['rro', 'rrw'], true],
    [['ro,rw'], true],
  ])('%j: %s', (options, writable) => {
    expect(isWritable(mount(...options))).toBe(writable)
  })
})

describe('hostSources', () => {
  const paths = (given: Parameters<typeof hostSources>[0]) =>
    hostSources(given, 0).map(({ path, writable, submounts }) => [path, writable, submounts])

  test('a bind brings its submounts unless it is not recursive', () => {
    expect(paths(mount('rbind', 'ro'))).toEqual([['/data', false, 'writable']])
    expect(paths(mount('rbind', 'rro'))).toEqual([['/data', false, 'read-only']])
    expect(paths(mount('bind'))).toEqual([['/data', true, 'none']])
    expect(paths(mount('bind', 'rbind'))).toEqual([['/data', true, 'writable']])
  })

  test('private file systems bring nothing of the host', () => {
    expect(paths({ destination: '/proc', type: 'proc', source: 'proc' })).toEqual([])
    expect(paths({ destination: '/x', type: 'nfs', source: 'server:/export' })).toEqual([])
  })

  test('a file system the kernel has one instance of is the host’s', () => {
    expect(paths({ destination: '/x', type: 'devtmpfs', source: 'devtmpfs' })).toEqual([
      ['/dev', true, 'none'],
    ])
  })

  test('overlay layers, joined or not, escaped colons kept', () => {
    const options = ['lowerdir=/a:/b\\:c,upperdir=/u', 'workdir=/w']
    expect(paths({ destination: '/x', type: 'overlay', source: 'overlay', options })).toEqual([
      ['/a', false, 'none'],
      ['/b:c', false, 'none'],
      ['/u', true, 'none'],
      ['/w', true, 'none'],
    ])
  })

  test('a source nobody gave is the bundle', () => {
    expect(paths({ destination: '/x', type: 'bind', options: ['bind'] })).toEqual([['.', true, 'none']])
  })
})

test('destinations are cleaned', () => {
  expect(destinationOf({ destination: '//usr/./lib/..' })).toBe('/usr')
  expect(destinationOf({ destination: 'usr' })).toBe('/usr')
})
