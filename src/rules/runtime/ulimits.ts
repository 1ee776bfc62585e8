/** Bounds the resource limits of a process, those it sets as well as those it inherits from its engine. */
import { type PatchOperation, place, pointer } from '../../core/patch.ts'
import { callerLimitsProbe, hardLimit, inheritedLimit, type LimitName } from '../../core/process-limits.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { ulimitsBad, ulimitsGood } from '../support/ulimits-examples.ts'

const noBound = -1

export const ulimits = defineRule({
  id: 'ulimits',
  title: 'Ensure that the default ulimit is overwritten at runtime if needed',
  severity: 'low',
  category: 'resources',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.18' },
    { benchmark: 'cis-docker-1.7.0', item: '5.19' },
    { url: 'https://man7.org/linux/man-pages/man2/setrlimit.2.html' },
    { url: 'https://github.com/opencontainers/runtime-spec/blob/main/config.md#posix-process' },
  ],
  rationale:
    'Limits nobody set are those of the engine, and engines run with very large ones: a program that opens files without end then takes what the host has for all, and programs that close every possible descriptor take minutes to start.',
  appliesTo: ['create', 'run', 'restore', 'exec'],
  parameters: {
    nofile: {
      type: 'integer',
      minimum: noBound,
      description: 'The largest hard limit on open files; -1: any.',
      default: 1048576,
    },
    nproc: {
      type: 'integer',
      minimum: noBound,
      description:
        'The largest hard limit on processes, which counts those of the user on the whole host; -1: any.',
      default: noBound,
    },
    core: {
      type: 'integer',
      minimum: noBound,
      description: 'The largest hard limit on core files in bytes; 0: none are written; -1: any.',
      default: noBound,
    },
    memlock: {
      type: 'integer',
      minimum: noBound,
      description: 'The largest hard limit on locked memory in bytes; -1: any.',
      default: noBound,
    },
    raise: {
      type: 'boolean',
      description:
        'Whether a container may ask for more than its engine has. Podman does so by itself: see containers.conf.',
      default: true,
    },
  },
  messages: {
    excessive: {
      what: 'the hard limit {actual} is above {expected}',
      why: 'One process could take what the host has for all.',
      remedy: {
        docker: 'lower that --ulimit, or default-ulimits in daemon.json',
        podman: 'lower that --ulimit, or default_ulimits in containers.conf',
        kubernetes: 'lower the limit of the runtime (LimitNOFILE= of containerd, default_ulimits of CRI-O)',
        default: 'set process.rlimits to at most {expected}',
      },
    },
    raised: {
      what: 'the hard limit {actual} is above that of the engine, {expected}',
      why: 'The limits of the engine are the ones the host was given.',
      remedy: {
        docker: 'leave out or lower that --ulimit',
        podman: 'leave out or lower that --ulimit',
        default: 'lower process.rlimits to at most {expected}',
      },
    },
    unknown: {
      what: 'the limit {actual} is not known: it is that of the engine',
      why: 'What a configuration does not set is inherited.',
      remedy: { default: 'set process.rlimits, or judge the bundle on the host it is to run on' },
    },
  },
  probes: () => [callerLimitsProbe],
  check: (input, parameters) => {
    if (input.identity.sandbox || inherits(input)) return []
    return bounds(parameters).flatMap(([name, bound]) =>
      judge(input, name, { bound, raise: parameters.raise }),
    )
  },
  fix: (observations, input, parameters) => {
    // A restored process comes back with the limits of its checkpoint, whatever the file says.
    if (input.operation === 'restore') return []
    const exceeded = bounds(parameters).flatMap(([name, bound]) => {
      const [found] = judge(input, name, { bound, raise: parameters.raise })
      return found === undefined || found.unknown === true ? [] : [{ name, most: Number(found.expected) }]
    })
    return observations.length === 0 ? [] : lower(input, exceeded)
  },
  examples: { good: ulimitsGood, bad: ulimitsBad },
})

type Bounds = { readonly [name in 'nofile' | 'nproc' | 'core' | 'memlock']: number }

const bounds = ({ nofile, nproc, core, memlock }: Bounds): readonly (readonly [LimitName, number])[] => [
  ['RLIMIT_NOFILE', nofile],
  ['RLIMIT_NPROC', nproc],
  ['RLIMIT_CORE', core],
  ['RLIMIT_MEMLOCK', memlock],
]

/** An exec without any limits gets those of its container (runc libcontainer, newInitConfig). */
const inherits = ({ operation, process }: RuleInput): boolean =>
  operation === 'exec' && (process?.rlimits ?? []).length === 0

const listPointer = ({ operation }: RuleInput): string =>
  operation === 'exec' ? '/rlimits' : '/process/rlimits'

const judge = (
  input: RuleInput,
  name: LimitName,
  { bound, raise }: { readonly bound: number; readonly raise: boolean },
): readonly Observation<'excessive' | 'raised' | 'unknown'>[] => {
  if (bound === noBound && raise) return []
  const [set, inherited] = [hardLimit(input.process, name), inheritedLimit(input.facts, name)?.hard]
  const effective = set ?? inherited
  const at = { pointer: listPointer(input) }
  if (effective === undefined)
    return bound === noBound
      ? []
      : [{ message: 'unknown', ...at, actual: name, expected: String(bound), unknown: true }]
  const admitted = input.operation === 'exec' ? hardLimit(input.config?.process, name) : undefined
  if (admitted !== undefined && effective <= admitted) return []
  const actual = `${name}=${effective === Number.POSITIVE_INFINITY ? 'unlimited' : effective}${set === undefined ? ', inherited from the engine,' : ''}`
  const standing =
    input.operation === 'exec' && input.asked !== undefined && hardLimit(input.asked, name) === set
      ? { standing: true as const }
      : {}
  if (bound !== noBound && effective > bound)
    return [{ message: 'excessive', ...at, actual, expected: String(bound), ...standing }]
  const raised = !raise && set !== undefined && inherited !== undefined && set > inherited
  return raised ? [{ message: 'raised', ...at, actual, expected: String(inherited), ...standing }] : []
}

interface Lowered {
  readonly name: LimitName
  readonly most: number
}

const lower = (input: RuleInput, exceeded: readonly Lowered[]): readonly PatchOperation[] => {
  const at = listPointer(input)
  const limits = input.process?.rlimits
  const document = input.operation === 'exec' ? input.process : input.config
  const missing = exceeded.filter(({ name }) => hardLimit(input.process, name) === undefined)
  const added = missing.map(({ name, most }) => {
    const soft = Math.min(inheritedLimit(input.facts, name)?.soft ?? most, most)
    return { type: name, soft, hard: most }
  })
  if (limits === undefined) return [place(document, at, added)]
  const changed = limits.flatMap((limit, index): readonly PatchOperation[] => {
    const most = exceeded.find(({ name }) => name === limit.type)?.most
    if (most === undefined || limit.hard <= most) return []
    const value = { type: limit.type, soft: Math.min(limit.soft, most), hard: most }
    return [{ op: 'replace', path: at + pointer(index), value }]
  })
  return [...changed, ...added.map((value): PatchOperation => ({ op: 'add', path: `${at}/-`, value }))]
}
