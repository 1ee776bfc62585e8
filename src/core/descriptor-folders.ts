/**
 * Paths that lead through the descriptors of a process: what a runtime left open of the host is entered by them
 * (CVE-2024-21626), and so is what a process of another root has as its folder.
 */
import { followInside, noHostFiles, treeOf } from './container-tree.ts'
import type { InsideFact } from './facts.ts'
import type { Mount } from './oci.ts'
import type { RuleInput } from './rule.ts'

/** What of a process's descriptors a path of the container meets. */
export interface DescriptorFolder {
  /** As the kernel calls it. */
  readonly path: string
  /** The links that lead there, joined by commas. */
  readonly links: string
}

/**
 * What `path` (of the container, as written) meets of a process's descriptors on its way: by itself, through links of
 * the root file system and of volumes, or through another mount of /proc, /dev or `/`.
 */
export const descriptorFolder = (
  path: string,
  { config, facts }: Pick<RuleInput, 'config' | 'facts'>,
): DescriptorFolder | undefined => {
  // As written too: there are runtimes that clean the path before they follow it.
  const { descriptors, links } = written(path, config?.mounts ?? []) ?? facts.inside[path] ?? unmet
  return descriptors === undefined ? undefined : { path: descriptors, links: links.join(', ') }
}

const unmet: Pick<InsideFact, 'descriptors' | 'links'> = { links: [] }

// Without one of these no path gets there by itself.
const trace = /\/(?:fd|cwd|root|exe|map_files|std(?:in|out|err))(?:\/|$)/

const written = (path: string, mounts: readonly Mount[]): InsideFact | undefined => {
  if (!trace.test(path) && !mounts.some(({ source = '' }) => trace.test(source))) return undefined
  const fact = followInside(treeOf({ root: '', bundle: '', mounts }, noHostFiles), path)
  return fact.descriptors === undefined ? undefined : fact
}
