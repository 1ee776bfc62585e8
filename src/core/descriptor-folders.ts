/**
 * Paths that lead through the descriptors of a process: what a runtime left open of the host is entered by them
 * (CVE-2024-21626), and so is what a process of another root has as its folder.
 */
import { destinationOf, isBind } from './mounts.ts'
import type { Mount } from './oci.ts'
import { cleanPath, isWithin } from './path.ts'
import type { RuleInput } from './rule.ts'

// proc_pid_fd(5), proc_pid_root(5) and their like are links that are followed without a path; /dev/fd is the usual
// name of one of them, and /dev/stdin may be a folder.
const throughProcess =
  /^\/(?:proc\/(?:self|thread-self|[0-9]+)(?:\/task\/[0-9]+)?\/(?:fd|cwd|root|map_files)|dev\/(?:fd|stdin|stdout|stderr))(?:\/|$)/

/** Where a path of the container leads that ends among the descriptors of a process. */
export interface DescriptorFolder {
  readonly path: string
  /** The links or the mount that lead there; empty where the path says it. */
  readonly through: string
}

/**
 * The descriptor folder that `path` (of the container, as written) leads to: by itself, through links of the root
 * file system, or through another mount of /proc, /dev or `/`.
 */
export const descriptorFolder = (
  path: string,
  { config, facts }: Pick<RuleInput, 'config' | 'facts'>,
): DescriptorFolder | undefined => {
  const plain = cleanPath(path)
  if (throughProcess.test(plain)) return { path: plain, through: '' }
  const inside = facts.inside[path]
  const real = inside?.real ?? plain
  if (throughProcess.test(real)) return { path: real, through: inside?.links.join(', ') ?? '' }
  const mounts = config?.mounts ?? []
  for (const at of real === plain ? [plain] : [plain, real]) {
    for (const mount of mounts) {
      const shown = shownBy(mount, at)
      if (shown !== undefined && throughProcess.test(shown))
        return { path: shown, through: `the mount at ${destinationOf(mount)}` }
    }
  }
  return undefined
}

/** What `path` is by another name of the same tree, where this mount shows one. */
const shownBy = (mount: Mount, path: string): string | undefined => {
  const destination = destinationOf(mount)
  if (!isWithin(path, destination)) return undefined
  const rest = destination === '/' ? path : path.slice(destination.length)
  if (isBind(mount)) return cleanPath(`${mount.source ?? ''}${rest}`)
  return mount.type === 'proc' ? `/proc${rest}` : undefined
}
