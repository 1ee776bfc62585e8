/** What an update makes of the limits a container was admitted with, by the way runc and crun apply it. */
import { isPartOf } from './cpu-list.ts'
import { type LimitKind, limitOf, memoryLimitKind, pidsLimitKind } from './limits.ts'
import type { CpuResources, Resources } from './oci.ts'
import { pointer } from './patch.ts'
import { formatSize, parseSize } from './size.ts'

/** One limit that the update loosens: `removed` altogether, or `raised`. */
export interface Loosened {
  readonly how: 'removed' | 'raised'
  /** Pointer into the resources. */
  readonly pointer: string
  readonly actual: string
  readonly expected: string
}

/**
 * Every limit of `admitted` that `update` loosens. Absent or 0 leaves a limit as it is (runc update.go, crun
 * cgroup-resources.c); what the container was not limited in cannot be loosened.
 */
export const loosenedLimits = (update: Resources, admitted: Resources): readonly Loosened[] => [
  ...loosenedMemory(update, admitted),
  ...grown({ at: '/pids/limit', name: 'pids.limit', write: String }, [
    update.pids?.limit,
    effective(admitted, pidsLimitKind),
  ]),
  ...loosenedShare(update.cpu ?? {}, admitted.cpu ?? {}),
  ...loosenedQuota(update.cpu ?? {}, admitted),
  ...loosenedSets(update, admitted),
  ...loosenedFiles(update, admitted),
]

interface Place {
  readonly at: string
  readonly name: string
  readonly write: (value: number) => string
}

/** A number against the one admitted; negative is no limit, 0 or absent no change. */
const grown = (
  { at, name, write }: Place,
  [wanted = 0, own]: readonly [number | undefined, number | undefined],
): readonly Loosened[] => {
  if (own === undefined || own < 0 || own === Number.POSITIVE_INFINITY || wanted === 0) return []
  const value = wanted < 0 ? Number.POSITIVE_INFINITY : wanted
  if (value <= own) return []
  const how = value === Number.POSITIVE_INFINITY ? 'removed' : 'raised'
  const said = how === 'removed' ? `${name} without a limit` : `${name} ${write(value)}`
  return [{ how, pointer: at, actual: said, expected: write(own) }]
}

const effective = (resources: Resources, kind: LimitKind): number | undefined =>
  limitOf(resources, kind)?.value

const loosenedMemory = (update: Resources, admitted: Resources): readonly Loosened[] => {
  const { limit, swap, reservation } = update.memory ?? {}
  const write = formatSize
  const own = effective(admitted, memoryLimitKind)
  return [
    ...grown({ at: '/memory/limit', name: 'memory.limit', write }, [limit, own]),
    ...grown({ at: '/memory/swap', name: 'memory.swap', write }, [swap, admitted.memory?.swap || undefined]),
    ...grown({ at: '/memory/reservation', name: 'memory.reservation', write }, [
      reservation,
      admitted.memory?.reservation || undefined,
    ]),
  ]
}

// What a cgroup without shares of its own has (cgroup v1 cpu.shares; the weight 100 of v2 stands for it).
const usualShares = 1024

const loosenedShare = (update: CpuResources, admitted: CpuResources): readonly Loosened[] => [
  ...grown({ at: '/cpu/shares', name: 'cpu.shares', write: String }, [
    update.shares,
    admitted.shares || usualShares,
  ]),
  ...(admitted.idle === 1 && update.idle !== undefined && update.idle !== 1
    ? [{ how: 'raised' as const, pointer: '/cpu/idle', actual: `cpu.idle ${update.idle}`, expected: '1' }]
    : []),
]

// Of cpu.max and cpu.cfs_period_us, in microseconds (kernel Documentation/admin-guide/cgroup-v2.rst).
const usualPeriod = 100_000

interface Bandwidth {
  /** Microseconds in each period; Infinity: no limit. */
  readonly quota: number
  readonly period: number
}

const bandwidthOf = ({ cpu, unified }: Resources): Bandwidth => {
  const text = unified?.['cpu.max']
  if (text !== undefined) return fileBandwidth(text, usualPeriod)
  const quota = cpu?.quota ?? 0
  return { quota: quota > 0 ? quota : Number.POSITIVE_INFINITY, period: cpu?.period || usualPeriod }
}

const fileBandwidth = (text: string, period: number): Bandwidth => {
  const [quota = 0, own = 0] = text
    .trim()
    .split(/\s+/)
    .map((each) => (/^[0-9]+$/.test(each) ? Number(each) : 0))
  return { quota: quota || Number.POSITIVE_INFINITY, period: own || period }
}

/**
 * The quota by its share of the period. A period alone lifts the quota under crun, and under runc once an update has
 * set it to 0; one shorter than admitted would make a later quota alone worth more than it seems: runc takes the
 * period of the update before, crun the usual one.
 */
