/** What the ordered list of device rules comes to (linux.resources.devices). */
import type { DeviceRule } from './oci.ts'
import { matchesGlob } from './policy.ts'

/**
 * True when the rules end up allowing every block or every character device to be read or written. The list is
 * taken in its order, the last match deciding, from a start of nothing allowed (runc libcontainer/cgroups/devices);
 * a missing type means all, a missing or negative number any (runtime-spec config-linux.md, Allowed Device list).
 * A rule of type `a` means every device and every access in runc, whatever else it says.
 */
export const reachesEveryDevice = (rules: readonly DeviceRule[]): boolean => {
  let [block, character] = [false, false]
  for (const rule of rules) {
    const { allow, major = -1, minor = -1, access = 'rwm' } = rule
    const [type, all] = [typeOf(rule), allow && typeOf(rule) === 'a']
    if (!all && (major >= 0 || minor >= 0)) continue
    const [reads, writes] = [access.includes('r'), access.includes('w')]
    // An allowed half is access enough; only a denial of both takes it back.
    if (!all && (allow ? !reads && !writes : !reads || !writes)) continue
    if (type !== 'c') block = allow
    if (type !== 'b') character = allow
  }
  return block || character
}

/** A rule that opens devices, and which: `c 10:237`, `b 8:*`, `a *:*`. */
export interface OpenRule {
  readonly index: number
  readonly number: string
}

/**
 * Devices every container has (runc libcontainer/specconv, AllowedDevices): null, zero, full, random, urandom, tty,
 * console, ptmx, pseudo-terminals, and tun, which runc allows whatever the list says.
 */
const ownDevices: ReadonlySet<string> = new Set([
  'c 1:3',
  'c 1:5',
  'c 1:7',
  'c 1:8',
  'c 1:9',
  'c 5:0',
  'c 5:1',
  'c 5:2',
  'c 136:*',
  'c 10:200',
])

/** True for a device of every container, or one of these (patterns such as `c 195:*`). */
export const isOwnDevice = (number: string, allowed: readonly string[]): boolean =>
  ownDevices.has(number) || number.startsWith('c 136:') || allowed.some((each) => matchesGlob(each, number))

/**
 * The rules that let the container read or write a device beyond its own, after all that follows in the list.
 * Only a denial of all, or of exactly the same numbers, takes an allowance back: in cgroup v1, which runc imitates,
 * a wider denial leaves the narrower exception in place. `m` alone opens nothing that runc does not allow anyway.
 */
export const rulesBeyond = (
  rules: readonly DeviceRule[],
  allowed: readonly string[],
): readonly OpenRule[] => {
  const open = new Map<string, OpenRule>()
  for (let index = 0; index < rules.length; index++) {
    const rule = rules[index]
    if (rule === undefined) continue
    const number = ruleNumber(rule)
    const { allow, access = 'rwm' } = rule
    if (allow) {
      if ((/[rw]/.test(access) || typeOf(rule) === 'a') && !isOwnDevice(number, allowed))
        open.set(`${number} ${index}`, { index, number })
    } else if (access.includes('r') && access.includes('w')) {
      for (const [key, each] of open) if (number === 'a *:*' || each.number === number) open.delete(key)
    }
  }
  return [...open.values()]
}

/** True when the list begins by denying everything, or comes to it: without it crun leaves a cgroup v1 open. */
export const deniesAll = (rules: readonly DeviceRule[]): boolean =>
  rules.some((rule) => !rule.allow && ruleNumber(rule) === 'a *:*')

/** The node of a device as its rule is written; missing numbers are 0, `u` is a character device. */
export const deviceNumber = (type: string, major = 0, minor = 0): string =>
  `${type === 'u' ? 'c' : type} ${major}:${minor}`

/**
 * The numbers in a decimal dev_t as stat(2) gives it: minor bits 0 to 7, major, then the other bits of the minor (glibc
 * gnu_dev_major).
 */
export const splitDevice = (decimal: string): { readonly major: number; readonly minor: number } => {
  // Linux has majors of 12 bits and minors of 20, so a double holds all of it.
  const device = Number(decimal)
  const part = (from: number, bits: number): number => Math.floor(device / 2 ** from) % 2 ** bits
  return { major: part(8, 12), minor: part(0, 8) + part(20, 12) * 256 }
}

const typeOf = ({ type }: DeviceRule): string =>
  type === undefined || type === '' ? 'a' : type === 'u' ? 'c' : type

const ruleNumber = (rule: DeviceRule): string => {
  const type = typeOf(rule)
  const part = (value: number | undefined): string => (value === undefined || value < 0 ? '*' : String(value))
  if (type === 'a' && rule.allow) return 'a *:*'
  return `${type} ${part(rule.major)}:${part(rule.minor)}`
}
