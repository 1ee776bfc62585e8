/** Keeps a container from being spared by the OOM killer, and from priorities that starve the host. */
import { limitOf, memoryLimitKind, resourcesPointer } from '../../core/limits.ts'
import type { Process } from '../../core/oci.ts'
import { type PatchOperation, place } from '../../core/patch.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { oomBad, oomGood } from '../support/oom-score-examples.ts'

const callerScore = '/proc/self/oom_score_adj'

export const oomScore = defineRule({
  id: 'oom-score',
  title: 'Ensure that containers are not preferred to the host in memory, processor and disk',
  severity: 'medium',
  category: 'resources',
  references: [
    { url: 'https://man7.org/linux/man-pages/man5/proc_pid_oom_score_adj.5.html' },
    { url: 'https://man7.org/linux/man-pages/man7/sched.7.html' },
    {
      url: 'https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#node-out-of-memory-behavior',
    },
  ],
  rationale:
    'A container with a negative score is spared when memory runs out, and a service of the host is killed for it. A realtime process that never sleeps leaves nothing to the others, and an OOM killer that is off, without a limit, hangs the host.',
  appliesTo: ['create', 'run', 'restore', 'exec', 'update'],
  parameters: {
    min: {
      type: 'integer',
      minimum: -1000,
      maximum: 1000,
      description: 'The lowest OOM score adjustment allowed.',
      default: 0,
    },
    'kubernetes-min': {
      type: 'integer',
      minimum: -1000,
      maximum: 1000,
      description:
        'The lowest one for Kubernetes, where kubelet sets it: -998 for pause containers, -997 for guaranteed and critical pods.',
      default: -998,
    },
  },
  messages: {
    score: {
      what: 'the OOM score adjustment {actual} is below {expected}',
      why: 'When memory runs out the host is killed before the container.',
      remedy: {
        docker: 'leave out --oom-score-adj',
        podman: 'leave out --oom-score-adj',
        default: 'set process.oomScoreAdj to {expected} or more',
      },
    },
    scheduler: {
      what: 'the process would be scheduled before others ({actual})',
      why: 'A realtime process that never sleeps leaves nothing to the host.',
      remedy: { default: 'remove process.scheduler' },
    },
    io: {
      what: 'the process would have realtime priority at the disk ({actual})',
      why: 'It is served first, however much it asks for.',
      remedy: { default: 'remove process.ioPriority' },
    },
    killer: {
      what: 'the OOM killer is off for the container, which has no memory limit',
      why: 'Nothing is killed when memory runs out: the host hangs.',
      remedy: {
        docker: 'leave out --oom-kill-disable, or add --memory',
        podman: 'leave out --oom-kill-disable, or add --memory',
        default: 'remove linux.resources.memory.disableOOMKiller, or set a limit',
      },
    },
    realtime: {
      what: 'the container would have {actual} microseconds of realtime scheduling',
      why: 'A realtime process that never sleeps leaves nothing to the host.',
      remedy: {
        docker: 'leave out --cpu-rt-runtime',
        podman: 'leave out --cpu-rt-runtime',
        default: 'remove linux.resources.cpu.realtimeRuntime',
      },
    },
    unproven: {
      what: 'whether kubelet asked for the OOM score adjustment {actual} is not known',
      why: 'For anyone else it is below {expected}: the host is killed before the container.',
      remedy: { default: 'set process.oomScoreAdj to {expected} or more, unless it is a pod' },
    },
    unknown: {
      what: 'the OOM score adjustment is not known: it is that of the engine',
      why: 'What a configuration does not set is inherited, and engines spare themselves.',
      remedy: { default: 'set process.oomScoreAdj, or judge the bundle on the host it is to run on' },
    },
  },
  probes: ({ operation, process }) =>
    operation === 'exec' || operation === 'update' || process?.oomScoreAdj !== undefined
      ? []
      : [{ path: callerScore, kind: 'text' }],
  check: (input, parameters) => [
    ...judgeScore(input, lowest(input, parameters), parameters['kubernetes-min']),
    ...judgePriorities(input),
    ...judgeResources(input),
  ],
  fix: (observations, input, parameters) => {
    const { operation, config, process } = input
    // Whoever changes a container means it; a restored process comes back as it was.
    if (operation === 'update') return []
    return observations.flatMap(({ message, pointer }): readonly PatchOperation[] => {
      if (message === 'killer') return [place(config, pointer, false)]
      if (message === 'realtime') return [{ op: 'remove', path: pointer }]
      if (operation === 'restore') return []
      if (message === 'score')
        return [place(operation === 'exec' ? process : config, pointer, lowest(input, parameters))]
      return [{ op: 'remove', path: pointer }]
    })
  },
  examples: { good: oomGood, bad: oomBad },
})

