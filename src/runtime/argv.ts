/**
 * Reads the runtime's command line once, into one typed value, as both runc and crun would read it.
 *
 * The words before the command are read in one pass by rules the two share. The words after a guarded command are
 * read by each runtime's own rules (flags/runc.ts, flags/crun.ts); a reading its runtime would refuse does not count,
 * and two readings that differ are an error, since what is judged must be what runs.
 */

import { err, ok, type Result } from '../core/result.ts'
import { crunGlobals, longName, readAsCrun } from './flags/crun.ts'
import { exactName, type FlagTable, isSameReading, shown } from './flags/reading.ts'
import { type GuardedOperation, type GuardedRequest, request } from './flags/request.ts'
import { goBool, readAsRunc, runcGlobals } from './flags/runc.ts'

export type {
  ExecFlags,
  GuardedOperation,
  GuardedRequest,
  RestoreFlags,
  StartFlags,
  UpdateFlags,
} from './flags/request.ts'

/** Flags before the command, as given: runc main.go, crun src/crun.c. */
export interface GlobalFlags {
  readonly root: string | undefined
  /** A path; crun also takes `file:PATH`, `journald:ID` and `syslog:ID`. */
  readonly log: string | undefined
  /** `text` or `json` where the runtime is to accept it. */
  readonly logFormat: string | undefined
  readonly systemdCgroup: boolean
  readonly rootless: string | undefined
  readonly debug: boolean
}

/** lintel's own flags, known only before the command and not handed on. */
export interface LintelFlags {
  readonly policy: string | undefined
  readonly dryRun: boolean
}

interface Common {
  readonly globals: GlobalFlags
  readonly lintel: LintelFlags
  /** What to hand on: argv without lintel's own flags. */
  readonly argv: readonly string[]
}

/** A call to be judged before it is handed on. */
export type GuardedCall = Common & GuardedRequest & { readonly kind: 'guarded' }

/** A call that is handed on unjudged; the command is absent for help, version and unknown global flags. */
export type PassCall = Common & { readonly kind: 'pass'; readonly command: string | undefined }

/** One call of the runtime. */
export type Call = GuardedCall | PassCall

/** Why a guarded call cannot be read, with what is needed to log the denial. */
export interface ArgvError {
  /** One plain sentence. */
  readonly message: string
  readonly operation: GuardedOperation | undefined
  readonly globals: GlobalFlags
  readonly lintel: LintelFlags
  /** What to hand on where the policy only warns. */
  readonly argv: readonly string[]
}

const isGuarded = (word: string): word is GuardedOperation =>
  word === 'create' || word === 'run' || word === 'restore' || word === 'exec' || word === 'update'

const lintelGlobals: FlagTable = { values: ['lintel-policy'], switches: ['dry-run'], short: {} }

const crunShort: FlagTable = { values: [], switches: [], short: crunGlobals.short }

const globalName = (typed: string, long: boolean): string | undefined =>
  exactName(lintelGlobals, typed) ??
  exactName(runcGlobals, typed) ??
  (long ? longName(crunGlobals, typed) : exactName(crunShort, typed))

const takesValue = (name: string): boolean =>
  [lintelGlobals, runcGlobals, crunGlobals].some(({ values }) => values.includes(name))

interface Head {
  readonly given: ReadonlyMap<string, string>
  /** What to hand on. */
  readonly argv: readonly string[]
  /** The words from the command on. */
  readonly words: readonly string[]
  /** A flag neither runtime knows, after which the command cannot be told from a value. */
  readonly unknown: string | undefined
}

/** Reads up to the command. A spelling that only one runtime takes is read its way: the other refuses the call. */
const readHead = (argv: readonly string[]): Head => {
  const given = new Map<string, string>()
  const kept = argv.slice(0, 1)
  let unknown: string | undefined
  let index = 1
  while (index < argv.length) {
    const from = index
    const word = argv[index] ?? ''
    if (word.length < 2 || word[0] !== '-') break
    index++
    if (word === '--') {
      kept.push(word)
      break
    }
    const long = word[1] === '-'
    const equals = word.indexOf('=')
    const name = globalName(word.slice(long ? 2 : 1, equals < 0 ? undefined : equals), long)
    const valued = name !== undefined && takesValue(name)
    const text = equals >= 0 ? word.slice(equals + 1) : valued ? argv[index++] : 'true'
    const value = valued ? text : goBool(text ?? '')
    if (name === undefined || value === undefined) {
      unknown = word
      index = from
      break
    }
    given.set(name, value)
    if (name === 'cgroup-manager') given.set('systemd-cgroup', String(value === 'systemd'))
    if (exactName(lintelGlobals, name) === undefined) kept.push(...argv.slice(from, index))
  }
  const words = argv.slice(index)
  return { given, argv: [...kept, ...words], words, unknown }
}

type Judged = { readonly kind: 'help' } | { readonly kind: 'call'; readonly request: GuardedRequest }

/** Weighs the readings: those that run something must be the same in everything. */
const judge = (operation: GuardedOperation, words: readonly string[]): Result<Judged, string> => {
  const readings = [...readAsRunc(operation, words), readAsCrun(operation, words)]
  const [first, ...others] = readings.flatMap((reading) =>
    reading.kind === 'call' && reading.rest[0] ? [reading] : [],
  )
  if (first === undefined) {
    if (readings.some(({ kind }) => kind === 'help')) return ok({ kind: 'help' })
    const [closest] = readings
    return err(closest?.kind === 'refused' ? closest.reason : 'the container id is missing')
  }
  const asked = request(operation, first)
  const unlike = others.filter((other) => !isSameReading(other, first))
  const text = unlike.length === 0 ? '' : JSON.stringify(asked)
  if (unlike.every((other) => JSON.stringify(request(operation, other)) === text))
    return ok({ kind: 'call', request: asked })
  return err('runtimes would read it differently; write each flag as --name=value before the container id')
}

const globalsOf = (given: Head['given']): GlobalFlags => ({
  root: given.get('root'),
  log: given.get('log'),
  logFormat: given.get('log-format'),
  systemdCgroup: given.get('systemd-cgroup') === 'true',
  rootless: given.get('rootless'),
  debug: given.get('debug') === 'true',
})

/**
 * Reads argv, program name first. An operation lintel judges becomes a guarded call or, where its words can be taken
 * in more than one way or in none, an error; whatever runs no such operation is passed on.
 */
export const parseArgv = (argv: readonly string[]): Result<Call, ArgvError> => {
  const { given, words, unknown, argv: handOn } = readHead(argv)
  const globals = globalsOf(given)
  const lintel = { policy: given.get('lintel-policy'), dryRun: given.get('dry-run') === 'true' }
  const pass = (command?: string): Result<Call, ArgvError> =>
    ok({ kind: 'pass', command, globals, lintel, argv: handOn })
  const deny = (message: string, operation?: GuardedOperation): Result<Call, ArgvError> =>
    err({ message, operation, globals, lintel, argv: handOn })

  if (unknown !== undefined) {
    if (!words.some(isGuarded)) return pass()
    return deny(`cannot tell the operation: the flag ${shown(unknown)} before the command is not known`)
  }
  if (['help', 'version', 'usage'].some((name) => given.get(name) === 'true')) return pass()
  const [operation, ...rest] = words
  if (operation === undefined || !isGuarded(operation)) return pass(operation)
  const judged = judge(operation, rest)
  if (!judged.ok) return deny(`cannot read this ${operation} call: ${judged.error}`, operation)
  if (judged.value.kind === 'help') return pass(operation)
  return ok({ kind: 'guarded', ...judged.value.request, globals, lintel, argv: handOn })
}
