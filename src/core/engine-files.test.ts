import { describe, expect, test } from '@jest/globals'
import { isEngineOwn, rootSource, userSources } from './engine-files.ts'
import { exampleInput } from './example.ts'
import type { HostFacts } from './facts.ts'
import type { Mount } from './oci.ts'
import type { RuleInput } from './rule.ts'

const id = '0'.repeat(64)
const docker = `/var/lib/docker/containers/${id}`
const pod = '/var/lib/kubelet/pods/9b1e4f5c-7b1c-4b53-a3a4-0ff1d0b9c3aa'

const inputOf = (
  config: object,
  ownFolders: readonly string[],
  facts: Partial<HostFacts> = {},
): RuleInput => {
  const made = exampleInput({ name: 'engine files', config, identity: { ownFolders }, facts })
  if (made === undefined) throw new Error('not well formed')
  return made.input
}

const isOwn = (source: string, onHost = true): boolean => {
  const input = inputOf({}, onHost ? [docker, pod] : [], { onHost })
  return isEngineOwn({ destination: '/x', type: 'bind', source, options: ['rbind'] }, input)
}

describe('isEngineOwn', () => {
  test.each([
    `${docker}/hosts`,
    `${docker}/mounts/shm`,
    `${docker}/mounts/secrets/token`,
    `${pod}/etc-hosts`,
    `${pod}/containers/main/1a2b`,
    `${pod}/volumes/kubernetes.io~projected/kube-api-access-x`,
  ])('%s is', (source) => {
    expect(isOwn(source)).toBe(true)
    expect(isOwn(source, false)).toBe(true)
  })

  test.each([
    '/etc/hosts',
    docker,
    `${docker}/../other`,
    `${docker}/mounts/volume/etc`,
    `${docker.replace(id, '1'.repeat(64))}/hosts`,
    `${pod}/volume-subpaths/v/c/0`,
    `${pod}/volumes/kubernetes.io~local-volume/pv`,
    `${pod}/volumes/kubernetes.io~empty-dir/v/below`,
  ])('%s is not', (source) => {
    expect(isOwn(source)).toBe(false)
  })

  test.each([
    ['/sbin/docker-init', ['bind', 'ro'], true],
    ['/sbin/docker-init', ['bind'], false],
    ['/x', ['bind', 'ro'], false],
  ])('the init binary at %s, %j: %s', (destination, options, own) => {
    const mount: Mount = { destination, type: 'bind', source: '/usr/bin/docker-init', options }
    expect(isEngineOwn(mount, inputOf({}, []))).toBe(own)
  })
})

describe('what is borrowed from another container', () => {
  const other = '1'.repeat(64)
  const userdata = `/run/containers/storage/overlay-containers/${id}/userdata`

  test.each([
    ['/etc/hosts', `${docker}/hosts`, true],
    ['/etc/hostname', `${docker}/hostname`, true],
    ['/etc/resolv.conf', `${userdata}/resolv.conf`, true],
    ['/dev/shm', `${docker}/mounts/shm`, true],
    ['/dev/shm', `${userdata}/shm`, true],
    ['/etc/hosts', `${docker}/hostname`, false],
    ['/etc/hosts', `${docker}/mounts/hosts`, false],
    ['/x', `${docker}/config.v2.json`, false],
    ['/dev/shm', docker, false],
    ['/etc/hosts', `/srv/${id}/hosts`, false],
  ])('%s from %s: %s', (destination, pattern, own) => {
    const input = inputOf({}, [docker, userdata], { onHost: true })
    const { identity } = input
    const source = pattern.replace(id, other)
    const mount: Mount = { destination, type: 'bind', source }
    expect(isEngineOwn(mount, { ...input, identity: { ...identity, containerId: id } })).toBe(own)
    expect(isEngineOwn(mount, { ...input, identity: { ...identity, containerId: '' } })).toBe(false)
  })
})

test.each([
  [true, true],
  [false, false],
])('any source of BuildKit, proven %s: %s', (proven, own) => {
  const input = inputOf({}, [], { onHost: true })
  const identity = { ...input.identity, engine: 'buildkit', proven } as const
  const mount: Mount = { destination: '/cache', type: 'bind', source: '/var/lib/docker/overlay2/x/diff' }
  expect(isEngineOwn(mount, { ...input, identity })).toBe(own)
})

test('user sources keep their place among the mounts', () => {
  const mounts = [`${docker}/hosts`, '/srv'].map((source) => ({ destination: '/x', type: 'bind', source }))
  const found = userSources(inputOf({ mounts }, [docker], { onHost: true }))
  expect(found.map(({ index, path }) => [index, path])).toEqual([[1, '/srv']])
})

test.each([
  ['rootfs', undefined],
  [`/var/lib/docker/overlay2/${id}/merged`, undefined],
  ['/var/lib/docker/../../..', '/var/lib/docker/../../..'],
  ['/', '/'],
])('root %s: %s', (path, judged) => {
  expect(rootSource(inputOf({ root: { path } }, []))?.path).toBe(judged)
})
