/**
 * `--divert`: lintel takes the path of runc and crun, and the real ones are kept where calls are handed on to.
 *
 * The order leaves a working runtime at the path at every instant: the real one gets its second name first, dpkg is told
 * next, and then lintel's own second name is renamed over the path. docs/decisions/0003-divert.md says why so.
 */
import { err, ok, type Result } from '../core/result.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import type { SpawnResult } from '../host/host.ts'
import { type Diversion, folderOf, keepFolder, planDiversion } from './diversion.ts'
import { areSame, lyingAt, makeLinks, put, stampOf } from './divert-files.ts'
import {
  findRuntimes,
  isDpkgDiverted,
  isLeftover,
  lockDiversions,
  readDiversions,
  said,
  saveDiversions,
} from './divert-record.ts'
import { release, undoHeld } from './divert-undo.ts'
import { addDpkgDiversion, dpkgDiverter, dpkgPlace, packageOf } from './package-files.ts'

/** What is to be diverted now; `held` is what has been already. */
export interface DivertPlan {
  readonly fresh: readonly Diversion[]
  readonly held: readonly Diversion[]
}

/** What `divert` would do, and has done before; nothing is changed. Errors: one line. */
export const planDivert = (host: AdministratorHost): Result<DivertPlan, string> => planned(host, true)

/**
 * Puts lintel in the place of every runc and crun of this host. Does nothing where that is done. On an error what was
 * begun is taken back. Returns a line for each thing done. Errors: one line.
 */
export const divert = (host: AdministratorHost): Result<readonly string[], string> => {
  const prepared = prepare(host)
  if (!prepared.ok) return prepared
  const plan = planned(host, true)
  if (!plan.ok) return plan
  const { fresh, held } = plan.value
  if (fresh.length + held.length === 0)
    return err('there is no runc and no crun to divert where engines look for them')
  return hold(host, prepared.value, plan.value)
}

/**
 * Brings diversions back after a package was upgraded or something broke off: nothing where nothing was diverted. Asks
 * rpm nothing, so that its triggers may call it. Returns a line for each thing done. Errors: one line.
 */
export const repairDiversions = (host: AdministratorHost): Result<readonly string[], string> => {
  const found = readDiversions(host)
  if (!found.ok) return found
  if (found.value.diversions.length === 0) return ok([])
  const prepared = prepare(host)
  if (!prepared.ok) return prepared
  const record = readDiversions(host)
  if (!record.ok) return record
  if (record.value.undoing) return undoHeld(host, record.value.diversions)
  const plan = planned(host, false)
  return plan.ok ? hold(host, prepared.value, plan.value) : plan
}

const prepare = (host: AdministratorHost): Result<string, string> => {
  if (host.process.effectiveUid !== 0) return err('only root can divert a runtime')
  const executable = ownExecutable(host)
  if (!executable.ok) return executable
  const locked = lockDiversions(host)
  return locked.ok ? executable : locked
}

/** lintel's own file, which every runtime's place is to get: nobody but root may be able to change it. */
const ownExecutable = (host: AdministratorHost): Result<string, string> => {
  const [called = ''] = host.process.argv
  const link = host.readLink('/proc/self/exe')
  // Without /proc (a root being installed) the name it was called by has to do.
  const path = link.ok ? link : host.realPath(called.startsWith('/') ? called : '')
  if (!path.ok) return err('lintel cannot tell where its own executable is; call it by its absolute path')
  const found = host.stat(path.value, true)
  if (!found.ok) return err(said(found.error))
  const { uid, mode } = found.value
  if (uid === 0 && (mode & 0o022) === 0) return path
  return err(`${path.value} can be changed by others than root; lintel takes no runtime's place so`)
}

const planned = (host: AdministratorHost, askRpm: boolean): Result<DivertPlan, string> => {
  const record = readDiversions(host)
  if (!record.ok) return record
  const held = record.value.diversions
  const runtimes = findRuntimes(host).filter(({ path }) => lyingAt(host, path) === 'runtime')
  const fresh: Diversion[] = []
  for (const place of planDiversion(runtimes, held)) {
    const known = packageOf(host, place.path, askRpm)
    const elsewhere = known?.dpkg === undefined ? undefined : dpkgPlace(host, known.dpkg)
    if (known?.dpkg !== undefined && elsewhere !== known.dpkg && elsewhere !== place.kept)
      return err(
        `${place.path} is diverted to ${elsewhere} by ${dpkgDiverter(host, known.dpkg)} already; take that back with dpkg-divert first`,
      )
    fresh.push({ ...place, dpkg: known?.dpkg, owner: known?.owner, stamp: stampOf(host, place.path) })
  }
  return ok({ fresh, held })
}

