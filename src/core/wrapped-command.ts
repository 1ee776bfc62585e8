/** Which programs an argument list really starts: behind inits, user switchers, shells and loaders. */
import { shellCommands } from './shell-command.ts'

/**
 * Programs that start another: how many operands stand before it, and which options take the next word as their value.
 * From their manuals; options with `=` need no entry.
 */
const wrappers: { readonly [program: string]: readonly [operands: number, valued: string] } = {
  'docker-init': [0, '-p -e'],
  'podman-init': [0, ''],
  init: [0, '-p -e'],
  tini: [0, '-p -e'],
  'tini-static': [0, '-p -e'],
  'dumb-init': [0, '-r --rewrite'],
  catatonit: [0, ''],
  env: [0, '-u --unset -C --chdir'],
  'su-exec': [1, ''],
  gosu: [1, ''],
  runuser: [0, '-u -g -G'],
  sudo: [0, '-u -g -h -p -C -r -t -U -D -R -T'],
  doas: [0, '-u -C'],
  setpriv: [
    0,
    '--reuid --regid --groups --inh-caps --bounding-set --ambient-caps --securebits --pdeathsig --selinux-label --apparmor-profile',
  ],
  capsh: [0, ''],
  chpst: [0, '-u -U -b -e -/ -n -l -L -m -d -o -p -f -c'],
  setuidgid: [1, ''],
  's6-setuidgid': [1, ''],
  chroot: [1, ''],
  unshare: [0, '-S -G -R -w --setuid --setgid --root --wd'],
  nice: [0, '-n'],
  ionice: [0, '-c -n'],
  chrt: [1, ''],
  taskset: [1, ''],
  nohup: [0, ''],
  setsid: [0, ''],
  stdbuf: [0, '-i -o -e'],
  timeout: [1, '-k -s'],
  flock: [1, '-w -E'],
  exec: [0, '-a'],
  command: [0, ''],
  time: [0, '-f -o'],
  busybox: [0, ''],
  toybox: [0, ''],
}

const shells: ReadonlySet<string> = new Set([
  'sh',
  'ash',
  'bash',
  'dash',
  'ksh',
  'mksh',
  'zsh',
  'su',
  'runuser',
])

// The dynamic loader runs the program it is given (ld.so(8)).
const loader: readonly [number, string] = [
  0,
  '--library-path --inhibit-rpath --audit --preload --argv0 --glibc-hwcaps-prepend --glibc-hwcaps-mask',
]
const isLoader = (program: string): boolean =>
  /^ld(?:64)?[-.].*so/.test(program) || program.startsWith('ld-musl-')

/** The name of the program a path leads to: what stands after the last slash. */
export const programOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** The command without the programs that only start it, up to the first shell or program of its own. */
export const withoutWrappers = (args: readonly string[]): readonly string[] => {
  let current = args
  // As deep as anyone nests them; whoever goes deeper has written a script.
  for (let depth = 0; depth < 16; depth++) {
    const program = programOf(current[0] ?? '')
    if (shellText(current) !== undefined) return current
    const wrapper = Object.hasOwn(wrappers, program)
      ? wrappers[program]
      : isLoader(program)
        ? loader
        : undefined
    const inner = wrapper === undefined ? [] : afterWrapper(current, wrapper)
    if (inner.length === 0) return current
    current = inner
  }
  return current
}

const isAssignment = (word: string): boolean => /^[A-Za-z_]\w*=/.test(word)

const afterWrapper = (
  args: readonly string[],
  [operands, valued]: readonly [number, string],
): readonly string[] => {
  const options = valued.split(' ')
  let before = operands
  for (let index = 1; index < args.length; index++) {
    const word = args[index] ?? ''
    if (word === '--') return args.slice(index + 1 + before)
    if (word.startsWith('-') && word !== '-') {
      if (options.includes(word)) index++
    } else if (before > 0) before--
    else if (!isAssignment(word) && word !== '-') return args.slice(index)
  }
  return []
}

/** The text a shell is given to run (`sh -c TEXT`, `su USER -c TEXT`, `env -S TEXT`); undefined where it is given none. */
export const shellText = (args: readonly string[]): string | undefined => {
  const program = programOf(args[0] ?? '')
  const isEnv = program === 'env'
  if (!isEnv && !shells.has(program)) return undefined
  for (let index = 1; index < args.length; index++) {
    const word = args[index] ?? ''
    const [, joined] = (isEnv ? /^(?:-S|--split-string=)(.+)$/s : /^--command=(.*)$/s).exec(word) ?? []
    if (joined !== undefined) return joined
    if (
      isEnv
        ? word === '-S' || word === '--split-string'
        : /^-[a-z]*c[a-z]*$/i.test(word) || word === '--command'
    )
      return args.slice(index + 1).find((next) => isEnv || !next.startsWith('-'))
    // A shell's first operand is a script; su's is a user.
    if (!isEnv && !/^[-+]/.test(word) && program !== 'su' && program !== 'runuser') return undefined
    if (/^[-+]o$|^--(?:rcfile|init-file)$/i.test(word)) index++
  }
  return undefined
}

/** Every command the arguments start as far as can be read: the program itself, or each command of a shell's text. */
export const startedCommands = (args: readonly string[]): readonly (readonly string[])[] => started(args, 0)

const started = (args: readonly string[], depth: number): readonly (readonly string[])[] => {
  const text = shellText(args)
  if (text === undefined || depth > 4) {
    const inner = withoutWrappers(args)
    return inner === args || depth > 4 ? [args] : started(inner, depth + 1)
  }
  const ran = shellCommands(text).flatMap(({ words }) => started(simple(words), depth + 1))
  // `"$@"` and `"$0"`: what follows the text is a command as well.
  const rest = text.includes('$') ? args.slice(args.indexOf(text) + 1) : []
  return [
    ...ran,
    ...(rest.length > 0 ? [...started(rest, depth + 1), ...started(rest.slice(1), depth + 1)] : []),
  ]
}

const keywords: ReadonlySet<string> = new Set(
  'if then else elif while until do ! { ( ` time case in'.split(' '),
)

const simple = (words: readonly string[]): readonly string[] => {
  let start = 0
  while (keywords.has(words[start] ?? '') || isAssignment(words[start] ?? '')) start++
  const kept = words.slice(start)
  return kept[0] === 'eval' ? ['sh', '-c', kept.slice(1).join(' ')] : kept
}
