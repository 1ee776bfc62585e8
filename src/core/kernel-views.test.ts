import { describe, expect, test } from '@jest/globals'
import { exampleInput } from './example.ts'
import { hostTree, viewOf } from './example-facts.ts'
import type { HostFacts } from './facts.ts'
import { isShown, kernelViewProbes, kernelViews } from './kernel-views.ts'
import type { Mount } from './oci.ts'

const inputOf = (mounts: readonly Mount[], facts: Partial<HostFacts> = {}) => {
  const made = exampleInput({ name: 'x', config: { mounts }, facts })
  if (made === undefined) throw new Error('not well formed')
  return made.input
}

const bind = (source: string, ...options: readonly string[]): Mount => ({
  destination: '/x',
  type: 'bind',
  source,
  options,
})

const seen = (mount: Mount, facts?: Partial<HostFacts>) =>
  kernelViews(inputOf([mount], facts)).map(({ destination, shows, type, writable }) =>
    [destination, shows, type ?? 'bind', writable ? 'rw' : 'ro'].join(' '),
  )

describe('kernelViews', () => {
  test('instances, in their place or not', () => {
    expect(seen({ destination: '/proc/', type: 'proc' })).toEqual(['/proc /proc proc rw'])
    expect(seen({ destination: '/x', type: 'tracefs', options: ['ro'] })).toEqual([
      '/x /sys/kernel/tracing tracefs ro',
    ])
    expect(seen({ destination: '/x', type: 'tmpfs' })).toEqual([])
    expect(seen({ destination: '/x', type: 'cgroup' })).toEqual([])
  })

  test('a type says nothing about a bind', () => {
    expect(seen({ destination: '/x', type: 'proc', source: '/srv', options: ['bind'] })).toEqual([])
  })

  test('binds by inode, below another name', () => {
    const facts = hostTree({
      '/srv/p/sys/kernel': { ancestors: ['1:/proc/sys', '1:/proc', '1:/srv', '1:/'] },
    })
    expect(seen(bind('/srv/p/sys/kernel', 'bind', 'ro'), facts)).toEqual(['/x /proc/sys/kernel bind ro'])
    expect(seen(bind('/srv/q', 'bind'), hostTree({ '/srv/q': { aliases: [viewOf('/sys/class')] } }))).toEqual(
      ['/x /sys/class bind rw'],
    )
  })

  test('binds of another instance, by the type of its file system and the folders of its device', () => {
    const other = ['9:2', '9:1', '1:/srv', '1:/']
    const facts = hostTree({
      '/srv/p': { id: '9:1', fileSystem: 'proc' },
      '/srv/p/sys/kernel': { id: '9:3', fileSystem: 'proc', ancestors: other },
      '/srv/c/pod': { id: '9:2', fileSystem: 'cgroup2', ancestors: other.slice(1) },
      '/srv/copy': {
        id: '9:3',
        fileSystem: 'proc',
        aliases: [{ path: '/srv/p/sys/kernel', id: '9:3', fileSystem: 'proc', ancestors: other }],
      },
      '/srv': { submounts: [viewOf('/srv/pins', '9:1', 'bpf'), viewOf('/srv/disk', '8:2')] },
    })
    expect(seen(bind('/srv/p', 'bind', 'ro'), facts)).toEqual(['/x /proc bind ro'])
    expect(seen(bind('/srv/p/sys/kernel', 'bind'), facts)).toEqual(['/x /proc/sys/kernel bind rw'])
    expect(seen(bind('/srv/c/pod', 'bind'), facts)).toEqual(['/x /sys/fs/cgroup/pod bind rw'])
    expect(seen(bind('/srv/copy', 'bind'), facts)).toEqual(['/x /proc/sys/kernel bind rw'])
    expect(seen(bind('/srv', 'rbind', 'ro'), facts)).toEqual(['/x/pins /sys/fs/bpf bind rw'])
  })

  test('a recursive bind brings along what is mounted below, each with its own flag', () => {
    const facts = hostTree({ '/': { submounts: [viewOf('/proc'), viewOf('/srv/data')] } })
    expect(seen(bind('/', 'rbind', 'ro'), facts)).toEqual(['/x/proc /proc bind rw'])
    expect(seen(bind('/', 'rbind', 'rro'), facts)).toEqual(['/x/proc /proc bind ro'])
    expect(seen(bind('/', 'bind'), facts)).toEqual([])
  })

  test('away from the host the usual places stand for what is mounted', () => {
    expect(seen(bind('/sys/fs', 'rbind', 'rro'))).toEqual([
      '/x /sys/fs bind ro',
      ...['bpf', 'fuse/connections', 'pstore', 'selinux', 'cgroup'].map(
        (name) => `/x/${name} /sys/fs/${name} bind ro`,
      ),
    ])
    expect(seen(bind('/srv', 'rbind'))).toEqual([])
  })
})

test('asks nothing of the host unless something of it is mounted', () => {
  expect(kernelViewProbes(inputOf([{ destination: '/proc', type: 'proc' }]))).toEqual([])
  expect(kernelViewProbes(inputOf([bind('/srv', 'rbind')])).map(({ path }) => path)).toEqual([
    '/srv',
    '/proc',
    '/sys',
  ])
})

test('the last mount over a path is the one that shows', () => {
  const mounts = ['/a', '/a/b', '/a/bc', '/'].map((destination) => ({ destination, type: 'tmpfs' }))
  expect(isShown('/a/b/c', 1, mounts.slice(0, 3))).toBe(true)
  expect(isShown('/a/b/c', 0, mounts.slice(0, 3))).toBe(false)
  expect(isShown('/a/b/c', 1, mounts)).toBe(false)
})
