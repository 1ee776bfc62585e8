/**
 * How crun reads a command's flags: its tables (union of 1.8 to 1.29) and glibc's rules.
 *
 * Sources: crun src/crun.c, create.c, run.c, run_create.c, restore.c, exec.c, update.c at 1.8.1 and 1.29.1; glibc
 * argp-parse.c (ARGP_IN_ORDER) and getopt.c (RETURN_IN_ORDER, process_long_option). Left out on purpose: argp's
 * `--HANG` and `--program-name`, which no engine sends.
 */

import { add, type FlagTable, type Reading, refused, shown } from './reading.ts'

/** crun's flags before the command; crun 1.8 takes the value of `--rootless` for its root. */
export const crunGlobals: FlagTable = {
  values: ['log', 'log-format', 'log-level', 'root', 'rootless', 'cgroup-manager'],
  switches: ['debug', 'systemd-cgroup', 'help', 'usage', 'version'],
  short: { v: 'version', V: 'version', '?': 'help' },
}

const start = ['bundle', 'config', 'console-socket', 'pid-file', 'preserve-fds'] as const
const startSwitches = ['no-pivot', 'no-subreaper', 'no-new-keyring', 'help', 'usage'] as const

/** crun's flags per guarded command; `--help`, `-?` and `--usage` are added to each by argp. */
export const crunFlags = {
  create: { values: start, switches: startSwitches, short: { b: 'bundle', f: 'config', '?': 'help' } },
  run: {
    values: start,
    switches: [...startSwitches, 'detach', 'keep'],
    short: { b: 'bundle', f: 'config', d: 'detach', '?': 'help' },
  },
  restore: {
    values: [
      'bundle',
      'image-path',
      'work-path',
      'pid-file',
      'console-socket',
      'manage-cgroups-mode',
      'network-lock',
      'lsm-profile',
      'lsm-mount-context',
    ],
    switches: [
      'tcp-established',
      'tcp-close',
      'ext-unix-sk',
      'shell-job',
      'detach',
      'file-locks',
      'help',
      'usage',
    ],
    short: { b: 'bundle', d: 'detach', '?': 'help' },
  },
  exec: {
    values: [
      'console-socket',
      'process',
      'cwd',
      'cgroup',
      'user',
      'env',
      'cap',
      'pid-file',
      'preserve-fds',
      'process-label',
      'apparmor',
    ],
    switches: ['tty', 'detach', 'no-new-privs', 'help', 'usage'],
    short: { p: 'process', u: 'user', e: 'env', c: 'cap', t: 'tty', d: 'detach', '?': 'help' },
  },
  update: {
    values: [
      'resources',
      'blkio-weight',
      'cpu-period',
      'cpu-quota',
      'cpu-share',
      'cpu-rt-period',
      'cpu-rt-runtime',
      'cpuset-cpus',
      'cpuset-mems',
      'kernel-memory',
      'kernel-memory-tcp',
      'memory',
      'memory-reservation',
      'memory-swap',
      'pids-limit',
      'l3-cache-schema',
      'mem-bw-schema',
    ],
    switches: ['help', 'usage'],
    short: { r: 'resources', '?': 'help' },
  },
} as const satisfies Readonly<Record<string, FlagTable>>

/** The flag a long name means to getopt_long: the name itself, or the only one that begins with it. */
export const longName = (table: FlagTable, typed: string): string | undefined => {
  if (table.values.includes(typed) || table.switches.includes(typed)) return typed
  const candidates = [...table.values, ...table.switches].filter((name) => name.startsWith(typed))
  return candidates.length === 1 ? candidates[0] : undefined
}

interface Flag {
  readonly name: string | undefined
  readonly attached: string | undefined
}

/** Splits one word into its flags: `--name=v` is one, `-dtb=v` is d, t and b with the value `=v`. */
const flagsOf = (table: FlagTable, word: string): readonly Flag[] => {
  if (word[1] === '-') {
    const [typed = ''] = word.slice(2).split('=', 1)
    const attached = word.length > typed.length + 2 ? word.slice(typed.length + 3) : undefined
    return [{ name: longName(table, typed), attached }]
  }
  const flags: Flag[] = []
  for (let at = 1; at < word.length; at++) {
    const letter = word[at] ?? ''
    const name = Object.hasOwn(table.short, letter) ? table.short[letter] : undefined
    const takesRest = name === 'tty' || (name !== undefined && table.values.includes(name))
    const attached = takesRest ? word.slice(at + 1) || undefined : undefined
    flags.push({ name, attached })
    if (takesRest) break
  }
  return flags
}

/** A switch's value, or nothing where crun refuses one; `--tty[=no|false]` alone may carry a value. */
const switchValue = ({ name, attached }: Flag): string | undefined => {
  if (attached === undefined) return 'true'
  return name === 'tty' ? String(attached !== 'false' && attached !== 'no') : undefined
}

/** Reads the words after a guarded command as crun does: in order, to the first word that is no flag. */
export const readAsCrun = (operation: keyof typeof crunFlags, words: readonly string[]): Reading => {
  const table: FlagTable = crunFlags[operation]
  const given = new Map<string, string[]>()
  let index = 0
  for (; index < words.length; index++) {
    const word = words[index] ?? ''
    if (word.length < 2 || word[0] !== '-' || word === '--') break
    for (const flag of flagsOf(table, word)) {
      const { name } = flag
      if (name === undefined) return refused(`the flag ${shown(word)} is not known`)
      if (name === 'help' || name === 'usage') return { kind: 'help' }
      const isSwitch = table.switches.includes(name)
      const value = isSwitch ? switchValue(flag) : (flag.attached ?? words[++index])
      if (value === undefined) return refused(`the flag ${shown(word)} has no usable value`)
      add(given, name, value)
    }
  }
  const rest = words.slice(words[index] === '--' ? index + 1 : index)
  const most = { create: 1, run: 1, update: 1, restore: 2, exec: rest.length }[operation]
  return rest.length > most ? refused('there is more than one container id') : { kind: 'call', given, rest }
}
