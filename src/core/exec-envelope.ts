/**
 * The envelope of an exec: what its container was admitted with, and what the engine had asked at create and repeats
 * in every exec (DESIGN section 4). What lies outside both is a new demand.
 */
import { capabilitiesBeyond, heldCapabilities } from './capabilities.ts'
import type { CapabilitySets } from './oci.ts'
import type { RuleInput } from './rule.ts'

type Execution = Pick<RuleInput, 'process' | 'config' | 'asked'>

/** What an exec would hold beyond its container, by where it comes from. */
export interface CapabilityDemand {
  /** Asked for at create too and taken away then: the engine only repeats it. */
  readonly repeated: readonly string[]
  /** Asked for by this exec. */
  readonly demanded: readonly string[]
}

/**
 * The capabilities of an exec beyond those admitted; nothing where it names no sets, for then it gets those of its
 * container (runc libcontainer newInitConfig, crun exec_process_entrypoint). `admitted` is compared by its union:
 * engines list for a user that is not root what its root would hold.
 */
export const capabilityDemand = (
  { process, asked }: Execution,
  admitted: readonly string[],
): CapabilityDemand => {
  const beyond = capabilitiesBeyond(process?.capabilities ?? {}, admitted)
  if (beyond.length === 0) return { repeated: [], demanded: [] }
  const before = heldCapabilities(asked?.capabilities ?? {})
  return {
    repeated: beyond.filter((name) => before.includes(name)),
    demanded: beyond.filter((name) => !before.includes(name)),
  }
}

/**
 * Ambient capabilities a user that is not root would newly use, although the bounding set of its container lists
 * them: without root they were out of reach there. Engines make them of the container's own effective set (Podman).
 */
export const ambientDemand = ({ process, config, asked }: Execution): readonly string[] => {
  const ambient = process?.capabilities?.ambient ?? []
  if (ambient.length === 0 || (process?.user?.uid ?? 0) === 0) return []
  const used = [...usable(config?.process?.capabilities), ...usable(asked?.capabilities)]
  const held = heldCapabilities(config?.process?.capabilities ?? {})
  return capabilitiesBeyond({ ambient }, used).filter((name) => held.includes(name))
}

const usable = ({ effective = [], permitted = [], ambient = [] }: CapabilitySets = {}): readonly string[] => [
  ...effective,
  ...permitted,
  ...ambient,
]

/**
 * How an exec would gain privileges that its container cannot: `demanded` by this exec, `repeated` from before lintel
 * set the flag. Absent is false here, and a file replaces what the container has (runc utils_linux.go, newProcess).
 */
export const privilegeGain = ({ process, config, asked }: Execution): 'none' | 'demanded' | 'repeated' => {
  if (process === undefined || process.noNewPrivileges === true) return 'none'
  if (config !== undefined && config.process?.noNewPrivileges !== true) return 'none'
  return asked !== undefined && asked.noNewPrivileges !== true ? 'repeated' : 'demanded'
}
