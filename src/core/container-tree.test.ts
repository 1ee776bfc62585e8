import { describe, expect, test } from '@jest/globals'
import { followInside, type HostFiles, treeOf } from './container-tree.ts'
import type { InsideFact } from './facts.ts'
import type { Mount } from './oci.ts'

/** A host with these links, and with these folders; nothing else exists. */
interface Files {
  readonly links?: { readonly [path: string]: string }
  readonly folders?: readonly string[]
}

const filesOf = ({ links = {}, folders = [] }: Files): HostFiles => ({
  look: (path) => {
    const link = links[path]
    return link === undefined ? { exists: folders.includes(path) } : { exists: true, link }
  },
  resolve: (path) => links[path] ?? path,
})

const follow = (path: string, files: Files, mounts: readonly Mount[] = []): InsideFact =>
  followInside(treeOf({ root: '/root', bundle: '/bundle', mounts }, filesOf(files)), path)

const bind = (destination: string, source: string): Mount => ({
  destination,
  type: 'bind',
  source,
  options: ['rbind'],
})

const tmpfs = (destination: string, ...options: string[]): Mount => ({ destination, type: 'tmpfs', options })

describe('in the image', () => {
  test('a path without links leads to itself', () =>
    expect(follow('/a//./b', { folders: ['/root/a', '/root/a/b'] })).toEqual({
      real: '/a/b',
      links: [],
      exists: true,
    }))

  test('an absolute link starts again at the container’s root', () =>
    expect(follow('/var/run/x', { links: { '/root/var/run': '/run' }, folders: ['/root/var'] })).toEqual({
      real: '/run/x',
      links: ['/var/run -> /run'],
      exists: false,
    }))

  test('dots never lead out of the root', () =>
    expect(
      follow('/a/../../etc/../..', { links: { '/root/a': '../../../etc' }, folders: ['/root/etc'] }),
    ).toEqual({ real: '/', links: ['/a -> ../../../etc'], exists: true }))

  test('a loop ends', () => {
    const fact = follow('/a', { links: { '/root/a': '/b', '/root/b': '/a' } })
    expect(fact.exists).toBe(false)
    expect(fact.links).toHaveLength(41)
  })

  test('what does not exist is taken as written', () =>
    expect(follow('/x/y', {})).toEqual({ real: '/x/y', links: [], exists: false }))

  // Runtimes make a working directory that does not exist, part by part.
  test('what does not exist hides no link behind `..`', () =>
    expect(follow('/x/../work', { links: { '/root/work': '/y' } })).toEqual({
      real: '/y',
      links: ['/work -> /y'],
      exists: false,
    }))
})

describe('descriptors', () => {
  const work = { links: { '/root/work': '/proc/self/fd/8' } }

  test('end the way, whatever is behind them', () =>
    expect(follow('/work', work)).toEqual({
      real: '/proc/self/fd/8',
      links: ['/work -> /proc/self/fd/8'],
      exists: false,
      descriptors: '/proc/self/fd/8',
    }))

  test('are not undone by what comes after', () =>
    expect(follow('/work/../../..', work)).toMatchObject({
      real: '/proc/self/fd/8/../../..',
      descriptors: '/proc/self/fd/8',
    }))

  test.each([
    ['/proc/self/fd/7/../../..', '/proc/self/fd/7'],
    ['/proc/self/fd', '/proc/self/fd'],
    ['/proc/12/task/13/cwd/x', '/proc/12/task/13/cwd'],
    ['/proc/1/root', '/proc/1/root'],
    ['/proc/thread-self/fd/9', '/proc/self/task/1/fd/9'],
    ['/proc/thread-self/../../fd/9', '/proc/self/fd/9'],
    ['/proc/net/../fd/9', '/proc/self/fd/9'],
    ['/dev/fd/9', '/proc/self/fd/9'],
    ['/dev/fd/../cwd', '/proc/self/cwd'],
    ['/dev/stdin', '/proc/self/fd/0'],
  ])('%s: %s', (path, descriptors) => expect(follow(path, {})).toMatchObject({ descriptors }))

  test.each([
    '/proc/self/fdinfo/8',
    '/proc/self/fd/../status',
    '/proc/root',
    '/data/proc/self/fd/8',
    '/root',
  ])('none in %s', (path) => expect(follow(path, {}).descriptors).toBeUndefined())
})

