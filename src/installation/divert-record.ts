/** What is known of diversions on this host: the record on disk, and what lies at the paths where runtimes are found. */
import { err, ok, type Result } from '../core/result.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import type { HostError } from '../host/host.ts'
import {
  candidates,
  type Diversion,
  type DivertRecord,
  type FoundRuntime,
  formatRecord,
  keptPaths,
  recordOf,
  runtimeNames,
} from './diversion.ts'
import { areSame, lyingAt, stampOf } from './divert-files.ts'
import { dpkgPlace, packageOf } from './package-files.ts'

const stateFolder = '/var/lib/lintel'
const recordFile = `${stateFolder}/divert.json`
const lockFile = `${stateFolder}/divert.lock`
const maxBytes = 64 * 1024

/** A failed system call as a person reads it. */
export const said = ({ syscall, path, code }: HostError): string => `${path}: ${syscall} failed (${code})`

/** Waits for any other change of diversions to end and keeps the next one out until this process ends. */
export const lockDiversions = (host: AdministratorHost): Result<null, string> => {
  // Rootless calls go through the folder to the file of break-glass.
  const folder = host.makeDirectory(stateFolder, 0o711)
  if (!folder.ok) return err(said(folder.error))
  const tries = 300
  for (let tried = 0; tried < tries; tried++) {
    const locked = host.lock(lockFile)
    if (locked.ok) return ok(null)
    if (locked.error.code !== 'EAGAIN') return err(said(locked.error))
    host.sleep(100)
  }
  return err(`another lintel changes diversions and does not end (it holds ${lockFile})`)
}

/** The diversions of this host; those found on disk where the record of them was lost. Errors: one line. */
export const readDiversions = (host: AdministratorHost): Result<DivertRecord, string> => {
  const read = host.readText(recordFile, maxBytes, false)
  if (!read.ok)
    return read.error.code === 'ENOENT' || read.error.code === 'ENOTDIR'
      ? ok({ undoing: false, diversions: adopted(host) })
      : err(said(read.error))
  const parsed = host.parseJson(read.value, 16, '')
  const record = parsed.ok ? recordOf(parsed.value) : err(`is not JSON (line ${parsed.error.line})`)
  if (record.ok) return record
  return err(`${recordFile} ${record.error}; remove it: lintel then goes by what it finds on disk`)
}

/** Replaces the record; without diversions there is none. */
export const saveDiversions = (host: AdministratorHost, record: DivertRecord): Result<null, string> => {
  if (record.diversions.length > 0) {
    const saved = host.writeFile(recordFile, formatRecord(record), 0o600)
    return saved.ok ? saved : err(said(saved.error))
  }
  const removed = host.remove(recordFile)
  return removed.ok || removed.error.code === 'ENOENT' ? ok(null) : err(said(removed.error))
}

/** Every file at the paths where engines look for a runtime, links resolved; of one file, each name it is found by. */
export const findRuntimes = (host: AdministratorHost): readonly FoundRuntime[] =>
  candidates.flatMap(({ name, path }) => {
    const real = host.realPath(path)
    return real.ok ? [{ name, path: real.value }] : []
  })

/** Diversions without a record: lintel at a runtime's own path, and a real runtime kept for that path. */
const adopted = (host: AdministratorHost): readonly Diversion[] => {
  const all: Diversion[] = []
  const places = findRuntimes(host).filter(
    ({ name, path }) => path.endsWith(`/${name}`) && runtimeNames.includes(name),
  )
  for (const { path } of places) {
    if (all.some((each) => each.path === path) || lyingAt(host, path) !== 'lintel') continue
    const [byName = '', byPath = ''] = keptPaths(path)
    const free = [byPath, byName].filter((kept) => all.every((each) => each.kept !== kept))
    const kept = free.find((each) => lyingAt(host, each) === 'runtime')
    if (kept !== undefined) all.push({ path, kept, ...knownToDpkg(host, path), stamp: stampOf(host, kept) })
  }
  return all
}

const knownToDpkg = (host: AdministratorHost, path: string): Pick<Diversion, 'dpkg' | 'owner'> => {
  const known = packageOf(host, path, false)
  return { dpkg: known?.dpkg, owner: known?.owner }
}

/** How a diversion stands. */
export type Standing =
  | 'held'
  /** A real runtime lies where lintel should: calls pass by. */
  | 'replaced'
  /** Nothing lies at the path. */
  | 'absent'
  /** lintel lies at the path and no real runtime is kept: every call fails. */
  | 'empty'
  /** Something that is no runtime lies at the path. */
  | 'foreign'

/** How a diversion stands now, by what lies at its paths. */
export const standingOf = (host: AdministratorHost, { path, kept }: Diversion): Standing => {
  const lying = lyingAt(host, path)
  if (lying === 'runtime') return 'replaced'
  if (lying === 'absent') return 'absent'
  if (lying === 'other') return 'foreign'
  return lyingAt(host, kept) === 'runtime' ? 'held' : 'empty'
}

/** True where dpkg puts the package's file at the kept path already. */
export const isDpkgDiverted = (host: AdministratorHost, { dpkg, kept }: Diversion): boolean =>
  dpkg !== undefined && dpkgPlace(host, dpkg) === kept

/** Whether the file at the path is the one that is kept, or was when it was diverted: what a broken-off change leaves. */
export const isLeftover = (host: AdministratorHost, { path, kept, stamp }: Diversion): boolean =>
  areSame(host, path, kept) || stampOf(host, path) === stamp