type Key = 'score' | 'scheduler' | 'io' | 'killer' | 'realtime' | 'unproven' | 'unknown'
type Seen = readonly Observation<Key>[]

const lowest = (
  { operation, identity, config }: RuleInput,
  parameters: { readonly min: number; readonly 'kubernetes-min': number },
): number => {
  const isPod = identity.proven && identity.speaker === 'kubernetes'
  const floor = isPod ? Math.min(parameters.min, parameters['kubernetes-min']) : parameters.min
  const admitted = operation === 'exec' ? config?.process?.oomScoreAdj : undefined
  return Math.min(floor, admitted ?? floor)
}

const at = ({ operation }: RuleInput, member: string): string =>
  operation === 'exec' ? `/${member}` : `/process/${member}`

const judgeScore = (input: RuleInput, floor: number, ofPods: number): Seen => {
  const { operation, process, asked, facts } = input
  if (operation === 'update') return []
  const own = process?.oomScoreAdj
  const inherited = facts.texts[callerScore]?.trim()
  const score = own ?? (inherited === undefined ? undefined : Number(inherited))
  const where = { pointer: at(input, 'oomScoreAdj'), expected: String(floor) }
  if (score === undefined)
    return operation === 'exec' ? [] : [{ message: 'unknown', ...where, actual: 'unset', unknown: true }]
  if (score >= floor) return []
  const actual = own === undefined ? `${score}, inherited from the engine,` : String(score)
  // Away from the host no engine can be proven.
  if (operation !== 'exec' && !facts.onHost && score >= ofPods)
    return [{ message: 'unproven', ...where, actual, unknown: true }]
  const found = { message: 'score' as const, ...where, actual }
  return [operation === 'exec' && asked?.oomScoreAdj === own ? { ...found, standing: true } : found]
}

const rushes = ({ scheduler }: Process): boolean =>
  scheduler !== undefined &&
  (/^SCHED_(?:FIFO|RR|DEADLINE)$/.test(scheduler.policy) || (scheduler.nice ?? 0) < 0)

const rushesDisk = ({ ioPriority }: Process): boolean => ioPriority?.class === 'IOPRIO_CLASS_RT'

const judgePriorities = (input: RuleInput): Seen => {
  const { operation, process = {}, config, asked = {} } = input
  const admitted = operation === 'exec' ? (config?.process ?? {}) : {}
  const found: Observation<Key>[] = []
  if (rushes(process) && !rushes(admitted)) {
    const { policy, nice } = process.scheduler ?? { policy: '' }
    const actual = nice === undefined ? policy : `${policy}, nice ${nice}`
    const seen = {
      message: 'scheduler' as const,
      pointer: at(input, 'scheduler'),
      actual,
      expected: 'the usual',
    }
    found.push(operation === 'exec' && rushes(asked) ? { ...seen, standing: true } : seen)
  }
  if (rushesDisk(process) && !rushesDisk(admitted)) {
    const actual = process.ioPriority?.class ?? ''
    const seen = { message: 'io' as const, pointer: at(input, 'ioPriority'), actual, expected: 'the usual' }
    found.push(operation === 'exec' && rushesDisk(asked) ? { ...seen, standing: true } : seen)
  }
  return found
}

const judgeResources = (input: RuleInput): Seen => {
  const { operation, resources, config } = input
  if (operation === 'exec' || resources === undefined) return []
  const found: Observation<Key>[] = []
  const limit =
    limitOf(resources, memoryLimitKind) ??
    (operation === 'update' ? limitOf(config?.linux?.resources, memoryLimitKind) : undefined)
  if (
    resources.memory?.disableOOMKiller === true &&
    !Number.isFinite(limit?.value ?? Number.POSITIVE_INFINITY)
  ) {
    const pointer = resourcesPointer(input, '/memory/disableOOMKiller')
    found.push({ message: 'killer', pointer, actual: 'true', expected: 'false, or a limit' })
  }
  const runtime = resources.cpu?.realtimeRuntime ?? 0
  if (runtime > 0) {
    const pointer = resourcesPointer(input, '/cpu/realtimeRuntime')
    found.push({ message: 'realtime', pointer, actual: String(runtime), expected: 'none' })
  }
  return found
}
