import { describe, expect, test } from '@jest/globals'
import { exampleInput, hostFacts } from './example.ts'
import { judgeNamespace, namespaceProbes, ownNamespace, sharesNamespace } from './namespaces.ts'
import type { Example, RuleInput } from './rule.ts'

const input = (example: Omit<Example, 'name'>): RuleInput => {
  const made = exampleInput({ name: 'test', ...example })
  if (made === undefined) throw new Error('not well formed')
  return made.input
}

const joining = (path: string): object => ({ linux: { namespaces: [{ type: 'network', path }] } })
const host = { '/proc/1/ns/net': '4:1', '/proc/self/ns/net': '4:1' }

describe('namespaceProbes', () => {
  test('asks for nothing when no path is named', () => {
    expect(namespaceProbes(input({}), 'network')).toEqual([])
    expect(namespaceProbes(input({ config: joining('') }), 'network')).toEqual([])
  })

  test('asks for the path, pid 1 and the caller', () => {
    expect(namespaceProbes(input({ config: joining('/run/netns/a') }), 'network')).toEqual([
      { path: '/run/netns/a' },
      { path: '/proc/1/ns/net' },
      { path: '/proc/self/ns/net' },
    ])
  })
})

describe('judgeNamespace', () => {
  const judged = (path: string, paths: Parameters<typeof hostFacts>[0]): readonly string[] =>
    judgeNamespace(input({ config: joining(path), facts: hostFacts(paths) }), 'network').map(
      ({ message }) => message,
    )

  test.each([
    ['another namespace', { ...host, '/run/netns/a': '4:2' }, []],
    ["pid 1's under another name", { ...host, '/run/netns/a': '4:1' }, ['host']],
    [
      "the caller's, where pid 1 has another",
      { ...host, '/proc/self/ns/net': '4:7', '/run/netns/a': '4:7' },
      ['host'],
    ],
    ['a path that is gone', { ...host, '/run/netns/a': { error: 'ENOENT', id: '' } }, ['unresolved']],
    ['a path nobody looked at', host, ['unresolved']],
    ['no caller to compare with', { '/proc/1/ns/net': '4:1', '/run/netns/a': '4:2' }, ['unresolved']],
    [
      'pid 1 gone',
      { ...host, '/proc/1/ns/net': { error: 'ENOENT', id: '' }, '/run/netns/a': '4:2' },
      ['unresolved'],
    ],
    [
      'pid 1 hidden from a user',
      { ...host, '/proc/1/ns/net': { error: 'EACCES', id: '' }, '/run/netns/a': '4:2' },
      [],
    ],
  ])('%s', (_, paths, messages) => {
    expect(judged('/run/netns/a', paths)).toEqual(messages)
  })

  test('sees every entry of a type that is listed twice', () => {
    const config = {
      linux: { namespaces: [{ type: 'network' }, { type: 'network', path: '/proc/1/ns/net' }] },
    }
    expect(judgeNamespace(input({ config, facts: hostFacts(host) }), 'network')).toHaveLength(1)
  })

  test.each([
    ['/proc/1/ns/net', ['host', undefined]],
    ['/proc/./self/ns//net', ['host', undefined]],
    ['/run/docker/netns/default', ['host', undefined]],
    ['/proc/4711/ns/net', ['unresolved', true]],
  ])('away from the host %s is %j', (path, expected) => {
    const [found] = judgeNamespace(input({ config: joining(path) }), 'network')
    expect([found?.message, found?.unknown]).toEqual(expected)
  })
})

describe('ownNamespace', () => {
  const fixed = (example: Omit<Example, 'name'>): unknown => {
    const made = input(example)
    return ownNamespace(judgeNamespace(made, 'network'), made, 'network')
  }

  test('adds what is missing, also the list itself', () => {
    expect(fixed({ config: { linux: { namespaces: [] } } })).toEqual([
      { op: 'add', path: '/linux/namespaces/-', value: { type: 'network' } },
    ])
    expect(fixed({ config: { linux: null } })).toEqual([
      { op: 'add', path: '/linux', value: { namespaces: [{ type: 'network' }] } },
    ])
  })

  test("replaces the host's, leaves what could not be compared and what is restored", () => {
    expect(fixed({ config: joining('/proc/1/ns/net') })).toEqual([
      { op: 'replace', path: '/linux/namespaces/0', value: { type: 'network' } },
    ])
    expect(fixed({ config: joining('/proc/4711/ns/net') })).toEqual([])
    expect(fixed({ operation: 'restore', config: joining('/proc/1/ns/net') })).toEqual([])
  })

  test('sharing is only what is known', () => {
    expect(sharesNamespace(input({ config: joining('/proc/1/ns/net') }), 'network')).toBe(true)
    expect(sharesNamespace(input({ config: joining('/proc/4711/ns/net') }), 'network')).toBe(false)
  })
})
