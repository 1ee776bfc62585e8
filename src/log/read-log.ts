/** The records of a log in the order they were written, however large it is. */
import type { LogFile } from './log-files.ts'
import { type LoggedLine, newReading, noteForeign, noteProblem, type Reading, recordIn } from './reading.ts'

/** Where reading begins: at a byte of a file, and there after so many records that are asked for. */
export interface Beginning {
  readonly file: number
  readonly byte: number
  readonly skip: number
}

export const oldest: Beginning = { file: 0, byte: 0, skip: 0 }

/** Takes a record; false ends the reading. */
export type Take = (line: LoggedLine) => boolean

/** Gives every record asked for to `take`, oldest file first. */
export const readLog = (
  reading: Reading,
  { files, from }: { readonly files: readonly LogFile[]; readonly from: Beginning },
  take: Take,
): void => {
  let { skip } = from
  for (const [index, file] of files.slice(from.file).entries()) {
    const { at, ended, tail } = readOn(reading, { file, from: index === 0 ? from.byte : 0 }, (line) => {
      skip -= 1
      return skip >= 0 || take(line)
    })
    if (!ended) return
    if (tail > 0) noteForeign(reading, file, { foreign: 1, first: at })
  }
}

/** How far a reading came. */
export interface Reached {
  readonly at: number
  /** False where `take` ended it. */
  readonly ended: boolean
  /** Bytes of a last line that has no end yet. */
  readonly tail: number
}

/** What stands in a file now from a byte on, a line's start. */
export const readOn = (
  reading: Reading,
  { file, from }: { readonly file: LogFile; readonly from: number },
  take: Take,
): Reached => {
  for (let at = from; ; ) {
    const piece = reading.host.linesAfter(file.opened.handle, at, reading.wanted)
    if (!piece.ok) {
      noteProblem(reading, file, piece.error)
      return { at, ended: true, tail: 0 }
    }
    const { lines, starts, foreign, firstForeign, next, ended, tail } = piece.value
    if (foreign > 0) noteForeign(reading, file, { foreign, first: firstForeign })
    for (const [index, line] of lines.entries()) {
      const record = recordIn(reading, line)
      if (record === 'foreign') noteForeign(reading, file, { foreign: 1, first: starts[index] ?? 0 })
      else if (record !== undefined && !take({ record, line })) return { at: next, ended: false, tail: 0 }
    }
    if (ended) return { at: next, ended, tail }
    at = next
  }
}

/** Where to begin so that the last `count` records asked for are read. Packed files are read through for it. */
export const beginningOfLast = (reading: Reading, files: readonly LogFile[], count: number): Beginning => {
  if (count === 0) return { file: files.length, byte: 0, skip: 0 }
  let left = count
  for (const [back, file] of files.toReversed().entries()) {
    const index = files.length - 1 - back
    if (file.opened.isPacked) {
      const found = countIn(reading, file)
      if (found >= left) return { file: index, byte: 0, skip: found - left }
      left -= found
    } else {
      const place = placeOfLast(reading, file, left)
      if (place.left === 0) return { file: index, byte: place.byte, skip: 0 }
      left = place.left
    }
  }
  return oldest
}

const countIn = ({ host, selection }: Reading, file: LogFile): number => {
  let found = 0
  readOn(newReading(host, selection), { file, from: 0 }, () => {
    found += 1
    return true
  })
  return found
}

/** Byte of the last so many records of a plain file; how many it has too few. */
const placeOfLast = ({ host, selection }: Reading, file: LogFile, count: number) => {
  const backwards = newReading(host, selection)
  let left = count
  for (let end = file.opened.size; end > 0; ) {
    const piece = host.linesBefore(file.opened.handle, end, backwards.wanted)
    if (!piece.ok) break
    for (const [index, line] of piece.value.lines.entries()) {
      const record = recordIn(backwards, line)
      if (record === undefined || record === 'foreign') continue
      left -= 1
      if (left === 0) return { byte: piece.value.starts[index] ?? 0, left }
    }
    end = piece.value.next
  }
  return { byte: 0, left }
}
