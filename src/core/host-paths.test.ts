import { describe, expect, test } from '@jest/globals'
import { hostTree, viewOf } from './example-facts.ts'
import { type HostFacts, noHostFacts } from './facts.ts'
import { depthBelow, factOf, relationOf, shownPath, viewsOf } from './host-paths.ts'

const relation = (source: string, target: string, facts: HostFacts = noHostFacts) => {
  const [view] = viewsOf(factOf(facts, source))
  return view && relationOf(view, factOf(facts, target))
}

describe('relationOf, by path', () => {
  test.each([
    ['/etc', '/etc', 'is'],
    ['/etc//', '/etc', 'is'],
    ['/etc/cron.d', '/etc', 'in'],
    ['/', '/etc', 'contains'],
    ['/etcetera', '/etc', undefined],
    ['/anything', '/', undefined],
    ['/', '/', 'is'],
    ['/var/run/docker.sock', '/run/docker.sock', 'is'],
    ['/run/user/1000', '/run/user/*/docker.sock', 'contains'],
    ['/run/user/1000/docker.sock', '/run/user/*/docker.sock', 'is'],
    ['/run/user/1000/x/docker.sock', '/run/user/*/docker.sock', undefined],
    ['/var/lib/docker/1.1/volumes/v/_data', '/var/lib/docker/*/volumes', 'in'],
  ])('%s and %s: %s', (source, target, expected) => {
    expect(relation(source, target)).toBe(expected)
  })
})

describe('relationOf, on the host', () => {
  const host = (paths: Parameters<typeof hostTree>[0]): HostFacts => ({ ...noHostFacts, ...hostTree(paths) })

  test.each([
    ['/srv/link', { '/srv/link': { real: '/etc' } }, 'is'],
    ['/srv/bind', { '/srv/bind': { id: '1:/etc' } }, 'is'],
    ['/srv/etc', { '/srv/etc': {} }, undefined],
    ['/etc/new', { '/etc/new': { id: '', error: 'ENOENT' } }, 'in'],
    ['/srv', { '/srv': {}, '/etc': { aliases: [viewOf('/srv/etc', '1:/etc')] } }, 'contains'],
  ])('%s and /etc: %#', (source, paths, expected) => {
    expect(relation(source, '/etc', host(paths))).toBe(expected)
  })

  test('a guarded path that is not there yet is compared by where it would be', () => {
    const facts = host({
      '/srv/new': { id: '', error: 'ENOENT' },
      '/srv': {},
      '/srv/new/below': { id: '', error: 'ENOENT' },
    })
    expect(relation('/srv', '/srv/new', facts)).toBe('contains')
    expect(relation('/srv/new/below', '/srv/new', facts)).toBe('in')
  })

  test('two files that are not there are not the same', () => {
    const facts = host({ '/a': { id: '', error: 'ENOENT' }, '/b': { id: '', error: 'ENOENT' } })
    expect(relation('/a', '/b', facts)).toBeUndefined()
  })
})

test('depth counts the levels below', () => {
  const volumes = factOf(noHostFacts, '/v')
  expect(['/v', '/v/a', '/v/a/_data', '/w'].map((path) => depthBelow(viewOfPath(path), volumes))).toEqual([
    0, 1, 2, -1,
  ])
})

const viewOfPath = (path: string) => {
  const { real, id, ancestors, fileSystem } = factOf(noHostFacts, path)
  return { path: real, id, ancestors, fileSystem }
}

test('shown paths are short and have no control characters', () => {
  expect(shownPath('/a\nb')).toBe('/a?b')
  expect(shownPath(`/${'x'.repeat(500)}`)).toHaveLength(64)
})
