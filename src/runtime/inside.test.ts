import { expect, test } from '@jest/globals'
import type { Host } from '../host/host.ts'
import { insideOf } from './inside.ts'

/** A root file system at /root with these links; every other path named exists, the rest does not. */
const rootWith = (
  links: { readonly [path: string]: string },
  folders: readonly string[] = [],
): Pick<Host, 'readLink'> => ({
  readLink: (path) => {
    const link = links[path]
    if (link !== undefined) return { ok: true, value: link }
    const code = folders.includes(path) ? 'EINVAL' : 'ENOENT'
    return { ok: false, error: { code, syscall: 'readlink', path } }
  },
})

test('a path without links leads to itself', () => {
  const host = rootWith({}, ['/root/a', '/root/a/b'])
  expect(insideOf(host, '/root', '/a//./b')).toEqual({ real: '/a/b', links: [], exists: true })
})

test('an absolute link starts again at the container’s root', () => {
  const host = rootWith({ '/root/var/run': '/run' }, ['/root/var', '/root/run'])
  expect(insideOf(host, '/root', '/var/run/x')).toEqual({
    real: '/run/x',
    links: ['/var/run -> /run'],
    exists: false,
  })
})

test('dots never lead out of the root', () => {
  const host = rootWith({ '/root/a': '../../../etc' }, ['/root/etc'])
  expect(insideOf(host, '/root', '/a/../../etc/../..')).toMatchObject({ real: '/' })
})

test('links to descriptors are followed as text, whatever is behind them', () => {
  const host = rootWith({ '/root/work': '/proc/self/fd/8' }, ['/root/proc'])
  expect(insideOf(host, '/root', '/work').real).toBe('/proc/self/fd/8')
})

test('a loop ends', () => {
  const host = rootWith({ '/root/a': '/b', '/root/b': '/a' })
  const fact = insideOf(host, '/root', '/a')
  expect(fact.exists).toBe(false)
  expect(fact.links.length).toBeLessThan(50)
})

test('what does not exist is taken as written', () => {
  expect(insideOf(rootWith({}), '/root', '/x/y')).toEqual({ real: '/x/y', links: [], exists: false })
})
