/** Taking diversions back: the real runtimes return to their paths as they were, by one rename each. */
import { err, ok, type Result } from '../core/result.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import type { HostResult } from '../host/host.ts'
import type { Diversion } from './diversion.ts'
import { areSame, lyingAt, put, removeIfThere, removeKept, stagedFor } from './divert-files.ts'
import {
  isDpkgDiverted,
  isLeftover,
  lockDiversions,
  readDiversions,
  said,
  saveDiversions,
} from './divert-record.ts'
import { isInstalled, isIntact, packageOf, removeDpkgDiversion } from './package-files.ts'

/** How one diversion is taken back. */
type Way =
  /** The kept runtime goes to the path. */
  | 'restore'
  /** What is right lies at the path; what is kept goes. */
  | 'finish'
  /** lintel lies there and nothing is kept: lintel goes. */
  | 'clear'

/**
 * Takes all diversions back. Changes nothing where the file at one of the paths is neither lintel nor what its package
 * brought; what broke off is gone on with. Returns a line for each thing done. Errors: one line.
 */
export const undoDiversions = (host: AdministratorHost): Result<readonly string[], string> => {
  const found = readDiversions(host)
  if (!found.ok) return found
  if (found.value.diversions.length === 0) return ok([])
  if (host.process.effectiveUid !== 0) return err('only root can take a diversion back')
  const locked = lockDiversions(host)
  if (!locked.ok) return locked
  const record = readDiversions(host)
  return record.ok ? undoHeld(host, record.value.diversions) : record
}

/** The same, for whoever holds the lock. */
export const undoHeld = (
  host: AdministratorHost,
  diversions: readonly Diversion[],
): Result<readonly string[], string> => {
  const ways: { readonly each: Diversion; readonly way: Way }[] = []
  for (const each of diversions) {
    const way = wayBack(host, each)
    if (!way.ok) return way
    ways.push({ each, way: way.value })
  }
  const begun = saveDiversions(host, { undoing: true, diversions })
  if (!begun.ok) return begun
  for (const { each, way } of ways) {
    const done = restore(host, each, way)
    if (!done.ok) return done
  }
  // A call that found the kept runtime before this becomes it within the second that lintel gives itself.
  if (ways.some(({ way }) => way === 'restore')) host.sleep(1000)
  for (const { each } of ways) {
    const removed = removeKept(host, each)
    if (!removed.ok) return err(said(removed.error))
  }
  const ended = saveDiversions(host, { undoing: false, diversions: [] })
  return ended.ok ? ok(ways.map(({ each, way }) => inWords(each, way))) : ended
}

const inWords = ({ path, kept }: Diversion, way: Way): string => {
  if (way === 'restore') return `${path} is the real runtime again`
  if (way === 'clear') return `${path} is gone: no real runtime was kept at ${kept} to put back`
  return `${path} was put back already; nothing is kept at ${kept} any more`
}

const wayBack = (host: AdministratorHost, each: Diversion): Result<Way, string> => {
  const { path, kept, dpkg, owner } = each
  const isKept = lyingAt(host, kept) === 'runtime'
  switch (lyingAt(host, path)) {
    case 'lintel':
      return ok(isKept ? 'restore' : 'clear')
    case 'absent':
      return ok(isKept && (owner === undefined || isInstalled(host, { owner, dpkg })) ? 'restore' : 'finish')
    case 'runtime':
      return isKept ? besideKept(host, each) : ok('finish')
    case 'other':
      return err(notOurs(host, each))
  }
}

/** A runtime lies at the path and another is kept: which of them is the host's? */
const besideKept = (host: AdministratorHost, each: Diversion): Result<Way, string> => {
  const { path, kept } = each
  if (areSame(host, path, kept)) return ok('finish')
  if (isDpkgDiverted(host, each)) return isLeftover(host, each) ? ok('restore') : err(notOurs(host, each))
  const brought = packageOf(host, path, true)
  return brought !== undefined && isIntact(host, path, brought) ? ok('finish') : err(notOurs(host, each))
}

const notOurs = (host: AdministratorHost, each: Diversion): string => {
  const { path, kept } = each
  const owner = packageOf(host, path, true)?.owner
  const whose =
    owner === undefined ? 'no package lists it' : `package ${owner} lists it, but did not bring this file`
  const remedy = isDpkgDiverted(host, each)
    ? `remove it or ${kept}, whichever shall not be used`
    : `to keep it, remove ${kept}; to have lintel there again, run lintel divert --repair`
  return `${path} is not lintel's any more (${whose}) and nothing was changed; ${remedy}, then undo again`
}

/** Everything of one diversion at once, for a change that failed before any call could rest on it. */
export const release = (host: AdministratorHost, each: Diversion): Result<null, string> => {
  const way = wayBack(host, each)
  if (!way.ok) return way
  const restored = restore(host, each, way.value)
  if (!restored.ok) return restored
  const removed = removeKept(host, each)
  return removed.ok ? ok(null) : err(said(removed.error))
}

/** dpkg first: a package upgraded between the two steps brings its file to the path itself, and it works. */
const restore = (host: AdministratorHost, each: Diversion, way: Way): Result<null, string> => {
  const { kept, dpkg } = each
  if (dpkg !== undefined && isDpkgDiverted(host, each)) {
    const told = removeDpkgDiversion(host, dpkg, kept)
    if (!told.ok) return err(`dpkg still diverts ${dpkg}: ${told.error}`)
  }
  const done = change(host, each, way)
  return done.ok ? ok(null) : err(said(done.error))
}

const change = (host: AdministratorHost, { path, kept }: Diversion, way: Way): HostResult<null> => {
  const staged = removeIfThere(host, stagedFor(path))
  if (!staged.ok || way === 'finish') return staged
  return way === 'restore' ? put(host, kept, path) : removeIfThere(host, path)
}
