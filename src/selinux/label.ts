/** SELinux labels, `user:role:type:range`, read as strictly as the kernel reads them. */
import type { CallFlags } from '../core/call.ts'
import type { HostFacts } from '../core/facts.ts'
import type { Process } from '../core/oci.ts'
import { err, ok, type Result } from '../core/result.ts'
import { formatRange, parseRange, type Range } from './range.ts'

export interface Label {
  readonly user: string
  readonly role: string
  readonly type: string
  /** Undefined where the label has no level: only a policy without levels takes it. */
  readonly range: Range | undefined
}

/** Types of processes whose rules confine them to a container; the last is what container_t was called in CentOS 7. */
export const containerTypes = [
  'container_t',
  'container_init_t',
  'container_kvm_t',
  'container_engine_t',
  'container_userns_t',
  'svirt_lxc_net_t',
] as const

/**
 * Reads a raw label; the names mcstransd shows (`SystemLow`) are not taken by the kernel, nor here.
 * Errors: what is wrong, in one phrase.
 */
export const parseLabel = (text: string): Result<Label, string> => {
  const [user = '', role = '', type = '', ...rest] = text.split(':')
  const wrong = [user, role, type].find((name) => !/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name))
  if (wrong !== undefined) return err('it does not begin with user:role:type')
  if (rest.length === 0) return ok({ user, role, type, range: undefined })
  const range = parseRange(rest.join(':'))
  return range.ok ? ok({ user, role, type, range: range.value }) : range
}

/**
 * The label as the loaded policy knows it, where the kernel was asked: aliases of types stand for what they mean.
 * Errors: as of `parseLabel`.
 */
export const knownLabel = (
  text: string,
  { contexts }: Pick<HostFacts, 'contexts'>,
): Result<Label, string> => {
  const written = parseLabel(text)
  return written.ok ? parseLabel(contexts[text] ?? text) : written
}

/** The label a container's process is to have, empty for none; `--lsm-profile selinux:LABEL` of restore goes before the configuration. */
export const processLabelOf = ({
  call,
  process,
}: {
  readonly call: Pick<CallFlags, 'lsmProfile'>
  readonly process: Pick<Process, 'selinuxLabel'> | undefined
}): string =>
  call.lsmProfile.startsWith('selinux:')
    ? call.lsmProfile.slice('selinux:'.length)
    : (process?.selinuxLabel ?? '')

/** The label as the kernel writes it, but for aliases of types, which only the loaded policy knows. */
export const formatLabel = ({ user, role, type, range }: Label): string =>
  [user, role, type, ...(range === undefined ? [] : [formatRange(range)])].join(':')
