import { expect, test } from '@jest/globals'
import { exampleInput } from './example.ts'
import { hostRootProbes, reachesHostRoot } from './host-root.ts'

const judge = (linux: object, texts: { readonly [path: string]: string } = {}): boolean | undefined => {
  const made = exampleInput({ name: 'x', config: { linux }, facts: { onHost: true, texts } })
  return made && reachesHostRoot(made.input)
}

const own = '/proc/self/uid_map'
const initial = '         0          0 4294967295\n'
const user = { namespaces: [{ type: 'user' }] }
const mapping = (hostID: number, size = 65536) => ({ uidMappings: [{ containerID: 0, hostID, size }] })

test('without a user namespace the caller decides', () => {
  expect(judge({})).toBe(true)
  expect(judge({}, { [own]: initial })).toBe(true)
  expect(judge({}, { [own]: '0 1000 1\n1 100000 65536\n' })).toBe(false)
})

test('a user namespace of its own is judged by its mappings', () => {
  expect(judge({ ...user, ...mapping(65536) }, { [own]: initial })).toBe(false)
  expect(judge({ ...user, ...mapping(0, 1) }, { [own]: initial })).toBe(true)
  expect(judge({ ...user, ...mapping(0, 0) }, { [own]: initial })).toBe(false)
  expect(judge(user, { [own]: initial })).toBe(true)
})

test('one that is joined is judged by the map of its process, and by what is declared where that cannot be had', () => {
  const joined = { namespaces: [{ type: 'user', path: '/proc/47/ns/user' }] }
  expect(judge({ ...joined, ...mapping(65536) }, { [own]: initial, '/proc/47/uid_map': initial })).toBe(true)
  expect(judge(joined, { [own]: initial, '/proc/47/uid_map': '0 65536 65536\n' })).toBe(false)
  expect(judge({ ...joined, ...mapping(65536) }, { [own]: initial })).toBe(false)
  expect(judge(joined, { [own]: initial })).toBe(true)
})

test('asks for the maps it reads', () => {
  const made = exampleInput({
    name: 'x',
    config: { linux: { namespaces: [{ type: 'user', path: '/proc/47/ns/user' }] } },
  })
  expect(made && hostRootProbes(made.input).map(({ path }) => path)).toEqual([own, '/proc/47/uid_map'])
})
