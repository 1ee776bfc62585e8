/** Walks a chain of records and tells where it does not hold: removed, altered, moved, added, cut. Pure. */

import {
  type ChainHead,
  type ChainLine,
  changes,
  count,
  type Fault,
  type Gap,
  type Note,
  nowhere,
  said,
  type Walked,
} from './chain.ts'

/** Records remembered to tell a copy from a forgery, and to hold the head against. */
const remembered = 20_000
const listed = 1000

/** Takes lines in order; `end` tells what was found. */
export class ChainWalk {
  #records = 0
  #first: ChainLine | undefined
  #last: ChainLine | undefined
  readonly #faults: Fault[] = []
  #unlisted = 0
  readonly #notes: Note[] = []
  /** Lines since the last record that are none. */
  #strangers: ChainLine[] = []
  #older = 0
  #gaps: Gap[] = []
  readonly #hashes = new Map<number, string>()
  readonly #received: boolean
  #doubles = 0

  /** `received`: the lines are a copy that forwarding made, which sends a record again where it is not sure of it. */
  constructor({ received }: { readonly received: boolean }) {
    this.#received = received
  }

  /** The next line, of the oldest file first. */
  add(line: ChainLine): void {
    if (line.sequence !== 0) this.#record(line)
    else if (this.#last === undefined && line.ended) this.#older += 1
    else if (this.#strangers.length < listed) this.#strangers.push(line)
  }

  /** Nothing more comes. `head`: what the head file said before the first line was read; undefined where there is none. */
  end(head: ChainHead | undefined): Walked {
    this.#endOfLog(head)
    for (const gap of this.#gaps) this.#missing(gap)
    if (head !== undefined) this.#holdAgainst(head)
    if (this.#doubles > 0 && this.#last !== undefined)
      this.#note(
        this.#last,
        `${this.#doubles} of the lines above are copies of others, as forwarding makes them`,
      )
    return {
      records: this.#records,
      first: this.#first,
      last: this.#last,
      faults: this.#faults,
      unlisted: this.#unlisted,
      notes: this.#notes,
    }
  }

  #record(line: ChainLine): void {
    this.#records += 1
    this.#reckonStrangers(line)
    const last = this.#last
    if (last === undefined) this.#begin(line)
    else if (line.sequence > last.sequence) this.#continue(last, line)
    else if (line.sequence === 1 && this.#hashes.get(1) !== line.hash) this.#restart(last, line)
    else this.#again(line)
  }

  #begin(line: ChainLine): void {
    this.#first = line
    const { sequence, firstOfFile, chainBroken } = line
    if (this.#older > 0) this.#note(line, `${this.#older} lines before it are older than the chain`)
    if (sequence !== 1) {
      const cutOut = !firstOfFile && chainBroken !== 'torn-line'
      const gone = chainBroken === 'log-shorter' || chainBroken === 'earlier-file-missing'
      if (cutOut)
        this.#fault(line, {
          kind: 'removed',
          sequences: [1, sequence - 1],
          message: 'what stood before it in this file is missing',
        })
      else if (gone)
        this.#fault(line, {
          kind: 'removed',
          sequences: [1, sequence - 1],
          message: `${said[chainBroken]} when it was written`,
        })
      else
        this.#note(line, `the chain is looked at from record ${sequence} on; earlier ones are in older files`)
    }
    if (chainBroken === 'head-missing') this.#headMissing(line)
    this.#advance(line)
  }

  #continue(last: ChainLine, line: ChainLine): void {
    const next = last.sequence + 1
    if (line.sequence > next)
      this.#gaps.push({ from: next, to: line.sequence - 1, hash: line.previous, before: last, after: line })
    else if (line.previous !== last.hash)
      this.#fault(last, {
        kind: 'altered',
        sequences: [last.sequence, last.sequence],
        message: `it was altered after it was written: record ${line.sequence} names another hash`,
      })
    this.#marked(line, line.sequence === next)
    this.#turn(last, line)
    this.#advance(line)
  }

  /** What the writer itself found. What it missed shows as a gap where it is not here either. */
  #marked(line: ChainLine, isNext: boolean): void {
    const { chainBroken } = line
    if (chainBroken === 'head-missing') this.#headMissing(line)
    else if ((chainBroken === 'log-shorter' || chainBroken === 'earlier-file-missing') && isNext)
      this.#note(line, `${said[chainBroken]} when it was written, but nothing is missing here`)
  }

  #turn(last: ChainLine, line: ChainLine): void {
    for (const change of changes(last, line)) this.#note(line, change)
  }

  #headMissing(line: ChainLine): void {
    this.#fault(line, {
      kind: 'head-missing',
      sequences: [line.sequence, line.sequence],
      message:
        'the head file was gone when it was written: what came right before it may have been taken away',
    })
  }

  #restart(last: ChainLine, line: ChainLine): void {
    this.#fault(line, {
      kind: 'restarted',
      sequences: [1, 1],
      message: `a new chain begins after record ${last.sequence}: head and log were gone, or another log is mixed in`,
    })
    this.#turn(last, line)
    for (const gap of this.#gaps) this.#missing(gap)
    this.#gaps = []
    this.#hashes.clear()
    this.#advance(line)
  }

  /** A number that is not above all before it. */
  #again(line: ChainLine): void {
    const { sequence } = line
    const about: [number, number] = [sequence, sequence]
    const index = this.#gaps.findIndex(({ from, to }) => from <= sequence && sequence <= to)
    const gap = this.#gaps[index]
    if (gap !== undefined) {
      const { from, to } = gap
      const left = [
        { ...gap, to: sequence - 1, hash: line.previous, after: line },
        { ...gap, from: sequence + 1 },
      ].filter((each) => each.from <= each.to)
      this.#gaps.splice(index, 1, ...left)
      const isChanged = sequence === to && line.hash !== gap.hash
      this.#fault(line, {
        kind: 'moved',
        sequences: about,
        message: `it stands after record ${gap.after.sequence}${isChanged ? ', and was altered' : ''}`,
      })
      this.#remember(line)
      if (from === sequence && line.previous !== (this.#hashes.get(sequence - 1) ?? line.previous))
        this.#fault(line, {
          kind: 'altered',
          sequences: about,
          message: 'it names another hash for the record before it',
        })
      return
    }
    const known = this.#hashes.get(sequence)
    if (known === line.hash && this.#received) {
      this.#records -= 1
      this.#doubles += 1
    } else if (known === line.hash)
      this.#fault(line, { kind: 'duplicated', sequences: about, message: 'it stands in the log twice' })
    else
      this.#fault(line, {
        kind: 'inserted',
        sequences: about,
        message: 'another record has its number already: one of them is forged',
      })
  }

  /** Lines between two records that are none. */
  #reckonStrangers(next: ChainLine): void {
    const [first, second] = this.#strangers
    if (first === undefined) return
    if (second === undefined && next.chainBroken === 'torn-line')
      this.#note(first, 'a record cut short, as a power cut leaves it; what it was for did not run')
    else for (const stranger of this.#strangers) this.#stranger(stranger)
    this.#strangers = []
  }

  #stranger(line: ChainLine): void {
    this.#fault(line, {
      kind: 'inserted',
      message: 'it is no record: inserted, or a record altered beyond knowing',
    })
  }

  #endOfLog(head: ChainHead | undefined): void {
    const [first, second] = this.#strangers
    if (first !== undefined && second === undefined && !first.ended)
      this.#note(
        first,
        head === undefined
          ? 'the last line is cut short: by a power cut, or by hand; there is no head that would tell'
          : 'the last line is cut short, as a power cut leaves it; what it was for did not run',
      )
    else for (const stranger of this.#strangers) this.#stranger(stranger)
    if (this.#last === undefined && this.#older > 0)
      this.#notes.push({ file: first?.file ?? '', line: 0, message: 'no line is of a chain' })
  }

  #missing({ from, to, before, after }: Gap): void {
    const place =
      before === undefined || before.file === after.file
        ? ''
        : `, after ${before.file}:${before.line} and before this file`
    const why = after.chainBroken in said ? `; ${said[after.chainBroken]} when this one was written` : ''
    this.#fault(after, {
      kind: 'removed',
      sequences: [from, to],
      message: `${count(from, to)} missing before it${place}${why}`,
    })
  }

  #holdAgainst({ sequence, hash }: ChainHead): void {
    const last = this.#last
    if (last === undefined || sequence > last.sequence) {
      const from = (last?.sequence ?? 0) + 1
      const message = `the head knows of record ${sequence}: ${count(from, sequence)} missing at the end`
      this.#fault(
        { ...(last ?? nowhere), line: last?.line ?? 0 },
        { kind: 'truncated', sequences: [from, sequence], message: message },
      )
      return
    }
    const known = this.#hashes.get(sequence)
    if (known !== undefined && known !== hash)
      this.#fault(last, {
        kind: 'rewritten',
        sequences: [sequence, last.sequence],
        message: `the head names another hash for record ${sequence}: it was altered, or the end of the log written anew`,
      })
  }

  #advance(line: ChainLine): void {
    this.#last = line
    this.#remember(line)
  }

  #remember({ sequence, hash }: ChainLine): void {
    this.#hashes.set(sequence, hash)
    this.#hashes.delete(sequence - remembered)
  }

  #fault({ file, line, time }: ChainLine, what: Pick<Fault, 'kind' | 'sequences' | 'message'>): void {
    if (this.#faults.length < listed) this.#faults.push({ ...what, file, line, time })
    else this.#unlisted += 1
  }

  #note({ file, line }: ChainLine, message: string): void {
    if (this.#notes.length < listed) this.#notes.push({ file, line, message })
  }
}
