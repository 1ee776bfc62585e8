/** Holds seals against the records they name, in the same log or beside it. Pure. */
import type { ChainLine, Fault } from './chain.ts'
import type { Seal } from './seal.ts'

/** A line that may be a seal. */
export interface SealLine extends ChainLine {
  /** The line itself where it is a seal, else empty. */
  readonly seal: string
}

/** How seals are read and judged. */
export interface SealJudge {
  /** The seal in a line; undefined where it is none. */
  readonly read: (line: string) => Seal | undefined
  /** What is wrong with its signature; undefined where one of the keys made it. */
  readonly problem: (seal: Seal) => string | undefined
}

export interface Sealing {
  readonly seals: number
  /** False where there was no judge. */
  readonly isJudged: boolean
  /** Good seals of records from before the first that was read. */
  readonly older: number
  readonly faults: readonly Fault[]
  readonly unlisted: number
  /** The last record a good seal stands for. */
  readonly last: Seal | undefined
}

/** Records remembered for the seals after them, which come within moments; for others the log is read again. */
const remembered = 20_000
const listed = 1000

interface Pending {
  readonly seal: Seal
  readonly at: ChainLine
}

/** Takes lines in order, those of seal files first; `end` tells what was found. */
export class SealWalk {
  readonly #judge: SealJudge | undefined
  readonly #hashes = new Map<number, string>()
  /** Seals whose record has not come, by its number. */
  readonly #pending = new Map<number, Pending[]>()
  readonly #faults: Fault[] = []
  #unlisted = 0
  #seals = 0
  #begin = 0
  #last: Seal | undefined

  /** Without a judge seals are only counted. */
  constructor(judge: SealJudge | undefined) {
    this.#judge = judge
  }

  /** The next line of the log, of the oldest file first. */
  add(line: SealLine): void {
    const { sequence, hash } = line
    if (sequence > 0) {
      if (this.#begin === 0) this.#begin = sequence
      this.#meet(line)
      this.#hashes.set(sequence, hash)
      this.#hashes.delete(sequence - remembered)
    }
    this.addSeal(line)
  }

  /** A line of a file of seals, before the log's own. */
  addSeal(line: SealLine): void {
    if (line.seal === '') return
    this.#seals += 1
    if (this.#judge === undefined) return
    const seal = this.#judge.read(line.seal)
    const problem = seal === undefined ? 'it cannot be read' : this.#judge.problem(seal)
    if (seal === undefined || problem !== undefined) {
      const about = line.sequence > 0 ? { sequences: [line.sequence, line.sequence] as const } : {}
      this.#fault(line, {
        ...about,
        kind: 'seal-wrong',
        message: `this seal is not to be believed: ${problem}`,
      })
      return
    }
    const { sequence, hash } = seal.sealed
    if (this.#hashes.get(sequence) === hash) this.#good(seal)
    else this.#pending.set(sequence, [...(this.#pending.get(sequence) ?? []), { seal, at: line }])
  }

  /** True where a record that is no longer remembered may be what a seal after it is of. */
  get isUnsure(): boolean {
    return [...this.#pending].some(([sequence, all]) =>
      all.some(({ at }) => sequence >= this.#begin && at.sequence - sequence > remembered),
    )
  }

  /** A line of the log that is read again, for that. */
  addAgain(line: ChainLine): void {
    if (line.sequence > 0) this.#meet(line)
  }

  /** Nothing more comes. */
  end(): Sealing {
    let older = 0
    for (const [sequence, all] of this.#pending)
      for (const { seal, at } of all)
        if (sequence < this.#begin) older += 1
        else this.#contradicted(seal, at)
    return {
      seals: this.#seals,
      isJudged: this.#judge !== undefined,
      older,
      faults: this.#faults,
      unlisted: this.#unlisted,
      last: this.#last,
    }
  }

  /** Seals that wait for this record; a forged one of its number may come first. */
  #meet({ sequence, hash }: ChainLine): void {
    const waiting = this.#pending.get(sequence)
    if (waiting === undefined) return
    for (const { seal } of waiting) if (seal.sealed.hash === hash) this.#good(seal)
    const left = waiting.filter(({ seal }) => seal.sealed.hash !== hash)
    if (left.length === 0) this.#pending.delete(sequence)
    else this.#pending.set(sequence, left)
  }

  #good(seal: Seal): void {
    if (this.#last === undefined || seal.sealed.sequence >= this.#last.sealed.sequence) this.#last = seal
  }

  #contradicted({ sealed, time }: Seal, at: ChainLine): void {
    const { sequence } = sealed
    this.#fault(at, {
      kind: 'seal-contradicted',
      sequences: [sequence, sequence],
      message: `sealed at ${time} with another hash: it was altered or removed since, or the log written anew, or the seal is of another log`,
    })
  }

  #fault({ file, line, time }: ChainLine, what: Pick<Fault, 'kind' | 'sequences' | 'message'>): void {
    if (this.#faults.length < listed) this.#faults.push({ ...what, file, line, time })
    else this.#unlisted += 1
  }
}
