/** `lintel log show` and `lintel log follow`: decisions as lines, from the logs there are and as they come. */
import type { AdministratorHost } from '../host/administrator.ts'
import type { LogFile } from '../log/log-files.ts'
import { printableJson } from '../log/printable.ts'
import { beginningOfLast, oldest, readLog, readOn, type Take } from '../log/read-log.ts'
import { damageOf, newReading, type Reading } from '../log/reading.ts'
import { type Paint, recordLine } from '../log/record-line.ts'
import { logsOf, ownLog, type SelectionWords, selectionOf } from './log-selection.ts'
import { exitStatus, type Output } from './output.ts'

export interface ShowOptions extends SelectionWords {
  /** Only the last so many; undefined: all. */
  readonly limit: number | undefined
  /** The records as they stand in the log. */
  readonly json: boolean
}

/** Prints the records asked for, oldest first. Returns 0, or 2 where nothing can be read or is asked for rightly. */
export const showLog = (host: AdministratorHost, output: Output, options: ShowOptions): number => {
  const started = begin(host, output, options)
  if (started === undefined) return exitStatus.usage
  const { reading, files } = started
  const from = options.limit === undefined ? oldest : beginningOfLast(reading, files, options.limit)
  const printed = printer(host, output, options)
  readLog(reading, { files, from }, printed.take)
  printed.flush()
  for (const problem of damageOf(reading)) output.complain(problem)
  return exitStatus.clean
}

/** Milliseconds between two looks. */
const patience = 250

/** Prints the last records asked for, and each that comes, across rotation, until nobody reads any more. */
export const followLog = (host: AdministratorHost, output: Output, options: ShowOptions): number => {
  const [path, ...others] = options.log ?? [ownLog(host)]
  if (path === undefined || others.length > 0) {
    output.complain('only one log can be followed')
    return exitStatus.usage
  }
  const started = begin(host, output, options)
  if (started === undefined) return exitStatus.usage
  const { reading, files } = started
  const printed = printer(host, output, options)
  const from = beginningOfLast(reading, files, options.limit ?? 10)
  const last = files.at(-1)
  readLog(reading, { files: files.slice(0, -1), from }, printed.take)
  const place =
    from.file >= files.length - 1 ? (from.file === files.length ? last?.opened.size : from.byte) : 0
  for (const { opened } of files.slice(0, -1)) host.closeLines(opened.handle)
  for (const problem of damageOf(reading)) output.complain(problem)
  if (last !== undefined) follow({ reading, printed, path }, last, place ?? 0)
  return exitStatus.clean
}

interface Following {
  readonly reading: Reading
  readonly printed: Printer
  readonly path: string
}

const follow = ({ reading, printed, path }: Following, first: LogFile, place: number): void => {
  const { host } = reading
  let [file, at] = [first, place]
  while (!host.isAbandoned(1)) {
    // The name first: what the file gets until then is read below, and nothing after that.
    const named = host.stat(path, true)
    at = readOn(reading, { file, from: at }, printed.take).at
    printed.flush()
    const isNew = named.ok && named.value.id !== file.opened.id
    const isCut = named.ok && !isNew && named.value.size < at
    const opened = isNew || isCut ? host.openLines(path) : undefined
    if (opened?.ok === true) {
      host.closeLines(file.opened.handle)
      ;[file, at] = [{ path, opened: opened.value }, 0]
    } else host.sleep(patience)
  }
}

const begin = (host: AdministratorHost, output: Output, options: ShowOptions) => {
  const selection = selectionOf(host, options)
  if (!selection.ok) {
    output.complain(selection.error)
    return undefined
  }
  const files = logsOf(host, options, output.complain)
  return files === undefined ? undefined : { reading: newReading(host, selection.value), files }
}

interface Printer {
  readonly take: Take
  readonly flush: () => void
}

/** Characters that are gathered for one write. */
const gathered = 32 * 1024

const printer = (host: AdministratorHost, output: Output, { json }: ShowOptions): Printer => {
  const onTerminal = host.isTerminal(1)
  const paint: Paint = (verdict) =>
    verdict === 'deny' ? output.red(verdict) : verdict === 'allow' ? verdict : output.yellow(verdict)
  let text = ''
  const flush = (): void => {
    if (text !== '') host.write(1, text)
    text = ''
  }
  const take: Take = ({ record, line }) => {
    text += `${json ? (onTerminal ? printableJson(line) : line) : recordLine(record, paint)}\n`
    if (text.length < gathered) return true
    flush()
    return !host.isAbandoned(1)
  }
  return { take, flush }
}