const loosenedQuota = (update: CpuResources, admitted: Resources): readonly Loosened[] => {
  const own = bandwidthOf(admitted)
  const { quota = 0, period = 0, burst = 0 } = update
  if (own.quota === Number.POSITIVE_INFINITY) return []
  const expected = bandwidthText(own)
  const bursts = burst > (admitted.cpu?.burst ?? 0)
  return [
    ...(quota === 0 && period !== 0
      ? [removed('/cpu/period', `cpu.period ${period} without a quota`, expected)]
      : quotaLoosened({ quota, period: period || Math.min(own.period, usualPeriod) }, own)),
    ...(bursts ? [raised('/cpu/burst', `cpu.burst ${burst}`, String(admitted.cpu?.burst ?? 0))] : []),
  ]
}

const quotaLoosened = (wanted: Bandwidth, own: Bandwidth): readonly Loosened[] => {
  const expected = bandwidthText(own)
  if (wanted.quota === 0) return []
  if (wanted.quota < 0) return [removed('/cpu/quota', 'cpu.quota without a limit', expected)]
  const more = wanted.quota * own.period > own.quota * wanted.period
  const actual = `cpu.quota ${bandwidthText(wanted)}`
  return more || wanted.period < Math.min(own.period, usualPeriod)
    ? [raised('/cpu/quota', actual, expected)]
    : []
}

const bandwidthText = ({ quota, period }: Bandwidth): string => `${quota} in ${period} us`

const removed = (at: string, actual: string, expected: string): Loosened => ({
  how: 'removed',
  pointer: at,
  actual,
  expected,
})

const raised = (at: string, actual: string, expected: string): Loosened => ({
  ...removed(at, actual, expected),
  how: 'raised',
})

const loosenedSets = (update: Resources, admitted: Resources): readonly Loosened[] =>
  (['cpus', 'mems'] as const).flatMap((member) => {
    const own = setOf(admitted, member)
    const wanted = update.cpu?.[member] ?? ''
    const fits = own === '' || wanted === '' || isPartOf(wanted, own)
    return fits ? [] : [raised(`/cpu/${member}`, `cpu.${member} ${wanted}`, own)]
  })

const setOf = ({ cpu, unified }: Resources, member: 'cpus' | 'mems'): string =>
  unified?.[`cpuset.${member}`] ?? cpu?.[member] ?? ''

/** cgroup v2 files whose values can be compared with what was admitted. */
export const comparedFiles: ReadonlySet<string> = new Set([
  'memory.max',
  'memory.swap.max',
  'pids.max',
  'cpu.max',
  'cpuset.cpus',
  'cpuset.mems',
])

const loosenedFiles = ({ unified = {} }: Resources, admitted: Resources): readonly Loosened[] =>
  Object.entries(unified).flatMap(([file, text]) =>
    comparedFiles.has(file) && text !== admitted.unified?.[file]
      ? loosenedFile({ file, text }, admitted)
      : [],
  )

const loosenedFile = (
  { file, text }: { readonly file: string; readonly text: string },
  admitted: Resources,
): readonly Loosened[] => {
  const at = pointer('unified', file)
  if (file === 'cpu.max') {
    const own = bandwidthOf(admitted)
    const wanted = fileBandwidth(text, Math.min(own.period, usualPeriod))
    if (own.quota === Number.POSITIVE_INFINITY) return []
    if (wanted.quota === Number.POSITIVE_INFINITY) return [removed(at, `${file} ${text}`, bandwidthText(own))]
    return quotaLoosened(wanted, own).map((each) => ({ ...each, pointer: at, actual: `${file} ${text}` }))
  }
  if (file === 'cpuset.cpus' || file === 'cpuset.mems') {
    const own = setOf(admitted, file === 'cpuset.cpus' ? 'cpus' : 'mems')
    // Empty is every one of the parent's.
    const fits = own === '' || (text.trim() !== '' && isPartOf(text, own))
    return fits ? [] : [raised(at, `${file} ${text}`, own)]
  }
  const write = file === 'pids.max' ? String : formatSize
  return grown({ at, name: file, write }, [fileNumber(text), ownNumber(file, admitted)])
}

/** What cannot be read counts as none. */
const fileNumber = (text: string): number => {
  const size = parseSize(text.trim())
  return size.ok ? size.value : -1
}

const ownNumber = (file: string, admitted: Resources): number | undefined => {
  if (file === 'memory.max') return effective(admitted, memoryLimitKind)
  if (file === 'pids.max') return effective(admitted, pidsLimitKind)
  const own = admitted.unified?.['memory.swap.max']
  if (own !== undefined) return fileNumber(own)
  // The typed one counts memory and swap together, the file swap alone.
  const { limit = 0, swap = 0 } = admitted.memory ?? {}
  return limit > 0 && swap > 0 ? swap - limit : undefined
}