const hold = (
  host: AdministratorHost,
  executable: string,
  { fresh, held }: DivertPlan,
): Result<readonly string[], string> => {
  const saved = saveDiversions(host, { undoing: false, diversions: [...held, ...fresh] })
  if (!saved.ok) return saved
  const lines: string[] = []
  for (const each of [...held, ...fresh]) {
    const done = holdOne(host, executable, each)
    if (!done.ok) return err([done.error, ...takeBack(host, { fresh, held })].join('; '))
    if (done.value !== undefined) lines.push(done.value)
  }
  return ok(lines)
}

/** Undoes what this run began. Returns what could not be undone. */
const takeBack = (host: AdministratorHost, { fresh, held }: DivertPlan): readonly string[] => {
  const left = fresh.filter((each) => !release(host, each).ok)
  const saved = saveDiversions(host, { undoing: left.length > 0, diversions: [...held, ...left] })
  const unsaved = saved.ok ? [] : [saved.error]
  return [...left.map(({ path }) => `${path} could not be put back: run lintel divert --undo`), ...unsaved]
}

/** Brings one diversion about from whatever state it is in. Returns what was done, in words; nothing where it stood. */
const holdOne = (
  host: AdministratorHost,
  executable: string,
  each: Diversion,
): Result<string | undefined, string> => {
  const { path, kept, dpkg } = each
  const lying = lyingAt(host, path)
  if (lying === 'other')
    return err(`${path} is neither lintel nor a runtime any more; nothing was done to it`)
  if (lying === 'runtime') {
    const moved = keep(host, each)
    if (!moved.ok) return moved
  } else if (lyingAt(host, kept) !== 'runtime')
    return ok(`${path}: no real runtime is kept at ${kept}; was its package removed?`)
  else if (lying === 'absent' && dpkg === undefined)
    return ok(`${path} was removed; the real runtime is still kept at ${kept}`)
  return place(host, executable, each)
}

/** Gives the runtime at the path its second name, unless that has been done. */
const keep = (host: AdministratorHost, each: Diversion): Result<null, string> => {
  const { path, kept } = each
  if (lyingAt(host, kept) === 'runtime') {
    if (areSame(host, path, kept)) return ok(null)
    // From here on dpkg brings the package's file to the kept path: that one counts.
    if (isDpkgDiverted(host, each))
      return isLeftover(host, each)
        ? ok(null)
        : err(`${path} and ${kept} are two different runtimes; remove the one that shall not be used`)
  }
  const folder = host.makeDirectory(folderOf(kept), 0o755)
  if (!folder.ok) return err(said(folder.error))
  if (!isRootsAlone(host)) return err(`${keepFolder} must be root's and not writable by others`)
  const answered = version(host, path)
  const made = put(host, path, kept)
  if (!made.ok) return err(said(made.error))
  if (answered === undefined || version(host, kept) === answered) return ok(null)
  return err(`${path} cannot be run from ${kept}: is that on a file system without the right to execute?`)
}

const isRootsAlone = (host: AdministratorHost): boolean => {
  const folder = host.stat(keepFolder, false)
  return (
    folder.ok &&
    folder.value.kind === 'directory' &&
    folder.value.uid === 0 &&
    (folder.value.mode & 0o022) === 0
  )
}

const place = (
  host: AdministratorHost,
  executable: string,
  each: Diversion,
): Result<string | undefined, string> => {
  const { path, kept, dpkg } = each
  const links = makeLinks(host, kept)
  if (!links.ok) return err(said(links.error))
  if (dpkg !== undefined && !isDpkgDiverted(host, each)) {
    const told = addDpkgDiversion(host, dpkg, kept)
    if (!told.ok) return err(`dpkg does not divert ${dpkg}: ${told.error}`)
  }
  if (areSame(host, path, executable)) return ok(undefined)
  const expected = version(host, kept)
  const made = put(host, executable, path)
  if (!made.ok) return err(said(made.error))
  const reached = run(host, path)
  if (expected === undefined || reached?.stdout === expected)
    return ok(`${path} is lintel; the real one is kept at ${kept}`)
  // A host whose runtime is not reached is worse off than one where calls pass by.
  const restored = put(host, kept, path)
  const answer = (reached?.stderr || reached?.stdout || '').split('\n')[0]
  return err(
    `as ${path}, lintel does not reach ${kept} (it answered: ${answer}); ${restored.ok ? 'the real one is back' : said(restored.error)}`,
  )
}

/** What a runtime answers to --version; undefined where it does not run. */
const version = (host: AdministratorHost, path: string): string | undefined => {
  const ran = run(host, path)
  return ran?.status === 0 ? ran.stdout : undefined
}

const run = (host: AdministratorHost, path: string): SpawnResult | undefined => {
  const ran = host.spawn([path, '--version'], '', 10_000)
  return ran.ok ? ran.value : undefined
}
