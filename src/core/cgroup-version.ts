/** Which version of the cgroup file system the host serves containers from (cgroups(7)). */
import type { HostFacts, Probe } from './facts.ts'

const controllers = '/sys/fs/cgroup/cgroup.controllers'

/** What the version is told by. */
export const cgroupVersionProbe: Probe = { path: controllers, kind: 'text' }

/**
 * 2 where /sys/fs/cgroup is the unified hierarchy, 1 where it holds the old ones (hybrid hosts count as 1: the
 * resource controllers are there), undefined where nobody looked.
 */
export const cgroupVersion = ({ onHost, texts }: HostFacts): 1 | 2 | undefined => {
  if (!onHost) return undefined
  return texts[controllers] === undefined ? 1 : 2
}
