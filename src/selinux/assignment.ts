/** The label a container gets that has none: at which level, and whether its files can bear it. */
import type { HostFacts, Probe } from '../core/facts.ts'
import { isBind, isWritable } from '../core/mounts.ts'
import type { Config, Mount } from '../core/oci.ts'
import { err, ok, type Result } from '../core/result.ts'
import { parseLabel } from './label.ts'
import { contextsOf } from './mount-context.ts'
import {
  dominates,
  formatLevel,
  formatRange,
  type Level,
  parseRange,
  type Range,
  sameLevel,
} from './range.ts'

/** What a label is made of: its types, and the range its level is to be in (undefined: any of sensitivity 0). */
export interface Assignment {
  readonly type: string
  readonly mountType: string
  readonly clearance: Range | undefined
}

export interface AssignedLabels {
  readonly process: string
  readonly mount: string
}

/** Types of files a container may write to, of those its files may have. */
const readOnlyTypes = ['container_ro_file_t', 'container_share_t']

const rangeOf = ({ clearance }: Assignment): string =>
  clearance === undefined ? 's0-s0:c0.c1023' : formatRange(clearance)

const processLabel = (type: string, range: string): string => `system_u:system_r:${type}:${range}`
const mountLabel = (type: string, range: string): string => `system_u:object_r:${type}:${range}`

/** A label that only a policy with sensitivities takes: under such a one files are written at their own level only. */
const withSensitivity = (type: string): string => processLabel(type, 's1')

/** Where the label of what is mounted can be read. */
const sourceOf = (mount: Mount): string | undefined => (isBind(mount) ? mount.source : undefined)

/** What `assignedLabels` has to know of the host. */
export const assignmentProbes = (config: Config, assignment: Assignment): readonly Probe[] => {
  const range = rangeOf(assignment)
  const sources = (config.mounts ?? []).flatMap((mount) => sourceOf(mount) ?? [])
  return [
    { path: range, kind: 'free-level' },
    // Within a range the kernel takes, it takes every level.
    { path: processLabel(assignment.type, range), kind: 'context' },
    { path: mountLabel(assignment.mountType, range), kind: 'context' },
    { path: withSensitivity(assignment.type), kind: 'context' },
    ...[config.root?.path ?? 'rootfs', ...sources].map((path) => ({ path, kind: 'label' as const })),
  ]
}

/**
 * Labels for process and mounts. `fileTypes`: types its root file system may have.
 * Errors: why its files cannot bear them, or there is none to be had; a phrase. A level is never put in the place of
 * another: the engine may have mounted the root with it, and the program would not survive its start.
 */
export const assignedLabels = (
  config: Config,
  assignment: Assignment,
  { facts, fileTypes }: { readonly facts: HostFacts; readonly fileTypes: readonly string[] },
): Result<AssignedLabels, string> => {
  const range = rangeOf(assignment)
  const { type, mountType } = assignment
  const unknown = [processLabel(type, range), mountLabel(mountType, range)].find(
    (label) => facts.contexts[label] === null,
  )
  if (unknown !== undefined) return err(`the policy of the host takes no label such as ${unknown}`)
  const level = facts.freeLevels[range]
  const parsed = level === undefined ? undefined : parseRange(level)
  if (level === undefined || parsed?.ok !== true) return err(`no level is free within ${range}`)
  const own = { level: parsed.value.low, exact: typeof facts.contexts[withSensitivity(type)] === 'string' }
  const problem = rootProblem(config, { facts, fileTypes }, own) ?? mountProblem(config, facts, own)
  return problem === undefined
    ? ok({ process: processLabel(type, level), mount: mountLabel(mountType, level) })
    : err(problem)
}

/** The level of the process, and whether what it writes must be at exactly that. */
interface OwnLevel {
  readonly level: Level
  readonly exact: boolean
}

const rootProblem = (
  { root }: Config,
  { facts, fileTypes }: { readonly facts: HostFacts; readonly fileTypes: readonly string[] },
  own: OwnLevel,
): string | undefined => {
  const text = facts.labels[root?.path ?? 'rootfs']
  const label = text === undefined ? undefined : parseLabel(text)
  if (text === undefined || label?.ok !== true) return 'its root file system has no label'
  const { type } = label.value
  const borne = fileTypes.includes(type) && (root?.readonly === true || !readOnlyTypes.includes(type))
  if (!borne) return `its root file system is of type ${type}`
  return levelProblem({ what: 'its root file system', text, written: root?.readonly !== true }, own)
}

const mountProblem = ({ mounts = [] }: Config, facts: HostFacts, own: OwnLevel): string | undefined => {
  for (const mount of mounts) {
    const source = sourceOf(mount)
    const found = source === undefined ? undefined : facts.labels[source]
    const labels = [
      ...(found === undefined ? [] : [found]),
      ...contextsOf(mount.options).map(({ label }) => label),
    ]
    for (const label of labels) {
      const what = `the mount at ${mount.destination}`
      const problem = levelProblem({ what, text: label, written: isWritable(mount) }, own)
      if (problem !== undefined) return problem
    }
  }
  return undefined
}

interface Files {
  /** For a person. */
  readonly what: string
  /** Their label. */
  readonly text: string
  readonly written: boolean
}

/** Files of a level the process does not dominate cannot be read by it. */
const levelProblem = ({ what, text, written }: Files, { level, exact }: OwnLevel): string | undefined => {
  const label = parseLabel(text)
  const range = label.ok ? label.value.range : undefined
  if (range === undefined) return `${what} has the label ${text}`
  if (!dominates(level, range.high)) return `${what} is at level ${formatLevel(range.high)}`
  return exact && written && !sameLevel(level, range.low)
    ? `${what} is at level ${formatLevel(range.low)}, where it could not be written to at ${formatLevel(level)}`
    : undefined
}
