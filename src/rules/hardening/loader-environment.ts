/** Forbids environment variables that steer the dynamic loader, the runtime or its hooks. */
import { type EnvironmentEntry, environmentText, pickEntries, shownName } from '../../core/environment.ts'
import type { Probe } from '../../core/facts.ts'
import { shownPath } from '../../core/host-paths.ts'
import { destinationOf, isPrivate, isWritable } from '../../core/mounts.ts'
import { cleanPath, isWithin } from '../../core/path.ts'
import { matchesGlob } from '../../core/policy.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { badLoaders, goodLoaders } from '../support/loader-environment-examples.ts'

export const loaderEnvironment = defineRule({
  id: 'loader-environment',
  title: 'Ensure that the environment does not steer the loader, the runtime or its hooks',
  severity: 'medium',
  category: 'process',
  references: [
    { url: 'https://nvd.nist.gov/vuln/detail/CVE-2025-23266' },
    { url: 'https://man7.org/linux/man-pages/man8/ld.so.8.html' },
  ],
  rationale:
    'The loader puts the libraries these variables name into every program of the container, and hooks that inherit the environment load them outside of it, as root. Runtimes and hooks take orders from further ones.',
  appliesTo: ['create', 'run', 'restore', 'exec'],
  parameters: {
    libraries: {
      type: 'array',
      items: { type: 'string' },
      description:
        'Libraries and folders on volumes that may be named, such as those of a monitoring agent; `*` stands for any characters.',
      default: [],
    },
    devices: {
      type: 'array',
      items: { type: 'string' },
      description:
        'Variables by which a runtime for GPUs gives devices away. Add NVIDIA_VISIBLE_DEVICES where images may not help themselves to GPUs; images made for GPUs set it.',
      default: ['NVIDIA_MIG_CONFIG_DEVICES', 'NVIDIA_MIG_MONITOR_DEVICES', 'NVIDIA_IMEX_CHANNELS'],
    },
  },
  messages: {
    reserved: {
      what: 'the variable {actual} is set, which is reserved for the runtime',
      why: 'Runtimes and monitors hand orders to their own processes in variables of this name.',
      remedy: { default: 'remove the variable from the command and from the image' },
    },
    injected: {
      what: 'the variable {actual} takes libraries from outside of the image',
      why: 'Whoever can write there runs code in every program of the container.',
      remedy: { default: 'put the library into the image, or remove the variable' },
    },
    searched: {
      what: 'the variable {actual} looks for libraries in a volume that can be written to',
      why: 'Whoever can write there runs code in every program of the container.',
      remedy: { default: 'mount the volume read-only, or leave it out of the variable' },
    },
    hook: {
      what: 'the variable {actual} reaches the createContainer hooks',
      why: 'They run outside of the container, as root, and load what it names (CVE-2025-23266).',
      remedy: { default: 'remove the variable, or give the hook an environment of its own' },
    },
    devices: {
      what: 'the variable {actual} asks for devices',
      why: 'A runtime for GPUs gives them to the container without asking anybody.',
      remedy: {
        docker: 'remove the variable, and ask with --gpus',
        podman: 'remove the variable, and ask with --device',
        kubernetes: 'remove the variable, and ask with resources.limits',
        default: 'remove the variable',
      },
    },
  },
  probes: (input) =>
    holdsTrace(input, loaderVariables)
      ? pickEntries(input, isLoader).flatMap((entry) =>
          pathsOf(entry, input).map((path): Probe => ({ path, kind: 'inside' })),
        )
      : [],
  check: (input, { libraries, devices }) => {
    if (!holdsTrace(input, [...loaderVariables, ...reserved, ...devices])) return []
    const found = pickEntries(
      input,
      (entry, equals) =>
        isReserved(entry) || isLoader(entry, equals) || devices.includes(entry.slice(0, equals)),
    )
    return found.flatMap((entry) => {
      const message = isReserved(entry.name)
        ? 'reserved'
        : loaderVariables.includes(entry.name)
          ? judgeLoader(entry, libraries, input)
          : judgeDevices(entry, input)
      return message === undefined ? [] : [observe(message, entry)]
    })
  },
  fix: (observations, { operation }) =>
    // A restored process comes back with the environment of its checkpoint.
    operation === 'restore'
      ? []
      : observations
          // A program works without what is loaded before its own; without its library path it may not start.
          .filter(({ message }) => message !== 'searched' && message !== 'devices')
          .toReversed()
          .map(({ pointer: path }) => ({ op: 'remove', path })),
  examples: { good: goodLoaders, bad: badLoaders },
})

