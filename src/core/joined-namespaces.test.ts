import { expect, test } from '@jest/globals'
import { hostFacts } from './example.ts'
import { type HostFacts, noHostFacts } from './facts.ts'
import { joinedNamespaces, joinedProbes, ownerOf } from './joined-namespaces.ts'

const joined = { index: 0, type: 'cgroup', path: '/proc/47/ns/cgroup' }

const on = (id: string): HostFacts => ({
  ...noHostFacts,
  ...hostFacts({ [joined.path]: id, '/proc/1/ns/cgroup': '4:1', '/proc/self/ns/cgroup': '4:5' }),
})

test('only entries with a path join', () => {
  const namespaces = [{ type: 'pid' }, { type: 'ipc', path: '' }, { type: 'network', path: '/run/netns/a' }]
  expect(joinedNamespaces({ ociVersion: '1.0.2', linux: { namespaces } })).toEqual([
    { index: 2, type: 'network', path: '/run/netns/a' },
  ])
  expect(joinedNamespaces(undefined)).toEqual([])
})

test('compared by inode with that of pid 1 and of the caller', () => {
  expect(joinedProbes({ ...joined, type: 'network', path: '/a' }).map(({ path }) => path)).toEqual([
    '/a',
    '/proc/1/ns/net',
    '/proc/self/ns/net',
  ])
  expect(['4:1', '4:5', '4:9'].map((id) => ownerOf(joined, on(id)))).toEqual(['host', 'host', 'other'])
  expect(ownerOf({ ...joined, path: '/gone' }, on('4:9'))).toBe('unknown')
})

test('away from the host only by names that mean it everywhere', () => {
  const owner = (type: string, path: string) => ownerOf({ index: 0, type, path }, noHostFacts)
  expect(owner('mount', '/proc/1/./ns/mnt')).toBe('host')
  expect(owner('network', '/run/docker/netns/default')).toBe('host')
  expect(owner('mount', '/proc/47/ns/mnt')).toBe('unknown')
})
