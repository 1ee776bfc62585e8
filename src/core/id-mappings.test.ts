import { describe, expect, test } from '@jest/globals'
import { noHostFacts } from './facts.ts'
import { hostId, idMapProbes, mappedId, parseIdMap } from './id-mappings.ts'
import type { Linux } from './oci.ts'

const input = (linux: Linux, texts: { readonly [path: string]: string } = {}) => ({
  config: { ociVersion: '1.0.2', linux },
  facts: { ...noHostFacts, onHost: true, texts },
})
const remapped = [{ containerID: 0, hostID: 100000, size: 65536 }]

test('parseIdMap reads the lines of a map, and nothing else', () => {
  expect(parseIdMap('         0       1000          1\n         1     100000      65536\n')).toEqual([
    { containerID: 0, hostID: 1000, size: 1 },
    { containerID: 1, hostID: 100000, size: 65536 },
  ])
  expect(parseIdMap('\nnonsense\n1 2\n')).toEqual([])
})

test('mappedId', () => {
  expect(mappedId(0, remapped)).toBe(100000)
  expect(mappedId(65535, remapped)).toBe(165535)
  expect(mappedId(65536, remapped)).toBeUndefined()
})

describe('hostId', () => {
  test('without a user namespace it is the same id', () => {
    expect(hostId(0, 'user', input({ uidMappings: remapped }))).toBe(0)
  })
  test('a namespace of its own maps it', () => {
    expect(hostId(0, 'user', input({ namespaces: [{ type: 'user' }], uidMappings: remapped }))).toBe(100000)
    expect(hostId(0, 'group', input({ namespaces: [{ type: 'user' }], gidMappings: remapped }))).toBe(100000)
  })
  test('an id outside every range is not mapped away', () => {
    expect(hostId(70000, 'user', input({ namespaces: [{ type: 'user' }], uidMappings: remapped }))).toBe(
      70000,
    )
  })
  test("the caller's namespace counts too (rootless)", () => {
    const texts = { '/proc/self/uid_map': '0 1000 1\n1 100000 65536\n' }
    expect(hostId(0, 'user', input({}, texts))).toBe(1000)
    expect(hostId(33, 'user', input({}, texts))).toBe(100032)
  })
  test('the map of a namespace joined by its process is read, not believed', () => {
    const linux = { namespaces: [{ type: 'user', path: '/proc/42/ns/user' }], uidMappings: remapped }
    expect(hostId(0, 'user', input(linux, { '/proc/42/uid_map': '0 0 4294967295\n' }))).toBe(0)
    expect(hostId(0, 'user', input(linux))).toBe(100000)
  })
  test('a joined namespace nobody describes is not known', () => {
    const linux = { namespaces: [{ type: 'user', path: '/run/userns/x' }] }
    expect(hostId(0, 'user', input(linux))).toBeUndefined()
  })
})

test('idMapProbes', () => {
  expect(idMapProbes(input({}), 'user')).toEqual([{ path: '/proc/self/uid_map', kind: 'text' }])
  const joined = input({ namespaces: [{ type: 'user', path: '/proc/42/ns/user' }] })
  expect(idMapProbes(joined, 'group').map(({ path }) => path)).toEqual([
    '/proc/self/gid_map',
    '/proc/42/gid_map',
  ])
})
