/** Forbids flags of the runtime that leave a container with something of its caller: root, keyring, descriptors. */
import type { PathFact, Probe } from '../../core/facts.ts'
import { shownPath } from '../../core/host-paths.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { runtimeFlagsBad, runtimeFlagsGood } from '../support/runtime-flags-examples.ts'

export const runtimeFlags = defineRule({
  id: 'runtime-flags',
  title: 'Ensure that the runtime is not called with flags that weaken the container',
  severity: 'high',
  category: 'integrity',
  references: [
    { url: 'https://github.com/opencontainers/runc/blob/main/man/runc-create.8.md' },
    { url: 'https://man7.org/linux/man-pages/man2/pivot_root.2.html' },
    { url: 'https://man7.org/linux/man-pages/man7/session-keyring.7.html' },
  ],
  rationale:
    'No configuration says these things: without pivot_root(2) the root of the host stays mounted below that of the container, without a keyring of its own it reads the keys of its caller, and a descriptor that is handed over is open whatever the mounts are.',
  appliesTo: ['create', 'run', 'restore', 'exec'],
  parameters: {
    'max-descriptors': {
      type: 'integer',
      minimum: 0,
      description:
        'How many descriptors may be handed over, as socket activation does; folders and devices never may.',
      default: 0,
    },
    'allow-no-pivot': {
      type: 'boolean',
      description: 'Whether --no-pivot may be used where the host does not run from a RAM disk.',
      default: false,
    },
    'allow-shared-keyring': {
      type: 'boolean',
      description: 'Whether --no-new-keyring may be used.',
      default: false,
    },
  },
  messages: {
    'no-pivot': {
      what: 'the container would be started with --no-pivot',
      why: 'Its root is then only moved over that of the host, which mounts and privileges can bring back.',
      remedy: {
        docker: 'start dockerd without DOCKER_RAMDISK',
        podman: 'set no_pivot_root = false in containers.conf',
        kubernetes: 'unset NoPivotRoot in the runtime options of containerd, or no_pivot of CRI-O',
        ctr: 'leave out --no-pivot',
        default: 'leave out --no-pivot',
      },
    },
    keyring: {
      what: 'the container would be started with --no-new-keyring',
      why: 'It keeps the session keyring of its caller, and so the keys of the host and of other containers.',
      remedy: {
        podman: 'set keyring = true in containers.conf',
        kubernetes: 'unset NoNewKeyring in the runtime options of containerd',
        default: 'leave out --no-new-keyring',
      },
    },
    descriptors: {
      what: 'the process would inherit {actual}',
      why: 'An open descriptor is access to the host that no mount and no profile of paths limits.',
      remedy: {
        podman: 'leave out --preserve-fds, and start Podman without LISTEN_FDS',
        default: 'leave out --preserve-fds',
      },
    },
    reaching: {
      what: 'the process would inherit {actual}',
      why: 'By the descriptor of a folder every path of the host can be opened, by that of a device its data.',
      remedy: {
        podman: 'leave the folder or device out of --preserve-fds',
        default: 'leave the folder or device out of --preserve-fds',
      },
    },
  },
  probes: ({ call }) => [
    ...(call.noPivot ? [{ path: mountTable, kind: 'text' } as const] : []),
    ...descriptorPaths(call.preservedDescriptors).map((path): Probe => ({ path })),
  ],
  check: (input, parameters) => {
    const { call } = input
    const pivots = !call.noPivot || parameters['allow-no-pivot'] || runsFromMemory(input)
    return [
      ...(pivots ? [] : [flag('no-pivot', '--no-pivot')]),
      ...(call.noNewKeyring && !parameters['allow-shared-keyring']
        ? [flag('keyring', '--no-new-keyring')]
        : []),
      ...judgeDescriptors(input, parameters['max-descriptors']),
    ]
  },
  examples: { good: runtimeFlagsGood, bad: runtimeFlagsBad },
})

const mountTable = '/proc/self/mountinfo'

type Key = 'no-pivot' | 'keyring' | 'descriptors' | 'reaching'

const flag = (message: Key, actual: string): Observation<Key> => ({
  message,
  pointer: '',
  actual,
  expected: 'no such flag',
})

/** pivot_root(2) cannot leave the first RAM disk, of type rootfs: the last mount at `/` is what runs. */
const runsFromMemory = ({ facts }: RuleInput): boolean => {
  const roots = facts.texts[mountTable]?.split('\n').filter((line) => line.split(' ', 5)[4] === '/') ?? []
  return roots.at(-1)?.split(' - ')[1]?.startsWith('rootfs ') ?? false
}

// More than these are never handed over: they are not looked at.
const mostDescriptors = 64

const descriptorPaths = (count: number): readonly string[] =>
  count === 0
    ? []
    : Array.from({ length: Math.min(count, mostDescriptors) }, (_, index) => `/proc/self/fd/${index + 3}`)

const judgeDescriptors = ({ call, facts }: RuleInput, most: number): readonly Observation<Key>[] => {
  const count = call.preservedDescriptors
  if (count === 0) return []
  const found = descriptorPaths(count).map((path) => facts.paths[path])
  const reaching = found.filter((fact) => fact !== undefined && reachesFurther(fact))
  const expected = `at most ${most}`
  if (reaching.length > 0)
    return [{ message: 'reaching', pointer: '', actual: listed(reaching), expected: 'no folder, no device' }]
  if (count <= Math.min(most, mostDescriptors)) return []
  const actual = `${count === 1 ? '1 descriptor' : `${count} descriptors`} (${listed(found)})`
  return [{ message: 'descriptors', pointer: '', actual, expected }]
}

/** By a descriptor of a folder or device more than itself is reached; /dev/null (1:3) is nothing. */
const reachesFurther = ({ kind, represents }: PathFact): boolean =>
  kind === 'directory' || ((kind === 'block' || kind === 'character') && represents !== '259')

const listed = (facts: readonly (PathFact | undefined)[]): string => {
  const more = facts.length - 3
  return facts.slice(0, 3).map(described).join(', ') + (more > 0 ? `, +${more} more` : '')
}

const described = (fact: PathFact | undefined): string => {
  if (fact === undefined || fact.error !== null) return 'not known'
  const named = fact.real.startsWith('/proc/') ? '' : ` ${shownPath(fact.real)}`
  return `${kinds[fact.kind ?? 'file']}${named}`
}

const kinds = {
  file: 'the file',
  directory: 'the folder',
  symlink: 'the link',
  socket: 'a socket',
  block: 'the disk',
  character: 'the device',
  fifo: 'a pipe',
} as const
