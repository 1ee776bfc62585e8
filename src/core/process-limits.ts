/** Resource limits of a process: those a configuration sets, and those it inherits from the caller of the runtime. */
import type { HostFacts, Probe } from './facts.ts'
import type { Process } from './oci.ts'

const callerLimits = '/proc/self/limits'

/** What inherited limits are told by. */
export const callerLimitsProbe: Probe = { path: callerLimits, kind: 'text' }

/** Line of proc_pid_limits(5) for each limit that is looked at. */
const lines = {
  RLIMIT_NOFILE: 'Max open files',
  RLIMIT_NPROC: 'Max processes',
  RLIMIT_CORE: 'Max core file size',
  RLIMIT_MEMLOCK: 'Max locked memory',
} as const

export type LimitName = keyof typeof lines

/** Above this a number means no limit (RLIM_INFINITY is 2^64 - 1, in some engines 2^63 - 1). */
const unlimited = 2 ** 63

/** The hard limit a list sets, the largest where it names one twice; undefined: it names none. */
export const hardLimit = (process: Process | undefined, name: LimitName): number | undefined => {
  let hard: number | undefined
  for (const limit of process?.rlimits ?? []) {
    if (limit.type === name) hard = Math.max(hard ?? 0, limit.hard)
  }
  return hard === undefined || hard < unlimited ? hard : Number.POSITIVE_INFINITY
}

/** Soft and hard limit; Infinity: none. */
export interface LimitPair {
  readonly soft: number
  readonly hard: number
}

/** The caller's own limits of this kind; undefined where nobody looked. */
export const inheritedLimit = ({ texts }: HostFacts, name: LimitName): LimitPair | undefined => {
  const text = texts[callerLimits]
  const start = text?.indexOf(`\n${lines[name]} `) ?? -1
  if (text === undefined || start < 0) return undefined
  const [line = ''] = text.slice(start + 1, start + 120).split('\n')
  const [soft, hard] = line.slice(lines[name].length).trim().split(/ +/).map(numberOf)
  return soft === undefined || hard === undefined ? undefined : { soft, hard }
}

const numberOf = (text: string): number | undefined => {
  if (text === 'unlimited') return Number.POSITIVE_INFINITY
  return /^[0-9]+$/.test(text) ? Number(text) : undefined
}
