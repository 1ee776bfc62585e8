/**
 * How runc reads a command's flags: its tables (union of 1.1 to 1.5) and its parser's rules.
 *
 * Sources: runc main.go, create.go, run.go, restore.go, exec.go, update.go at v1.1.5 to v1.5.1; urfave/cli 1.22
 * command.go (reorderArgs) and context.go (normalizeFlags); Go's flag package (FlagSet.parseOne).
 */

import { add, exactName, type FlagTable, isSameList, type Reading, refused, shown } from './reading.ts'

/** runc's flags before the command; `--criu` until 1.3. */
export const runcGlobals: FlagTable = {
  values: ['log', 'log-format', 'root', 'rootless', 'criu'],
  switches: ['debug', 'systemd-cgroup', 'help', 'version'],
  short: { h: 'help', v: 'version' },
}

const start = ['bundle', 'console-socket', 'pidfd-socket', 'pid-file', 'preserve-fds'] as const
const startSwitches = ['no-pivot', 'no-new-keyring', 'help'] as const

/** runc's flags per guarded command; `--help` is added to each by urfave/cli. */
export const runcFlags = {
  create: { values: start, switches: startSwitches, short: { b: 'bundle', h: 'help' } },
  run: {
    values: start,
    switches: [...startSwitches, 'detach', 'keep', 'no-subreaper'],
    short: { b: 'bundle', d: 'detach', h: 'help' },
  },
  restore: {
    values: [
      'bundle',
      'console-socket',
      'pid-file',
      'image-path',
      'work-path',
      'manage-cgroups-mode',
      'empty-ns',
      'lsm-profile',
      'lsm-mount-context',
    ],
    switches: [
      'detach',
      'no-subreaper',
      'no-pivot',
      'tcp-established',
      'ext-unix-sk',
      'shell-job',
      'file-locks',
      'auto-dedup',
      'lazy-pages',
      'help',
    ],
    short: { b: 'bundle', d: 'detach', h: 'help' },
  },
  exec: {
    values: [
      'console-socket',
      'pidfd-socket',
      'cwd',
      'env',
      'user',
      'additional-gids',
      'process',
      'pid-file',
      'process-label',
      'apparmor',
      'cap',
      'preserve-fds',
      'cgroup',
    ],
    switches: ['tty', 'detach', 'no-new-privs', 'ignore-paused', 'help'],
    short: {
      e: 'env',
      u: 'user',
      g: 'additional-gids',
      p: 'process',
      c: 'cap',
      t: 'tty',
      d: 'detach',
      h: 'help',
    },
  },
  update: {
    values: [
      'resources',
      'blkio-weight',
      'cpu-period',
      'cpu-quota',
      'cpu-burst',
      'cpu-share',
      'cpu-rt-period',
      'cpu-rt-runtime',
      'cpuset-cpus',
      'cpuset-mems',
      'kernel-memory',
      'kernel-memory-tcp',
      'memory',
      'cpu-idle',
      'memory-reservation',
      'memory-swap',
      'pids-limit',
      'l3-cache-schema',
      'mem-bw-schema',
    ],
    switches: ['help'],
    short: { r: 'resources', h: 'help' },
  },
} as const satisfies Readonly<Record<string, FlagTable>>

/** Go's strconv.ParseBool, answering with `true`, `false` or nothing. */
export const goBool = (text: string): 'true' | 'false' | undefined => {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return 'true'
  return ['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text) ? 'false' : undefined
}

const nameOf = (word: string): string => word.slice(word[1] === '-' ? 2 : 1).split('=', 1)[0] ?? ''

const isFlag = (table: FlagTable, word: string): boolean =>
  word.length > 1 && word[0] === '-' && word !== '--' && exactName(table, nameOf(word)) !== undefined

/**
 * urfave/cli's reorderArgs: moves flags before the other words. Like the original it takes the word after a switch
 * for its value, so that `--no-pivot ID --bundle B` ends the flags at ID. The `early` form is that of runc 1.1, which
 * takes all that begins with a dash for a flag, and never `-` or `--` for a value.
 */
const reorder = (table: FlagTable, words: readonly string[], early: boolean): readonly string[] => {
  const flags: string[] = []
  const others: string[] = []
  let valueMayFollow = false
  for (const [index, word] of words.entries()) {
    const flag = early ? word.length > 1 && word[0] === '-' : isFlag(table, word)
    if (word === '--' && early) return [...flags, ...others, ...words.slice(index)]
    if (word === '--' && !valueMayFollow) return [...flags, '--', ...others, ...words.slice(index + 1)]
    const value = valueMayFollow && !flag && !(early && word === '-')
    valueMayFollow = flag && !word.includes('=')
    if (flag || value) flags.push(word)
    else others.push(word)
  }
  return [...flags, ...others]
}

const parse = (table: FlagTable, words: readonly string[]): Reading => {
  const given = new Map<string, string[]>()
  const spelled = new Map<string, string>()
  let index = 0
  for (; index < words.length; index++) {
    const word = words[index] ?? ''
    if (word.length < 2 || word[0] !== '-') break
    if (word === '--') {
      index++
      break
    }
    const name = nameOf(word)
    const full = exactName(table, name)
    if (full === undefined) return refused(`the flag ${shown(word)} is not known`)
    if ((spelled.get(full) ?? name) !== name)
      return refused(`--${full} is given in its long and its short form`)
    spelled.set(full, name)
    const equals = word.indexOf('=')
    const isSwitch = table.switches.includes(full)
    const text = equals > 0 ? word.slice(equals + 1) : isSwitch ? 'true' : words[++index]
    const value = isSwitch ? goBool(text ?? '') : text
    if (value === undefined) return refused(`the flag ${shown(word)} has no usable value`)
    add(given, full, value)
  }
  if (given.get('help')?.at(-1) === 'true') return { kind: 'help' }
  return { kind: 'call', given, rest: words.slice(index) }
}

/**
 * Reads the words after a guarded command as runc does, 1.1 in one way and later ones in another; only `exec` stops at
 * the first word that is no flag.
 */
export const readAsRunc = (
  operation: keyof typeof runcFlags,
  words: readonly string[],
): readonly Reading[] => {
  const table = runcFlags[operation]
  if (operation === 'exec') return [parse(table, words)]
  const [late, early] = [reorder(table, words, false), reorder(table, words, true)]
  const orders = isSameList(late, early) ? [late] : [late, early]
  return orders.map((order) => {
    const reading = parse(table, order)
    return reading.kind === 'call' && reading.rest.length > 1
      ? refused('there is more than one container id, or a flag in a place where it is not read')
      : reading
  })
}
