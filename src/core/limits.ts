/** The limit that resources come to, for memory and processes: typed field, cgroup v2 file, systemd property. */
import type { Resources } from './oci.ts'
import { type PatchOperation, place, pointer } from './patch.ts'
import type { Observation, RuleInput } from './rule.ts'
import { parseSize } from './size.ts'

/** One kind of limit and the places it is written in. */
export interface LimitKind {
  /** Pointer below the resources. */
  readonly field: string
  readonly file: 'memory.max' | 'pids.max' | 'memory.swap.max'
  readonly typed: (resources: Resources) => number | undefined
  /** Annotations that runc hands to systemd as unit properties (docs/systemd.md, "Auxiliary properties"). */
  readonly properties: readonly string[]
}

export const memoryLimitKind: LimitKind = {
  field: '/memory/limit',
  file: 'memory.max',
  typed: ({ memory }) => memory?.limit,
  properties: ['org.systemd.property.MemoryMax', 'org.systemd.property.MemoryLimit'],
}

export const swapLimitKind: LimitKind = {
  field: '/memory/swap',
  file: 'memory.swap.max',
  typed: ({ memory }) => memory?.swap,
  properties: [],
}

export const pidsLimitKind: LimitKind = {
  field: '/pids/limit',
  file: 'pids.max',
  typed: ({ pids }) => pids?.limit,
  properties: ['org.systemd.property.TasksMax'],
}

/** What the kernel will be told. `undefined`: nothing, so it stays as it is (at create: unlimited). */
export interface Limit {
  /** Infinity: no limit. */
  readonly value: number
  readonly written: string
  /** Pointer below the resources. */
  readonly at: string
}

/**
 * The limit in force. The unified file is written after the typed field and so wins (runc fs2 manager Set);
 * 0 in the typed field means not set, anything negative means no limit.
 */
export const limitOf = (resources: Resources | undefined, kind: LimitKind): Limit | undefined => {
  if (resources === undefined) return undefined
  const unified = resources.unified?.[kind.file]
  if (unified !== undefined) {
    return { value: fileValue(unified), written: unified, at: pointer('unified', kind.file) }
  }
  const typed = kind.typed(resources)
  if (typed === undefined || typed === 0) return undefined
  return { value: typed < 0 ? Number.POSITIVE_INFINITY : typed, written: String(typed), at: kind.field }
}

// The kernel reads a number with an optional unit (lib/cmdline.c memparse); what cannot be read counts as none.
const fileValue = (text: string): number => {
  const size = parseSize(text.trim())
  return size.ok ? size.value : Number.POSITIVE_INFINITY
}

/** Annotations that would set this limit behind the resources' back; an update carries none. */
export const systemdOverrides = (
  { operation, config }: RuleInput,
  { properties }: LimitKind,
): readonly Observation<'overridden'>[] => {
  if (operation === 'update' || config?.annotations === undefined) return []
  const { annotations } = config
  return properties
    .filter((name) => Object.hasOwn(annotations, name))
    .map((name) => ({
      message: 'overridden',
      pointer: pointer('annotations', name),
      actual: name,
      expected: 'absent',
    }))
}

/** True for an update that asks for no more than the container was admitted with: that was judged at create. */
export const isAdmitted = (limit: Limit, kind: LimitKind, { operation, config }: RuleInput): boolean =>
  operation === 'update' &&
  config !== undefined &&
  limit.value <= (limitOf(config.linux?.resources, kind)?.value ?? Number.POSITIVE_INFINITY)

/** Pointer of a place in the resources, in the document judged. */
export const resourcesPointer = ({ operation }: RuleInput, at: string): string =>
  operation === 'update' ? at : `/linux/resources${at}`

/** Operations that give a member of the resources these numbers, and leave its other members as they are. */
export const setLimits = (
  { config }: RuleInput,
  member: 'memory' | 'pids',
  limits: { readonly [name: string]: number },
): readonly PatchOperation[] => {
  const at = pointer('linux', 'resources', member)
  if (config?.linux?.resources?.[member] === undefined) return [place(config, at, limits)]
  return Object.entries(limits).map(([name, value]) => place(config, `${at}/${name}`, value))
}

/** Takes away a unified file that would undo the typed field. */
export const dropFile = ({ resources }: RuleInput, { file }: LimitKind): readonly PatchOperation[] =>
  resources?.unified?.[file] === undefined
    ? []
    : [{ op: 'remove', path: pointer('linux', 'resources', 'unified', file) }]

/** Takes away the annotations that were found. */
export const dropOverrides = (observations: readonly Observation[]): readonly PatchOperation[] =>
  observations
    .filter(({ message }) => message === 'overridden')
    .map(({ pointer: path }): PatchOperation => ({ op: 'remove', path }))
