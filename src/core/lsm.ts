/** What the Linux security modules of the host make of a container: AppArmor profiles and SELinux's state. */
import type { HostFacts, Probe } from './facts.ts'

const apparmorSwitch = '/sys/module/apparmor/parameters/enabled'
const apparmorProfiles = '/sys/kernel/security/apparmor/profiles'
const selinuxSwitch = '/sys/fs/selinux/enforce'

export const apparmorProbes: readonly Probe[] = [
  { path: apparmorSwitch, kind: 'text' },
  { path: apparmorProfiles, kind: 'text' },
]
export const selinuxProbe: Probe = { path: selinuxSwitch, kind: 'text' }

/** Whether AppArmor confines on this host; `unknown` away from it. */
export const apparmorState = ({ onHost, texts }: HostFacts): 'on' | 'off' | 'unknown' => {
  if (texts[apparmorSwitch]?.startsWith('Y') === true) return 'on'
  return onHost ? 'off' : 'unknown'
}

/** Whether SELinux has a policy and enforces it; `unknown` away from the host. */
export const selinuxState = ({
  onHost,
  texts,
}: HostFacts): 'enforcing' | 'permissive' | 'off' | 'unknown' => {
  const text = texts[selinuxSwitch]
  if (text === undefined) return onHost ? 'off' : 'unknown'
  return text.startsWith('1') ? 'enforcing' : 'permissive'
}

/**
 * What a profile name comes to. `enforced`: it confines. `none`: no name, so the label of the caller. `unlisted`:
 * nobody can say, because the loaded profiles could not be read. The others do not confine, or may not.
 */
export interface ProfileVerdict {
  readonly kind: 'enforced' | 'none' | 'unconfined' | 'namespace' | 'absent' | 'mode' | 'unlisted'
  /** For a person: the name, and what is wrong with it. */
  readonly told: string
}

/**
 * Judges a profile name as it stands in process.apparmorProfile. Of a stack (`a//&b`) every part must confine by
 * itself; a profile of another policy namespace (`:ns:name`) is not in the list, whatever it is called.
 */
export const judgeProfile = (name: string, facts: HostFacts): ProfileVerdict => {
  if (name === '') return { kind: 'none', told: 'no profile' }
  for (const part of name.split('//&')) {
    const kind = judgePart(part, facts)
    if (kind === 'enforced') continue
    const about = part === name ? name : `${part} of ${name}`
    return {
      kind,
      told: kind === 'mode' ? `${about} (${modeOf(part, facts) ?? ''} mode)` : about + notes[kind],
    }
  }
  return { kind: 'enforced', told: name }
}

/** Name of a loaded profile in enforce mode that begins like this, if there is one. */
export const enforcedProfile = (prefix: string, { texts }: HostFacts): string | undefined => {
  const lines = texts[apparmorProfiles]?.split('\n') ?? []
  const line = lines.findLast((each) => each.startsWith(prefix) && each.endsWith(enforce))
  return line?.slice(0, -enforce.length)
}

const enforce = ' (enforce)'

const notes = {
  none: 'an empty part',
  unconfined: '',
  namespace: ' (a profile of another namespace)',
  absent: ' (not loaded)',
  unlisted: ' (the loaded profiles cannot be read)',
} as const

const judgePart = (part: string, facts: HostFacts): ProfileVerdict['kind'] => {
  if (part === '') return 'none'
  if (part.trim() === 'unconfined') return 'unconfined'
  if (part.startsWith(':')) return 'namespace'
  if (facts.texts[apparmorProfiles] === undefined) return 'unlisted'
  const mode = modeOf(part, facts)
  if (mode === undefined) return 'absent'
  return mode === 'enforce' ? 'enforced' : 'mode'
}

/** The mode of a loaded profile, from lines such as `docker-default (enforce)`. */
const modeOf = (name: string, { texts }: HostFacts): string | undefined => {
  const text = texts[apparmorProfiles] ?? ''
  const line = `${name} (`
  const start = text.startsWith(line) ? 0 : text.indexOf(`\n${line}`) + 1
  if (start === 0 && !text.startsWith(line)) return undefined
  const end = text.indexOf(')', start + line.length)
  return end < 0 ? undefined : text.slice(start + line.length, end)
}
