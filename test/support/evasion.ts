/** Ways round the rules, as the rule catalogue lists them, and what becomes of each: tried, or said to be not ours. */
import type { Json } from '../../src/core/json.ts'
import type { Caller } from './evasion-callers.ts'

/**
 * One call of the real binary that tries it. In texts `@here` is the attempt's own folder and `@pid` what its shell
 * lines wrote to `@here/pid`.
 */
export interface Attempt {
  /** The rule that must find it. */
  readonly by: string
  /** What its finding says: message, or the value found. */
  readonly says: RegExp
  /** `fix`: repaired instead of refused. `allow`: nothing is wrong, and the rule must not say so. */
  readonly verdict?: 'deny' | 'fix' | 'allow'
  /** What the rule is set to: `fix` where a repair must not be tried, or must not help. */
  readonly action?: 'fix'
  /** Lines for the private host before the call; it is the current folder's own. */
  readonly shell?: string
  /** Unix sockets somebody listens on. */
  readonly listens?: readonly string[]
  /** Layer over the harmless container; for exec and update the one it was admitted with. */
  readonly config?: Json
  /** Mounts beside the harmless container's. */
  readonly mounts?: readonly Json[]
  /** The text of config.json, where it is no ordinary JSON. */
  readonly text?: string
  readonly as?: Caller
  /** The engine's own files, by path; laid over those of the caller. */
  readonly files?: { readonly [path: string]: Json }
  readonly operation?: 'create' | 'run' | 'restore' | 'exec' | 'update'
  /** The name of the real runtime. */
  readonly runtime?: 'crun'
  readonly globals?: readonly string[]
  readonly flags?: readonly string[]
  /** exec: the process file, laid over a harmless one. Without it the flags describe the process. */
  readonly process?: Json
  /** update: the resources on standard input. Without them the flags describe them. */
  readonly resources?: Json
  /** A call made before it in the same way, with these instead. */
  readonly before?: Pick<Attempt, 'process'>
  /** Policy lines beside the one that switches the rule on. */
  readonly policy?: string
  /** What else is harmless under this rule and policy, for the call without the way round it. */
  readonly harmless?: Partial<Attempt>
  /** A command the call is put behind, such as `prlimit`. */
  readonly behind?: string
}

/** lintel refuses to read the call at all. */
export interface Unread extends Omit<Attempt, 'by' | 'says'> {
  readonly unread: RegExp
}

/** Not lintel's: the sentence of SECURITY.md that says so, and why it is about this. */
export interface OutOfScope {
  readonly sentence: string
  readonly why: string
}

export type Trial = Attempt | Unread | OutOfScope

/** By the catalogue's rule, then by the catalogue's words. A way of several kinds has several trials. */
export interface Evasions {
  readonly [rule: string]: { readonly [way: string]: readonly Trial[] }
}

export const isOutOfScope = (trial: Trial): trial is OutOfScope => 'sentence' in trial
export const isUnread = (trial: Trial): trial is Unread => 'unread' in trial

/** One row of the table: how many ways round a rule there are, and what became of them. */
interface Row {
  readonly rule: string
  readonly tried: number
  readonly caught: number
  readonly outOfScope: number
}

const row = (rule: string, ways: Evasions[string], caught: ReadonlySet<string>): Row => {
  const names = Object.keys(ways)
  const tried = names.filter((way) => ways[way]?.some((trial) => !isOutOfScope(trial)) === true)
  return {
    rule,
    tried: tried.length,
    caught: tried.filter((way) => caught.has(`${rule}: ${way}`)).length,
    outOfScope: names.length - tried.length,
  }
}

/** The table as text; `caught` holds `rule: way`. */
export const evasionTable = (evasions: Evasions, caught: ReadonlySet<string>): string => {
  const rows = Object.entries(evasions).map(([rule, ways]) => row(rule, ways, caught))
  const sum = (of: (each: Row) => number): number => rows.reduce((total, each) => total + of(each), 0)
  const total: Row = {
    rule: 'all',
    tried: sum(({ tried }) => tried),
    caught: sum((each) => each.caught),
    outOfScope: sum(({ outOfScope }) => outOfScope),
  }
  const width = Math.max(...rows.map(({ rule }) => rule.length))
  const line = (cells: readonly (string | number)[]): string =>
    cells
      .map((cell, index) => (index === 0 ? String(cell).padEnd(width) : String(cell).padStart(13)))
      .join('')
  return [
    line(['evasions of', 'tried', 'caught', 'out of scope']),
    ...[...rows, total].map((each) => line([each.rule, each.tried, each.caught, each.outOfScope])),
    '',
  ].join('\n')
}
