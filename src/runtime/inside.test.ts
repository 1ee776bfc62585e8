import { expect, test } from '@jest/globals'
import type { Host } from '../host/host.ts'
import { hostFiles } from './inside.ts'

const asked: string[] = []

const links: { readonly [path: string]: string } = { '/srv/link': '/proc' }

/** A host with one link, one folder and nothing else, which remembers what it was asked. */
const host: Pick<Host, 'readLink' | 'realPath'> = {
  readLink: (path) => {
    asked.push(path)
    const link = links[path]
    if (link !== undefined) return { ok: true, value: link }
    return { ok: false, error: { code: path === '/srv' ? 'EINVAL' : 'ENOENT', syscall: 'readlink', path } }
  },
  realPath: (path) => {
    asked.push(path)
    const link = links[path]
    return link === undefined
      ? { ok: false, error: { code: 'ENOENT', syscall: 'realpath', path } }
      : { ok: true, value: link }
  },
}

test('each path is looked at once', () => {
  const files = hostFiles(host)
  const looks = ['/srv', '/srv/link', '/none', '/srv', '/none'].map((path) => files.look(path))
  expect(looks).toEqual([
    { exists: true },
    { exists: true, link: '/proc' },
    { exists: false },
    { exists: true },
    { exists: false },
  ])
  expect(asked.splice(0)).toEqual(['/srv', '/srv/link', '/none'])
})

test('and resolved once; what leads nowhere stays as written', () => {
  const files = hostFiles(host)
  const paths = ['/srv/link', '/none', '/srv/link', '/none'].map((path) => files.resolve(path))
  expect(paths).toEqual(['/proc', '/none', '/proc', '/none'])
  expect(asked.splice(0)).toEqual(['/srv/link', '/none'])
})
