/** Follows a path inside a container's root file system, never leaving it (openat2(2), RESOLVE_IN_ROOT). */
import type { InsideFact } from '../core/facts.ts'
import { cleanPath } from '../core/path.ts'
import type { Host, HostResult } from '../host/host.ts'

/** As the kernel's MAXSYMLINKS (include/linux/namei.h). */
const maxLinks = 40

/** Where `path` (absolute, inside the root) leads; `root` is an absolute host folder. */
export const insideOf = (host: Pick<Host, 'readLink'>, root: string, path: string): InsideFact => {
  const rest = partsOf(path).toReversed()
  const links: string[] = []
  let real: readonly string[] = []
  let exists = true
  for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
    if (part === '..') {
      real = real.slice(0, -1)
      continue
    }
    const at = `/${[...real, part].join('/')}`
    const link: HostResult<string> | undefined = exists ? host.readLink(`${root}${at}`) : undefined
    if (link?.ok === true) {
      links.push(`${at} -> ${link.value}`)
      if (links.length > maxLinks) return { real: at, links, exists: false }
      if (link.value.startsWith('/')) real = []
      rest.push(...partsOf(link.value).toReversed())
      continue
    }
    // EINVAL: there, and no link.
    exists = exists && (link === undefined || link.error.code === 'EINVAL')
    real = [...real, part]
  }
  return { real: cleanPath(`/${real.join('/')}`), links, exists }
}

const partsOf = (path: string): readonly string[] =>
  path.split('/').filter((part) => part !== '' && part !== '.')
