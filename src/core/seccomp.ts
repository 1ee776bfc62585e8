/** What a seccomp filter lets through, as libseccomp reads it for runc and crun (runtime-spec config-linux.md, Seccomp). */
import type { Seccomp, SeccompArgument, SeccompRule } from './oci.ts'

// Any other action lets the call run, at once (ALLOW, LOG) or when somebody else says so (TRACE, NOTIFY).
const refusing: ReadonlySet<string> = new Set([
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_TRAP',
])

/** Calls that Docker, containerd, CRI-O and Podman all refuse by default. */
export const dangerousCalls = [
  '_sysctl',
  'acct',
  'add_key',
  'bpf',
  'clock_settime',
  'delete_module',
  'finit_module',
  'init_module',
  'ioperm',
  'iopl',
  'kexec_file_load',
  'kexec_load',
  'lookup_dcookie',
  'nfsservctl',
  'open_by_handle_at',
  'perf_event_open',
  'quotactl',
  'request_key',
  'settimeofday',
  'swapoff',
  'swapon',
  'userfaultfd',
] as const

/** True when the action keeps a call from running. An action nobody knows does not. */
export const refuses = (action: string): boolean => refusing.has(action)

/**
 * Which of these calls the filter lets through. A call is a system call's name, or a name and the flag that makes
 * it matter: `unshare(CLONE_NEWUSER)`. Judged to the safe side:
 * - a rule that lets a call through counts unless an equality narrows it; with a flag, if it can match the flag;
 * - a rule that refuses a call counts only without arguments, or if it matches every use of the flag;
 * - a call both refused and let through is let through: libseccomp takes the first of two unconditional rules, but
 *   runc leaves out those whose action is the default, so the order in the file is not the order that counts.
 * Rules hold for every architecture listed, and one not listed is killed; the names a 32-bit one adds are looked
 * for too.
 */
export const allowedCalls = (seccomp: Seccomp, calls: readonly string[]): readonly string[] => {
  const wanted = wantedCalls(seccomp, calls)
  const open = !refuses(seccomp.defaultAction)
  for (const rule of seccomp.syscalls ?? []) {
    const permits = !refuses(rule.action)
    if (permits || open) readRule(rule, permits, wanted)
  }
  const allowed: string[] = []
  for (const found of wanted.values()) {
    for (const { call, permitted, refused } of found) {
      if (permitted || (open && !refused)) allowed.push(call)
    }
  }
  return allowed
}

interface Wanted {
  readonly call: string
  /** 0 when any use of the call counts. */
  readonly flag: number
  permitted: boolean
  refused: boolean
}

const readRule = (
  { names, args }: SeccompRule,
  permits: boolean,
  wanted: ReadonlyMap<string, readonly Wanted[]>,
): void => {
  // Hundreds of names in an interpreter: an index is cheaper than an iterator.
  const { length } = names
  for (let index = 0; index < length; index++) {
    const name = names[index]
    const found = name === undefined ? undefined : wanted.get(name)
    if (found === undefined) continue
    for (const each of found) {
      if (permits) each.permitted ||= mayMatch(args ?? [], each.flag)
      else each.refused ||= alwaysMatches(args ?? [], each.flag)
    }
  }
}

// linux/sched.h
const flags: ReadonlyMap<string, number> = new Map([
  ['CLONE_NEWNS', 0x00020000],
  ['CLONE_NEWCGROUP', 0x02000000],
  ['CLONE_NEWUTS', 0x04000000],
  ['CLONE_NEWIPC', 0x08000000],
  ['CLONE_NEWUSER', 0x10000000],
  ['CLONE_NEWPID', 0x20000000],
  ['CLONE_NEWNET', 0x40000000],
])

const narrow =
  ' SCMP_ARCH_X86 SCMP_ARCH_ARM SCMP_ARCH_MIPS SCMP_ARCH_MIPSEL SCMP_ARCH_MIPS64N32 SCMP_ARCH_MIPSEL64N32 SCMP_ARCH_PPC SCMP_ARCH_S390 SCMP_ARCH_PARISC '

/** What 32-bit architectures have besides, by the name everybody has. */
const onNarrow: ReadonlyMap<string, string> = new Map([
  ['umount2', 'umount'],
  ['settimeofday', 'stime'],
  ['clock_settime', 'clock_settime64'],
])

const wantedCalls = (seccomp: Seccomp, calls: readonly string[]): ReadonlyMap<string, readonly Wanted[]> => {
  const withNarrow = seccomp.architectures?.some((name) => narrow.includes(` ${name} `)) === true
  const wanted = new Map<string, Wanted[]>()
  const want = (name: string, call: string, flag: number): void => {
    const entry = { call, flag, permitted: false, refused: false }
    const others = wanted.get(name)
    if (others === undefined) wanted.set(name, [entry])
    else others.push(entry)
  }
  for (const call of calls) {
    const paren = call.indexOf('(')
    const name = paren < 0 ? call : call.slice(0, paren)
    want(name, call, paren < 0 ? 0 : (flags.get(call.slice(paren + 1, -1)) ?? 0))
    const other = withNarrow ? onNarrow.get(name) : undefined
    if (other !== undefined && !calls.includes(other)) want(other, other, 0)
  }
  return wanted
}

/** runc makes a rule each of conditions on one and the same argument; otherwise all of them must hold. */
const alternatives = (args: readonly SeccompArgument[]): boolean =>
  args.length > 1 && new Set(args.map(({ index }) => index)).size < args.length

const mayMatch = (args: readonly SeccompArgument[], flag: number): boolean => {
  if (args.length === 0) return true
  const may = (argument: SeccompArgument): boolean =>
    flag === 0 ? !isEquality(argument) : fits(argument, flag)
  return alternatives(args) ? args.some(may) : args.every(may)
}

const isEquality = ({ op, value }: SeccompArgument): boolean =>
  op === 'SCMP_CMP_EQ' || (op === 'SCMP_CMP_MASKED_EQ' && value !== 0)

/** True when some value of the argument has the flag set and meets the condition. Flags are the first argument. */
const fits = ({ index, op, value, valueTwo = 0 }: SeccompArgument, flag: number): boolean => {
  // A number JSON.parse has rounded has lost its low bits: it may be anything.
  if (index !== 0 || value > Number.MAX_SAFE_INTEGER) return true
  if (op === 'SCMP_CMP_EQ') return hasFlag(value, flag)
  if (op === 'SCMP_CMP_MASKED_EQ') return !hasFlag(value, flag) || hasFlag(valueTwo, flag)
  if (op === 'SCMP_CMP_LT') return value > flag
  return op !== 'SCMP_CMP_LE' || value >= flag
}

const hasFlag = (value: number, flag: number): boolean => Math.floor(value / flag) % 2 === 1

const alwaysMatches = (args: readonly SeccompArgument[], flag: number): boolean => {
  if (args.length === 0) return true
  if (flag === 0) return false
  const always = ({ index, op, value, valueTwo }: SeccompArgument): boolean =>
    index === 0 && op === 'SCMP_CMP_MASKED_EQ' && value === flag && valueTwo === flag
  return alternatives(args) ? args.some(always) : args.every(always)
}