describe('in mounts', () => {
  test('links of a volume are followed from the container’s root', () =>
    expect(
      follow('/volume/x', { links: { '/srv/v/x': '/proc/self/fd/8' } }, [bind('/volume', '/srv/v')]),
    ).toMatchObject({ links: ['/volume/x -> /proc/self/fd/8'], descriptors: '/proc/self/fd/8' }))

  test('a relative source lies in the bundle', () =>
    expect(follow('/volume/x', { links: { '/bundle/v/x': '/y' } }, [bind('/volume', 'v')]).real).toBe('/y'))

  test('a mount lies where links led it', () =>
    expect(
      follow('/b/x', { links: { '/root/a': '/b', '/srv/v/x': '/y' } }, [bind('/a', '/srv/v')]).real,
    ).toBe('/y'))

  test('what is mounted later covers what lies below it', () =>
    expect(
      follow('/a/b/x', { links: { '/srv/1/x': '/y' }, folders: ['/srv/2/b', '/srv/2/b/x'] }, [
        bind('/a/b', '/srv/1'),
        bind('/a', '/srv/2'),
      ]),
    ).toEqual({ real: '/a/b/x', links: [], exists: true }))

  test('a destination is followed as it is when it is mounted', () =>
    expect(
      follow('/a/b', { links: { '/root/a/b': '/proc' }, folders: ['/root/a', '/srv/2/b'] }, [
        tmpfs('/a/b'),
        bind('/a', '/srv/2'),
      ]).real,
    ).toBe('/proc'))

  test('and no less as a process finds it', () =>
    expect(
      follow('/a/b', { links: { '/root/a/b': '/c', '/srv/2/b': '/proc/self/fd/8' }, folders: ['/root/a'] }, [
        tmpfs('/a/b'),
        bind('/a', '/srv/2'),
      ]),
    ).toMatchObject({ real: '/c', descriptors: '/proc/self/fd/8' }))

  test('a link of the image below a mount is not seen', () =>
    expect(follow('/a/b', { links: { '/root/a/b': '/proc' } }, [tmpfs('/a')]).real).toBe('/a/b'))

  test('unless the runtime copies it into the mount', () =>
    expect(
      follow('/a/b', { links: { '/root/a/b': '/proc' }, folders: ['/root/a'] }, [tmpfs('/a', 'tmpcopyup')])
        .real,
    ).toBe('/proc'))

  test('every layer of an overlay is looked at', () => {
    const overlay: Mount = { destination: '/o', type: 'overlay', options: ['lowerdir=/l', 'upperdir=/u'] }
    expect(follow('/o/x', { links: { '/u/x': '/proc' }, folders: ['/l/x'] }, [overlay]).real).toBe('/proc')
  })

  test('sysfs has the links of the host’s', () =>
    expect(
      follow(
        '/sys/class/net/lo/subsystem/../../../proc/self/fd/7',
        {
          links: {
            '/sys/class/net/lo': '../../devices/virtual/net/lo',
            '/sys/devices/virtual/net/lo/subsystem': '../../../../class/net',
          },
          folders: [
            '/sys/class',
            '/sys/class/net',
            '/sys/devices',
            '/sys/devices/virtual',
            '/sys/devices/virtual/net',
            '/sys/devices/virtual/net/lo',
          ],
        },
        [{ destination: '/sys', type: 'sysfs' }],
      ).descriptors,
    ).toBe('/proc/self/fd/7'))

  test.each([
    [{ destination: '/mnt', type: 'proc' }, '/mnt/self/fd/8', {}],
    [bind('/mnt', '/proc'), '/mnt/self/fd/8', {}],
    [bind('/host', '/'), '/host/proc/self/fd/8', {}],
    [bind('/host', '/srv/link'), '/host/self/fd/8', { links: { '/srv/link': '/proc' } }],
    [bind('/x', '/proc/1'), '/x/fd/8', {}],
    [bind('/x', '/proc/1/root'), '/x/etc', {}],
    [bind('/x', '/proc/1/root'), '/x', {}],
    [bind('/', '/proc'), '/self/fd/8', {}],
  ])('proc by another name: %j %s', (mount, path, files) =>
    expect(follow(path, files, [mount]).descriptors).toMatch(/^\/proc\/(?:self\/fd\/8|1\/(?:fd\/8|root))$/),
  )
})
