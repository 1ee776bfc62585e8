/** A decision log and its rotated forerunners, opened, oldest first. */
import type { AdministratorHost, OpenedLines } from '../host/administrator.ts'
import { fileProblem } from '../runtime/load.ts'

/** An opened file of the log. */
export interface LogFile {
  readonly path: string
  readonly opened: OpenedLines
}

interface OpenedFiles {
  readonly files: readonly LogFile[]
  /** One line for every file that cannot be read. */
  readonly problems: readonly string[]
  /** So many of the files do not exist. */
  readonly missing: number
}

/**
 * Opens the log at `path` and what logrotate made of it before (`LOG.1`, `LOG-20270101`, `LOG.2.gz`), each once although
 * the log may be rotated meanwhile.
 */
export const openLog = (host: AdministratorHost, path: string): OpenedFiles => {
  for (let attempt = 0; ; attempt += 1) {
    const logs = openFiles(host, rotatedNames(host, path))
    // What was listed a moment ago has another name now.
    const moved = logs.missing > 0 && attempt < 5
    if (!moved) return logs
    for (const { opened } of logs.files) host.closeLines(opened.handle)
  }
}

/** As {@link openLog} where there need not be a log yet: before the first decision that there is none is no problem. */
export const openLogSoFar = (host: AdministratorHost, path: string): OpenedFiles => {
  const logs = openLog(host, path)
  return logs.missing > 0 && logs.files.length === 0 ? { ...logs, problems: [] } : logs
}

/** Opens the files named, in this order. */
export const openFiles = (host: AdministratorHost, paths: readonly string[]): OpenedFiles => {
  const files: LogFile[] = []
  const problems: string[] = []
  let missing = 0
  for (const path of paths) {
    const opened = host.openLines(path)
    if (!opened.ok) {
      if (opened.error.code === 'ENOENT') missing += 1
      problems.push(fileProblem(path, opened.error))
    } else if (files.some((file) => file.opened.id === opened.value.id)) host.closeLines(opened.value.handle)
    else if (otherPacking.test(path)) {
      host.closeLines(opened.value.handle)
      problems.push(`${path} is compressed in a way that is not read here; unpack it, and name it with --log`)
    } else files.push({ path, opened: opened.value })
  }
  return { files, problems, missing }
}

const otherPacking = /\.(?:xz|bz2|zst|lz4|Z)$/

/** The log at this path and its rotated forerunners, oldest first by their names. */
export const rotatedNames = (host: AdministratorHost, log: string): readonly string[] => {
  const slash = log.lastIndexOf('/')
  const [folder, name] = [log.slice(0, slash + 1), log.slice(slash + 1)]
  const listed = host.listDirectory(folder === '' ? '.' : folder)
  const names = listed.ok ? listed.value : []
  const rotated = names.flatMap((each) => {
    const [, separator, number, packing] =
      (each.startsWith(name) && suffix.exec(each.slice(name.length))) || ([] as const)
    if (separator === undefined || number === undefined) return []
    // While logrotate packs a file both are there.
    if (packing !== undefined && names.includes(each.slice(0, -packing.length))) return []
    const isDate = separator === '-' || number.length > 5
    return [{ path: folder + each, number: number.padStart(20, '0'), isDate }]
  })
  const byNumber = rotated.toSorted((a, b) => (a.number < b.number ? -1 : 1))
  const [dated, counted] = [byNumber.filter(({ isDate }) => isDate), byNumber.filter(({ isDate }) => !isDate)]
  // `.1` is the youngest of those that are counted, the last day that of those with a date.
  const before = [...dated, ...counted.toReversed()].map(({ path }) => path)
  return before.length === 0 || names.includes(name) ? [...before, log] : before
}

const suffix = /^([.-])(\d{1,20})(\.(?:gz|xz|bz2|zst|lz4|Z))?$/
