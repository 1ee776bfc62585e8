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
  ...(flags.user === undefined && flags.additionalGids.length === 0
    ? {}
    : { user: { ...userOf(flags.user, base.user), additionalGids: flags.additionalGids.map(idOf) } }),
  env: [...(base.env ?? []), ...flags.env],
})

const withCapabilities = (sets: CapabilitySets, added: readonly string[]): CapabilitySets => ({
  ...sets,
  bounding: [...(sets.bounding ?? []), ...added],
  effective: [...(sets.effective ?? []), ...added],
  permitted: [...(sets.permitted ?? []), ...added],
})

const userOf = (text: string | undefined, base: Process['user']): NonNullable<Process['user']> => {
  if (text === undefined) return base ?? {}
  const [uid = '', gid = ''] = text.split(':')
  return { uid: idOf(uid), gid: idOf(gid) }
}

const idOf = (text: string): number => (/^[0-9]+$/.test(text) ? Number(text) : 0)

/** runc update.go: value flags as resources; sizes with Docker's units, -1 for no limit. */
export const resourcesOfFlags = (values: UpdateFlags['values']): Resources => ({
  memory: given({
    limit: sizeOf(values['memory']),
    swap: sizeOf(values['memory-swap']),
    reservation: sizeOf(values['memory-reservation']),
  }),
  pids: given({ limit: numberOf(values['pids-limit']) }),
  cpu: given({
    shares: numberOf(values['cpu-share']),
    quota: numberOf(values['cpu-quota']),
    burst: numberOf(values['cpu-burst']),
    period: numberOf(values['cpu-period']),
    realtimeRuntime: numberOf(values['cpu-rt-runtime']),
    realtimePeriod: numberOf(values['cpu-rt-period']),
    cpus: values['cpuset-cpus'],
    mems: values['cpuset-mems'],
    idle: numberOf(values['cpu-idle']),
  }),
})

/** The members that were given. */
const given = <Values extends object>(
  values: Values,
): { [name in keyof Values]: NonNullable<Values[name]> } => JSON.parse(JSON.stringify(values))

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
