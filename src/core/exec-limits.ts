/** Limits of one process that an exec could loosen: setrlimit(2), the OOM killer's score, sched(7), ioprio_set(2). */
import type { Process, ResourceLimit } from './oci.ts'
import type { PatchOperation } from './patch.ts'
import type { RuleInput } from './rule.ts'

type Execution = Pick<RuleInput, 'process' | 'config' | 'asked'>

/** A limit looser than that of the container. */
export interface LooserLimit {
  /** Pointer into the process. */
  readonly pointer: string
  readonly actual: string
  readonly expected: string
}

/**
 * What an exec loosens beyond its container and beyond what the engine had asked at create. What it does not name is
 * the container's or its caller's, and never more than those.
 */
export const looserLimits = ({ process = {}, config, asked }: Execution): readonly LooserLimit[] => {
  const admitted = config?.process ?? {}
  const loosened = looserThan(process, admitted)
  if (loosened.length === 0 || asked === undefined) return loosened
  const beyondAsked = looserThan(process, asked).map(({ pointer }) => pointer)
  return loosened.filter(({ pointer }) => beyondAsked.includes(pointer))
}

const looserThan = (process: Process, admitted: Process): readonly LooserLimit[] => [
  ...(process.rlimits ?? []).flatMap((limit, index) => looserResource({ limit, index }, admitted)),
  ...looserScore(process.oomScoreAdj, admitted.oomScoreAdj),
  ...privileged('scheduler', schedulerText(process), schedulerText(admitted)),
  ...privileged('ioPriority', ioPriorityText(process), ioPriorityText(admitted)),
]

const looserResource = (
  { limit, index }: { readonly limit: ResourceLimit; readonly index: number },
  { rlimits = [] }: Process,
): readonly LooserLimit[] => {
  const own = rlimits.find(({ type }) => type === limit.type)
  if (own !== undefined && limit.soft <= own.soft && limit.hard <= own.hard) return []
  return [
    {
      pointer: `/rlimits/${index}`,
      actual: limitText(limit),
      expected: own === undefined ? `no ${limit.type} of its own` : limitText(own),
    },
  ]
}

const limitText = ({ type, soft, hard }: ResourceLimit): string => `${type} ${soft}:${hard}`

/** A lower score makes others be killed first; without one a process has its caller's, 0 or above. */
const looserScore = (wanted: number | undefined, own: number | undefined): readonly LooserLimit[] =>
  // Rootless Podman raises the score it was told at create alone: only below 0 is there harm.
  wanted === undefined || wanted >= Math.min(own ?? 0, 0)
    ? []
    : [
        {
          pointer: '/oomScoreAdj',
          actual: `oomScoreAdj ${wanted}`,
          expected: own === undefined ? 'none of its own' : String(own),
        },
      ]

const realTime = /^(SCHED_(FIFO|RR|DEADLINE)|IOPRIO_CLASS_RT)\b/

const schedulerText = ({ scheduler }: Process): string =>
  scheduler === undefined ? '' : `${scheduler.policy} ${scheduler.priority ?? 0}`

const ioPriorityText = ({ ioPriority }: Process): string =>
  ioPriority === undefined ? '' : `${ioPriority.class} ${ioPriority.priority ?? 0}`

const privileged = (
  member: 'scheduler' | 'ioPriority',
  wanted: string,
  own: string,
): readonly LooserLimit[] =>
  wanted === own || !realTime.test(wanted)
    ? []
    : [{ pointer: `/${member}`, actual: `${member} ${wanted}`, expected: own || 'none of its own' }]

/**
 * Operations that give every looser limit the container's value, or take it away where the container has none. Only
 * numbers that are too large are written: one of 64 bits would lose its last digits.
 */
export const withinLimits = ({ process = {}, config }: Execution): readonly PatchOperation[] => {
  const admitted = config?.process ?? {}
  const pointers = looserThan(process, admitted).map(({ pointer }) => pointer)
  const limits = (process.rlimits ?? []).map((limit, index) => lowered({ limit, index }, admitted))
  return [
    ...limits.flat(),
    ...foreignLimits(process, admitted),
    ...(pointers.includes('/oomScoreAdj') ? [ownValue('/oomScoreAdj', admitted.oomScoreAdj)] : []),
    ...(pointers.includes('/scheduler') ? [ownValue('/scheduler', undefined)] : []),
    ...(pointers.includes('/ioPriority') ? [ownValue('/ioPriority', undefined)] : []),
  ]
}

const ownValue = (path: string, value: number | undefined): PatchOperation =>
  value === undefined ? { op: 'remove', path } : { op: 'replace', path, value }

const lowered = (
  { limit, index }: { readonly limit: ResourceLimit; readonly index: number },
  { rlimits = [] }: Process,
): readonly PatchOperation[] => {
  const own = rlimits.find(({ type }) => type === limit.type)
  const numbers = ['soft', 'hard'] as const
  return numbers.flatMap((name) =>
    own === undefined || limit[name] <= own[name] ? [] : [ownValue(`/rlimits/${index}/${name}`, own[name])],
  )
}

/** Takes away limits of kinds the container has none of, from last to first. */
const foreignLimits = (process: Process, { rlimits = [] }: Process): readonly PatchOperation[] =>
  (process.rlimits ?? [])
    .flatMap((limit, index): readonly PatchOperation[] =>
      rlimits.some(({ type }) => type === limit.type) ? [] : [{ op: 'remove', path: `/rlimits/${index}` }],
    )
    .toReversed()
