/**
 * What a power cut may leave of a folder: every operation a program did on it, and which of them the disk must have kept.
 * A write is kept where its file was flushed after it, a name where its folder was; of all others any may be lost, and
 * of a write only its beginning, or nothing but its length, may be there.
 */

/** An operation on the folder. Paths are relative to it; '' is the folder itself. Files are told apart by number. */
export type Operation =
  | {
      readonly kind: 'name'
      readonly folder: string
      readonly name: string
      readonly file: number | 'folder'
    }
  | { readonly kind: 'unname'; readonly folder: string; readonly name: string }
  | { readonly kind: 'write'; readonly file: number; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'cut'; readonly file: number; readonly size: number }
  | { readonly kind: 'flush'; readonly target: number | string }
  | { readonly kind: 'execute' }

/** What lies on the disk: folders (true) and files by path. */
export interface Disk {
  readonly entries: ReadonlyMap<string, true | number>
  readonly contents: ReadonlyMap<number, Buffer>
}

type Change = Exclude<Operation, { kind: 'flush' | 'execute' }>

const targetOf = (change: Change): number | string =>
  change.kind === 'name' || change.kind === 'unname' ? change.folder : change.file

/** A sector is written whole or not at all. */
const sector = 512

/** Ways a change that was not flushed may be found: whole, in part, or not at all. */
const outcomes = (change: Change): readonly (Change | undefined)[] => {
  if (change.kind !== 'write' || change.bytes.length <= sector) return [change, undefined]
  const half = change.bytes.subarray(0, Math.floor(change.bytes.length / 2))
  const butLast = change.bytes.subarray(0, -1)
  return [
    change,
    undefined,
    { ...change, bytes: half },
    { ...change, bytes: butLast },
    { ...change, bytes: Buffer.alloc(change.bytes.length) },
  ]
}

/** Every disk that a power cut after the first `done` operations may leave. */
export const disksAfter = (start: Disk, operations: readonly Operation[], done: number): readonly Disk[] => {
  const happened = operations.slice(0, done)
  let histories: readonly (readonly Change[])[] = [[]]
  for (const [index, operation] of happened.entries()) {
    if (operation.kind === 'flush' || operation.kind === 'execute') continue
    const isFlushed = happened
      .slice(index)
      .some((later) => later.kind === 'flush' && later.target === targetOf(operation))
    const choices = isFlushed ? [operation] : outcomes(operation)
    histories = histories.flatMap((history) =>
      choices.map((choice) => (choice === undefined ? history : [...history, choice])),
    )
  }
  return histories.map((history) => applied(start, history))
}

const applied = (start: Disk, history: readonly Change[]): Disk => {
  const entries = new Map(start.entries)
  const contents = new Map(start.contents)
  for (const change of history) {
    if (change.kind === 'name')
      entries.set(`${change.folder}/${change.name}`, change.file === 'folder' ? true : change.file)
    else if (change.kind === 'unname') entries.delete(`${change.folder}/${change.name}`)
    else {
      const before = contents.get(change.file) ?? Buffer.alloc(0)
      contents.set(
        change.file,
        change.kind === 'cut' ? before.subarray(0, change.size) : written(before, change),
      )
    }
  }
  // What is in a folder that has no name is lost with it.
  for (const path of entries.keys()) if (!isReachable(entries, path)) entries.delete(path)
  return { entries, contents }
}

const written = (
  before: Buffer,
  { offset, bytes }: { readonly offset: number; readonly bytes: Buffer },
): Buffer => {
  const after = Buffer.alloc(Math.max(before.length, offset + bytes.length))
  before.copy(after)
  bytes.copy(after, offset)
  return after
}

const isReachable = (entries: ReadonlyMap<string, true | number>, path: string): boolean => {
  const folder = path.slice(0, path.lastIndexOf('/'))
  return folder === '' || (entries.get(folder) === true && isReachable(entries, folder))
}
