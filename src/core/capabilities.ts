/** The five capability sets of a process (capabilities(7)): one spelling, one union. */
import type { CapabilitySets } from './oci.ts'

/** What Docker and containerd give a container that asks for nothing (moby daemon/pkg/oci/caps/defaults.go). */
export const dockerCapabilities = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
] as const

/** The sets, in the order a report names them. */
const capabilitySets = ['bounding', 'effective', 'permitted', 'inheritable', 'ambient'] as const

/**
 * The one spelling names are compared in. runc ignores lower-case and unprefixed names with a warning, libcap
 * (crun) takes them.
 */
export const normalCapability = (name: string): string => {
  const upper = name.toUpperCase()
  return upper.startsWith('CAP_') ? upper : `CAP_${upper}`
}

/** Every capability held in any set: bounding counts, a setuid or root program gets it back at execve. */
export const heldCapabilities = (sets: CapabilitySets): readonly string[] => capabilitiesBeyond(sets, [])

/** Every capability held in any set and not in `allowed`, once each. */
export const capabilitiesBeyond = (sets: CapabilitySets, allowed: readonly string[]): readonly string[] => {
  const beyond: string[] = []
  for (const set of capabilitySets) {
    for (const name of sets[set] ?? []) {
      if (allowed.includes(name) || beyond.includes(name)) continue
      const normal = normalCapability(name)
      if (!beyond.includes(normal)) beyond.push(normal)
    }
  }
  if (beyond.length === 0 || allowed.length === 0) return beyond
  const spelled = allowed.map(normalCapability)
  return beyond.filter((name) => !spelled.includes(name))
}

/**
 * The sets without what is not allowed, names as they were spelled; only sets that change. Inheritable and
 * ambient ones also go when the bounding set would not have them.
 */
export const narrowCapabilities = (
  sets: CapabilitySets,
  allowed: readonly string[],
): { readonly [set: string]: readonly string[] } => {
  const kept = (set: keyof CapabilitySets, within: readonly string[]): readonly string[] =>
    (sets[set] ?? []).filter((name) => within.includes(normalCapability(name)))
  const spelled = allowed.map(normalCapability)
  const bounding = kept('bounding', spelled).map(normalCapability)
  const narrowed: { [set: string]: readonly string[] } = {}
  for (const set of capabilitySets) {
    const names = kept(set, set === 'inheritable' || set === 'ambient' ? bounding : spelled)
    if (names.length !== (sets[set]?.length ?? 0)) narrowed[set] = names
  }
  return narrowed
}

/** Names for one line of text: the gravest first, and how many more. */
export const listCapabilities = (names: readonly string[]): string => {
  const grave = names.filter((name) => isDecisive(name))
  const ordered = [...grave, ...names.filter((name) => !isDecisive(name))]
  const more = ordered.length - 6
  const shown = ordered.slice(0, 6).map((name) => (/^CAP_[A-Z_]{1,30}$/.test(name) ? name : 'CAP_?'))
  return shown.join(', ') + (more > 0 ? `, +${more} more` : '')
}

// Linux 5.9 to 6.18, include/uapi/linux/capability.h.
const known =
  ' CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID CAP_SETUID CAP_SETPCAP CAP_LINUX_IMMUTABLE CAP_NET_BIND_SERVICE CAP_NET_BROADCAST CAP_NET_ADMIN CAP_NET_RAW CAP_IPC_LOCK CAP_IPC_OWNER CAP_SYS_MODULE CAP_SYS_RAWIO CAP_SYS_CHROOT CAP_SYS_PTRACE CAP_SYS_PACCT CAP_SYS_ADMIN CAP_SYS_BOOT CAP_SYS_NICE CAP_SYS_RESOURCE CAP_SYS_TIME CAP_SYS_TTY_CONFIG CAP_MKNOD CAP_LEASE CAP_AUDIT_WRITE CAP_AUDIT_CONTROL CAP_SETFCAP CAP_MAC_OVERRIDE CAP_MAC_ADMIN CAP_SYSLOG CAP_WAKE_ALARM CAP_BLOCK_SUSPEND CAP_AUDIT_READ CAP_PERFMON CAP_BPF CAP_CHECKPOINT_RESTORE '

/** Those that alone, or nearly, make the holder root of the host. */
const decisive = [
  'CAP_SYS_ADMIN',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_PTRACE',
  'CAP_DAC_READ_SEARCH',
  'CAP_NET_ADMIN',
] as const
const isDecisive = (name: string): boolean => decisive.some((each) => each === name)

/**
 * True when the sets amount to all capabilities. Counted generously: a kernel without the newest ones makes
 * engines leave them out, and dropping a few harmless ones does not make a container less privileged.
 */
export const holdsEverything = (sets: CapabilitySets): boolean => {
  const held = heldCapabilities(sets)
  return (
    decisive.every((name) => held.includes(name)) ||
    (held.length >= 35 && held.filter((name) => known.includes(` ${name} `)).length >= 35)
  )
}
