/** Where linux.cgroupsPath puts a container: the parent cgroup and the name of its own. */
import { cleanPath } from './path.ts'

export interface CgroupPlace {
  /** A slice (`system.slice`), or a cleaned path from the root of the hierarchy. */
  readonly parent: string
  readonly name: string
  /** True where the text climbs with `..`, wherever it ends. */
  readonly climbs: boolean
}

/**
 * Reads both forms: `slice:prefix:name` for the systemd manager (an empty slice is system.slice or, rootless,
 * user.slice; `-` the root slice: runc libcontainer/cgroups/systemd) and a path, which the runtimes take from the
 * root of the hierarchy however it begins. `systemd`: the runtime was told so; else the form decides.
 */
export const cgroupPlace = (text: string, systemd: boolean): CgroupPlace => {
  const [slice = '', prefix, name, ...more] = text.split(':')
  const isTriple = prefix !== undefined && name !== undefined && more.length === 0
  if (isTriple && (systemd || !text.includes('/'))) {
    const parent = slice === '' ? 'system.slice' : slice === '-' ? '-.slice' : slice
    return { parent, name, climbs: slice.split('/').includes('..') }
  }
  const path = cleanPath(text)
  const end = path.lastIndexOf('/')
  return {
    parent: path.slice(0, end) || '/',
    name: path.slice(end + 1),
    climbs: text.split('/').includes('..'),
  }
}

/** Parents that hold the whole host, or its first process. */
export const isHostCgroup = (parent: string): boolean =>
  parent === '/' || parent === '-.slice' || parent.split('/').includes('init.scope')
