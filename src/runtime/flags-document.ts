/** The process and resources a call describes by flags instead of a file, as the runtime would build them. */
import type { CapabilitySets, Process, Resources } from '../core/oci.ts'
import type { ExecFlags, UpdateFlags } from './argv.ts'

/**
 * runc exec.go getProcess: the bundle's process block with the flags laid over it; `--cap` adds to bounding,
 * effective and permitted (and what is inheritable to ambient). An unknown user is judged as root.
 */
export const processOfFlags = (base: Process, flags: ExecFlags): Process => ({
  ...base,
  args: flags.args,
  ...(flags.cwd === undefined ? {} : { cwd: flags.cwd }),
  ...(flags.noNewPrivs === undefined ? {} : { noNewPrivileges: flags.noNewPrivs }),
  ...(flags.apparmor === undefined ? {} : { apparmorProfile: flags.apparmor }),
  ...(flags.processLabel === undefined ? {} : { selinuxLabel: flags.processLabel }),
  ...(flags.cap.length === 0 ? {} : { capabilities: withCapabilities(base.capabilities ?? {}, flags.cap) }),
  ...(flags.user === undefined ? {} : { user: userOf(flags.user) }),
  env: [...(base.env ?? []), ...flags.env],
})

const withCapabilities = (sets: CapabilitySets, added: readonly string[]): CapabilitySets => ({
  ...sets,
  bounding: [...(sets.bounding ?? []), ...added],
  effective: [...(sets.effective ?? []), ...added],
  permitted: [...(sets.permitted ?? []), ...added],
})

const userOf = (text: string): NonNullable<Process['user']> => {
  const [uid = '', gid = ''] = text.split(':')
  return { uid: idOf(uid), gid: idOf(gid) }
}

const idOf = (text: string): number => (/^[0-9]+$/.test(text) ? Number(text) : 0)

/** runc update.go: value flags as resources; sizes with Docker's units, -1 for no limit. */
export const resourcesOfFlags = (values: UpdateFlags['values']): Resources => {
  const limit = sizeOf(values['memory'])
  const swap = sizeOf(values['memory-swap'])
  const pids = numberOf(values['pids-limit'])
  const shares = numberOf(values['cpu-share'])
  return {
    memory: { ...(limit === undefined ? {} : { limit }), ...(swap === undefined ? {} : { swap }) },
    pids: pids === undefined ? {} : { limit: pids },
    cpu: shares === undefined ? {} : { shares },
  }
}

const numberOf = (text: string | undefined): number | undefined => {
  const value = text === undefined || text === '' ? Number.NaN : Number(text)
  return Number.isNaN(value) ? undefined : value
}

/** go-units RAMInBytes: binary units, any case; what it would refuse counts as no limit. */
const sizeOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined
  const [, digits, unit = ''] = /^(-?[0-9.]+) ?([kmgtp]?)(?:i?b)?$/i.exec(text) ?? []
  const power = ' kmgtp'.indexOf(unit.toLowerCase() || ' ')
  return digits === undefined ? -1 : Number(digits) * 1024 ** power
}
