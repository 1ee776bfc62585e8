/** The process and resources a call describes by flags instead of a file, as the runtime would build them. */
import type { CapabilitySets, Process, Resources } from '../core/oci.ts'
import type { ExecFlags, UpdateFlags } from './argv.ts'

/** How a runtime builds the process of an exec that flags describe. */
export type ExecReading = 'runc' | 'crun'

/**
 * The process that `exec` with flags instead of a file runs. runc (exec.go getProcess) lays the flags over the bundle's
 * process block; crun (src/exec.c) begins with an empty process and takes from the bundle only its user.
 * An unknown user is judged as root.
 */
export const processOfFlags = (base: Process, flags: ExecFlags, reading: ExecReading): Process => {
  const { apparmor, processLabel, user } = flags
  // To runc an empty text is none given.
  const given = (text: string | undefined): boolean =>
    text !== undefined && (reading === 'crun' || text !== '')
  const below: Process =
    reading === 'runc' ? base : { ...(base.user === undefined ? {} : { user: base.user }), cwd: '/' }
  const noNewPrivileges = flags.noNewPrivs ?? (reading === 'crun' ? false : base.noNewPrivileges)
  return {
    ...below,
    args: flags.args,
    ...(flags.cwd === undefined || flags.cwd === '' ? {} : { cwd: flags.cwd }),
    ...(noNewPrivileges === undefined ? {} : { noNewPrivileges }),
    ...(given(apparmor) && apparmor !== undefined ? { apparmorProfile: apparmor } : {}),
    ...(given(processLabel) && processLabel !== undefined ? { selinuxLabel: processLabel } : {}),
    ...(flags.cap.length === 0
      ? {}
      : { capabilities: withCapabilities(below.capabilities ?? {}, flags.cap) }),
    user: withGroups(user === undefined || user === '' ? below.user : userOf(user, below.user), flags),
    env: [...(below.env ?? []), ...flags.env],
  }
}

/** `--cap` goes into every set that counts; into ambient where runc (what is inheritable) or crun (always) put it. */
const withCapabilities = (sets: CapabilitySets, added: readonly string[]): CapabilitySets => ({
  ...sets,
  bounding: [...(sets.bounding ?? []), ...added],
  effective: [...(sets.effective ?? []), ...added],
  permitted: [...(sets.permitted ?? []), ...added],
  ambient: [...(sets.ambient ?? []), ...added],
})

type ProcessUser = NonNullable<Process['user']>

/** Without a group the one of the bundle stays (runc exec.go). */
const userOf = (text: string, base: ProcessUser | undefined): ProcessUser => {
  const [uid = '', gid] = text.split(':')
  return { ...base, uid: idOf(uid), gid: gid === undefined ? (base?.gid ?? 0) : idOf(gid) }
}

const withGroups = (user: ProcessUser | undefined, { additionalGids }: ExecFlags): ProcessUser =>
  additionalGids.length === 0
    ? (user ?? {})
    : { ...user, additionalGids: [...(user?.additionalGids ?? []), ...additionalGids.map(idOf)] }

/** Both runtimes cut an id to 32 bits. */
const idOf = (text: string): number => (/^[0-9]+$/.test(text) ? Number(text) >>> 0 : 0)

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
