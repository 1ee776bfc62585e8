/** Examples of `oom-score`. */
import type { HostFacts } from '../../core/facts.ts'
import type { Identity } from '../../core/identity.ts'
import type { BadExample, Example } from '../../core/rule.ts'

const kubernetes: Partial<Identity> = { engine: 'containerd', proven: true, speaker: 'kubernetes' }
const engine = (score: number): Partial<HostFacts> => ({
  onHost: true,
  texts: { '/proc/self/oom_score_adj': `${score}\n` },
})
const scored = (oomScoreAdj: number): object => ({ oomScoreAdj })

export const oomGood: readonly Example[] = [
  { name: 'what Docker writes', process: scored(0) },
  { name: 'that of the engine', facts: engine(1) },
  { name: 'the first to go', process: scored(1000) },
  { name: 'a pause container', process: scored(-998), identity: { ...kubernetes, sandbox: true } },
  { name: 'a guaranteed pod', process: scored(-997), identity: kubernetes },
  {
    name: 'an ordinary scheduler',
    process: {
      ...scored(0),
      scheduler: { policy: 'SCHED_BATCH', nice: 5 },
      ioPriority: { class: 'IOPRIO_CLASS_BE' },
    },
  },
  {
    name: 'no OOM killer below a limit',
    process: scored(0),
    resources: { memory: { disableOOMKiller: true } },
  },
  {
    name: 'an exec with what its container has by exemption',
    operation: 'exec',
    config: { process: { ...scored(-500), scheduler: { policy: 'SCHED_RR' } } },
    process: { ...scored(-500), scheduler: { policy: 'SCHED_RR' } },
  },
  { name: 'an exec that leaves it to its container', operation: 'exec', process: {} },
  { name: 'an update of something else', operation: 'update', resources: { cpu: { shares: 10 } } },
  {
    name: 'an update that turns the killer off below the limit the container has',
    operation: 'update',
    resources: { memory: { disableOOMKiller: true } },
  },
]

export const oomBad: readonly BadExample<
  'score' | 'scheduler' | 'io' | 'killer' | 'realtime' | 'unproven' | 'unknown'
>[] = [
  { name: '--oom-score-adj -1000', process: scored(-1000), message: 'score' },
  {
    name: 'silent, below a containerd whose unit spares it',
    facts: engine(-998),
    message: 'score',
  },
  {
    name: 'a pod that asks for more than kubelet gives',
    process: scored(-999),
    identity: kubernetes,
    message: 'score',
  },
  {
    name: 'the words of Kubernetes without a proof',
    process: scored(-997),
    facts: engine(1),
    identity: { speaker: 'kubernetes' },
    message: 'score',
  },
  {
    name: 'a realtime scheduler',
    process: { ...scored(0), scheduler: { policy: 'SCHED_FIFO', priority: 99 } },
    message: 'scheduler',
  },
  {
    name: 'a deadline scheduler',
    process: { ...scored(0), scheduler: { policy: 'SCHED_DEADLINE' } },
    message: 'scheduler',
  },
  {
    name: 'a negative nice value',
    process: { ...scored(0), scheduler: { policy: 'SCHED_OTHER', nice: -20 } },
    message: 'scheduler',
  },
  {
    name: 'realtime at the disk',
    process: { ...scored(0), ioPriority: { class: 'IOPRIO_CLASS_RT', priority: 0 } },
    message: 'io',
  },
  {
    name: 'no OOM killer and no limit',
    process: scored(0),
    resources: { memory: { limit: null, disableOOMKiller: true } },
    message: 'killer',
  },
  {
    name: 'no OOM killer, with a limit of minus one',
    process: scored(0),
    resources: { memory: { limit: -1, disableOOMKiller: true } },
    message: 'killer',
  },
  {
    name: 'realtime for the whole container',
    process: scored(0),
    resources: { cpu: { realtimeRuntime: 950000, realtimePeriod: 1000000 } },
    message: 'realtime',
  },
  {
    name: 'an exec with a lower score than its container',
    operation: 'exec',
    config: { process: scored(0) },
    process: scored(-1),
    message: 'score',
  },
  {
    name: 'an exec built from the configuration before it was repaired',
    operation: 'exec',
    config: { process: scored(0) },
    asked: { ...scored(0), scheduler: { policy: 'SCHED_RR' }, ioPriority: { class: 'IOPRIO_CLASS_RT' } },
    process: { ...scored(0), scheduler: { policy: 'SCHED_RR' }, ioPriority: { class: 'IOPRIO_CLASS_RT' } },
    message: 'io',
  },
  {
    name: 'a restore, whose scheduler is that of the checkpoint',
    operation: 'restore',
    process: { ...scored(0), scheduler: { policy: 'SCHED_FIFO' } },
    message: 'scheduler',
    fixable: false,
  },
  {
    name: 'an update to realtime',
    operation: 'update',
    resources: { cpu: { realtimeRuntime: 1000 } },
    message: 'realtime',
    fixable: false,
  },
  {
    name: 'a pause container, or a copy of one, away from the host',
    process: scored(-998),
    message: 'unproven',
  },
  { name: 'a silent configuration, away from the host', message: 'unknown' },
]