type Key = 'reserved' | 'injected' | 'searched' | 'hook' | 'devices'

const preloads: ReadonlySet<string> = new Set(['LD_PRELOAD', 'LD_AUDIT'])

const loaderVariables = ['LD_PRELOAD', 'LD_AUDIT', 'LD_LIBRARY_PATH']

const reserved = ['_LIBCONTAINER_', '_OCI_']

const isReserved = (entry: string): boolean => reserved.some((prefix) => entry.startsWith(prefix))

const isLoader = (entry: string, equals: number): boolean => loaderVariables.includes(entry.slice(0, equals))

/** Most environments are done with by this. */
const holdsTrace = (input: RuleInput, traces: readonly string[]): boolean => {
  const text = environmentText(input)
  return traces.some((trace) => text.includes(trace))
}

const observe = (message: Key, { name, value, pointer, standing }: EnvironmentEntry): Observation<Key> => ({
  message,
  pointer,
  actual:
    message === 'injected' || message === 'searched' ? `${name} (${shownPath(value)})` : shownName(name),
  expected: 'unset',
  ...(standing === true ? { standing } : {}),
})

/**
 * The paths a loader variable names, made absolute. Without a slash the loader looks for a library in its own folders;
 * `$ORIGIN` and the like begin in the image.
 */
const pathsOf = ({ name, value }: EnvironmentEntry, { process }: RuleInput): readonly string[] => {
  const isPreload = preloads.has(name)
  return value
    .split(isPreload ? /[: ]+/ : /[:;]/)
    .filter((library) => (isPreload ? library.includes('/') : !library.startsWith('$')))
    .map((library) => cleanPath(library.startsWith('/') ? library : `${process?.cwd ?? '/'}/${library}`))
}

const judgeLoader = (
  entry: EnvironmentEntry,
  libraries: readonly string[],
  input: RuleInput,
): 'injected' | 'searched' | 'hook' | undefined => {
  const isPreload = preloads.has(entry.name)
  const isForeign = (path: string): boolean =>
    isOutside(path, isPreload, input) || isOutside(input.facts.inside[path]?.real ?? path, isPreload, input)
  const foreign = pathsOf(entry, input).some(
    (path) => !libraries.some((pattern) => matchesGlob(pattern, path)) && isForeign(path),
  )
  if (foreign) return isPreload ? 'injected' : 'searched'
  return isPreload && reachesHook(input) ? 'hook' : undefined
}

/** In a volume (for a library path: one that can be written to) or in a file system of the kernel. */
const isOutside = (path: string, isPreload: boolean, { config }: RuleInput): boolean =>
  ['/proc', '/sys', '/dev'].some((folder) => isWithin(path, folder)) ||
  (config?.mounts ?? []).some(
    (mount) =>
      (!isPrivate(mount) || mount.type === 'tmpfs') &&
      (isPreload || isWritable(mount)) &&
      isWithin(path, destinationOf(mount)),
  )

// A hook without an environment of its own inherits that of runc's init process, which is the container's.
const reachesHook = ({ operation, config }: RuleInput): boolean =>
  operation !== 'exec' && (config?.hooks?.createContainer ?? []).some(({ env = [] }) => env.length === 0)

const judgeDevices = ({ value }: EnvironmentEntry, { operation }: RuleInput): 'devices' | undefined =>
  operation === 'exec' || ['', 'void', 'none'].includes(value) ? undefined : 'devices'
