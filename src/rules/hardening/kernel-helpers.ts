/** Keeps the settings by which the kernel starts programs on the host out of a container's reach. */
import { shownPath } from '../../core/host-paths.ts'
import { hostRootProbes, reachesHostRoot } from '../../core/host-root.ts'
import {
  isShown,
  type KernelView,
  kernelTypes,
  kernelViewProbes,
  kernelViews,
} from '../../core/kernel-views.ts'
import { appendOptions } from '../../core/mount-options.ts'
import { type PatchOperation, place, pointer } from '../../core/patch.ts'
import { cleanPath, isWithin } from '../../core/path.ts'
import { defineRule, type RuleInput } from '../../core/rule.ts'
import { helpersBad, helpersGood } from '../support/kernel-helpers-examples.ts'

export const kernelHelpers = defineRule({
  id: 'kernel-helpers',
  title: 'Ensure that the settings by which the kernel starts programs cannot be written',
  severity: 'critical',
  category: 'filesystem',
  references: [
    { benchmark: 'pss-baseline', item: 'procMount' },
    { url: 'https://docs.kernel.org/admin-guide/sysctl/kernel.html#core-pattern' },
    { url: 'https://docs.kernel.org/admin-guide/binfmt-misc.html' },
    { url: 'https://docs.kernel.org/admin-guide/sysrq.html' },
    { url: 'https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#readonly-paths' },
  ],
  rationale:
    'The kernel starts whatever stands in core_pattern, modprobe, uevent_helper or binfmt_misc, as root and outside of every container; sysrq-trigger restarts the host. One writable view of them anywhere in the container hands over the host.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {
    files: {
      type: 'array',
      items: { type: 'string' },
      description: 'Files and folders of /proc and /sys, by their path on a host, that must not be writable.',
      default: [
        '/proc/sys/kernel/core_pattern',
        '/proc/sys/kernel/modprobe',
        '/proc/sys/kernel/hotplug',
        '/proc/sys/fs/binfmt_misc',
        '/proc/sysrq-trigger',
        '/sys/kernel/uevent_helper',
        '/sys/kernel/debug',
      ],
    },
  },
  messages: {
    writable: {
      what: 'the container could write to {actual}',
      why: 'What its root writes there, the kernel of the host does or starts, as root of the host.',
      remedy: {
        docker: 'remove --privileged, --security-opt systempaths=unconfined and every -v of /proc or /sys',
        podman: 'remove --privileged, --security-opt unmask and every -v of /proc or /sys',
        kubernetes:
          'set privileged: false, leave out procMount: Unmasked and every hostPath of /proc or /sys',
        ctr: 'remove --privileged and every --mount of /proc or /sys',
        default: 'list /proc/sys and /proc/sysrq-trigger in linux.readonlyPaths, and mount /sys read-only',
      },
    },
  },
  probes: (input) => [...kernelViewProbes(input), ...hostRootProbes(input)],
  check: (input, { files }) => {
    const found = openings(input, files)
    if (found.length === 0 || !reachesHostRoot(input)) return []
    return found.map(({ at, ways }) => ({
      message: 'writable',
      pointer: at,
      actual: listed(ways),
      expected: 'read-only or not there',
    }))
  },
  fix: (observations, input, { files }) => {
    const { operation, config } = input
    // A restored container comes back with the mounts of its checkpoint.
    if (operation === 'restore') return []
    return openings(input, files).flatMap(({ at, ways }): readonly PatchOperation[] => {
      if (!observations.some((one) => one.pointer === at)) return []
      if (at === listAt) {
        const guards = new Set([...(config?.linux?.readonlyPaths ?? []), ...ways.map(guardOf)])
        return [place(config, listAt, [...guards])]
      }
      const index = ways[0]?.view.index ?? -1
      const mount = config?.mounts?.[index]
      return mount?.options?.includes('rrw') === true ? [] : appendOptions(mount, index, ['ro'])
    })
  },
  examples: { good: helpersGood, bad: helpersBad },
})

const listAt = '/linux/readonlyPaths'

/** A guarded file, seen through a writable mount. */
interface Way {
  readonly view: KernelView
  /** In the container. */
  readonly path: string
}

interface Opening {
  /** What is to be changed to close it. */
  readonly at: string
  readonly ways: readonly Way[]
}

const openings = (input: RuleInput, files: readonly string[]): readonly Opening[] => {
  const found = new Map<string, Way[]>()
  for (const view of kernelViews(input)) {
    if (!view.writable) continue
    const at = view.type === 'proc' ? listAt : pointer('mounts', view.index)
    for (const path of openPaths(view, files, input)) {
      const ways = found.get(at)
      if (ways === undefined) found.set(at, [{ view, path }])
      else ways.push({ view, path })
    }
  }
  return [...found].map(([at, ways]) => ({ at, ways }))
}

/** The files in the container that no later mount, mask or read-only path closes. */
const openPaths = (view: KernelView, files: readonly string[], { config }: RuleInput): readonly string[] => {
  const { maskedPaths = [], readonlyPaths = [] } = config?.linux ?? {}
  // A read-only path leaves what is mounted below it as it is.
  const closed = readonlyPaths.map(cleanPath).filter((path) => isWithin(path, view.destination))
  for (const path of maskedPaths) closed.push(cleanPath(path))
  const elsewhere = ownRoots.filter((root) => root !== view.shows && isWithin(root, view.shows))
  return files.flatMap((file) => {
    if (elsewhere.some((root) => isWithin(file, root))) return []
    const path = placeIn(view, file)
    if (path === undefined || closed.some((parent) => isWithin(path, parent))) return []
    return isShown(path, view.index, config?.mounts ?? []) ? [path] : []
  })
}

/** A file system that hosts mount on its own is not part of the one below. */
const ownRoots = [...kernelTypes.values()].filter((path) => path !== '/proc' && path !== '/sys')

const placeIn = ({ shows, destination }: KernelView, file: string): string | undefined => {
  if (isWithin(file, shows)) return destination + file.slice(shows.length)
  return isWithin(shows, file) ? destination : undefined
}

/** The path to make read-only: all of `sys`, as engines do, or the file. */
const guardOf = ({ view: { destination }, path }: Way): string => {
  const settings = `${destination}/sys`
  return isWithin(path, settings) ? settings : path
}

const listed = (ways: readonly Way[]): string => {
  const more = ways.length - 3
  const shown = ways.slice(0, 3).map(({ path }) => shownPath(path))
  return shown.join(', ') + (more > 0 ? `, +${more} more` : '')
}
