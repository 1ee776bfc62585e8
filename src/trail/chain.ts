/** The chain of records: its lines, its head, and what can be wrong with it. */

/** A line of a log, as far as the chain goes. */
export interface ChainLine {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly ended: boolean
  /** SHA-256 of the line without its end. */
  readonly hash: string
  /** Members of its ChainLink; sequence 0 where the line is no record of a chain. */
  readonly sequence: number
  readonly previous: string
  readonly firstOfFile: boolean
  readonly chainBroken: string
  readonly time: string
  /** What its writer called itself. */
  readonly host: string
}

/** What the head file says: number and hash of the last record. */
export interface ChainHead {
  readonly sequence: number
  readonly hash: string
}

export type FaultKind =
  | 'altered'
  | 'removed'
  | 'moved'
  | 'duplicated'
  | 'inserted'
  | 'restarted'
  | 'truncated'
  | 'rewritten'
  | 'head-missing'
  /** A seal that no key given has made. */
  | 'seal-wrong'
  /** The record that was sealed is gone, or is not as it was. */
  | 'seal-contradicted'

/** Where the chain does not hold. */
export interface Fault {
  readonly kind: FaultKind
  readonly file: string
  /** The line it shows at; 0: the log's end. */
  readonly line: number
  /** Records it is about, first and last; absent for lines that are none. */
  readonly sequences?: readonly [number, number]
  /** Time of the record it shows at. */
  readonly time: string
  readonly message: string
}

/** What an auditor should know although nothing is wrong with it. */
export interface Note {
  readonly file: string
  readonly line: number
  readonly message: string
}

export interface Walked {
  readonly records: number
  readonly first: ChainLine | undefined
  readonly last: ChainLine | undefined
  readonly faults: readonly Fault[]
  /** Faults beyond those listed. */
  readonly unlisted: number
  readonly notes: readonly Note[]
}

/** Records that did not come yet. */
export interface Gap {
  readonly from: number
  readonly to: number
  /** Hash its last record has, as the record after it says. */
  readonly hash: string
  readonly before: ChainLine | undefined
  readonly after: ChainLine
}

/** Where there is no line to point at. */
export const nowhere: ChainLine = {
  file: '',
  line: 0,
  ended: true,
  hash: '',
  sequence: 0,
  previous: '',
  firstOfFile: false,
  chainBroken: '',
  time: '',
  host: '',
}

/** What a writer found, in words. */
export const said: { readonly [word: string]: string } = {
  'log-shorter': 'the log held less than its head said',
  'earlier-file-missing': 'the file before this one was not beside it',
  'not-continued': 'lines that do not continue the chain stood in the log',
}

/** So many records, as the subject of a sentence. */
export const count = (from: number, to: number): string =>
  from === to ? `record ${from} is` : `records ${from} to ${to} are`

/** Writers wait for each other, and a clock is corrected: times may go back so far, in ms. */
const usual = 60_000

/** What changed from one record to the next that an auditor should know of, although the chain holds. */
export const changes = (last: ChainLine, { time, host }: ChainLine): readonly string[] => {
  const isBack = Date.parse(time) < Date.parse(last.time) - usual
  const isOther = host !== last.host && host !== '' && last.host !== ''
  return [
    ...(isBack ? [`its time, ${time}, is before that of the record before it: the clock was set back`] : []),
    ...(isOther
      ? [
          `it is of host ${host}, the one before it of ${last.host}: renamed, or another host's log is mixed in`,
        ]
      : []),
  ]
}
