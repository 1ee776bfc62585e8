/** `lintel divert`: takes the path of runc and crun, brings that back after an upgrade, or takes it back. */
import { err, ok, type Result } from '../core/result.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import type { Diversion } from '../installation/diversion.ts'
import { divert, planDivert, repairDiversions } from '../installation/divert.ts'
import { type Standing, standingOf } from '../installation/divert-record.ts'
import { undoDiversions } from '../installation/divert-undo.ts'
import { passThroughFile } from '../policy/pass-through.ts'
import { exitStatus, type Output } from './output.ts'

export interface DivertOptions {
  readonly undo: boolean
  readonly repair: boolean
  readonly dryRun: boolean
}

/** Diverts, repairs, undoes, or says what it would do. Returns 0, 1 where it could not be done, 2 for a wrong usage. */
export const divertRuntimes = (host: AdministratorHost, output: Output, options: DivertOptions): number => {
  if (options.undo && options.repair) {
    output.complain('give --undo or --repair, not both')
    return exitStatus.usage
  }
  const done = act(host, options)
  if (!done.ok) {
    output.complain(done.error)
    return exitStatus.findings
  }
  for (const line of done.value) output.print(line)
  // A package's scriptlet calls --repair at every upgrade, and has nothing to say where nothing was to be done.
  if (done.value.length === 0 && !options.repair)
    output.print(options.undo ? 'nothing is diverted' : 'nothing to do')
  return exitStatus.clean
}

const act = (host: AdministratorHost, options: DivertOptions): Result<readonly string[], string> => {
  if (options.dryRun) return foreseen(host, options)
  if (options.undo) return undoDiversions(host)
  if (options.repair) return repairDiversions(host)
  const judging = judgeAgain(host)
  return judging.ok ? divert(host) : judging
}

/** After an uninstall calls may be handed on unjudged; at the path of a runtime that is not what anybody means. */
const judgeAgain = (host: AdministratorHost): Result<null, string> => {
  if (host.process.effectiveUid !== 0 || !host.stat(passThroughFile, false).ok) return ok(null)
  const removed = host.remove(passThroughFile)
  return removed.ok ? ok(null) : err(`${passThroughFile} cannot be removed (${removed.error.code})`)
}

const foreseen = (host: AdministratorHost, { undo }: DivertOptions): Result<readonly string[], string> => {
  const plan = planDivert(host)
  if (!plan.ok) return plan
  const { fresh, held } = plan.value
  if (undo) return ok(held.map(({ path, kept }) => `${kept} would go back to ${path}`))
  const standing = held.map((each) => `${each.path}: ${words[standingOf(host, each)]}`)
  return ok([...standing, ...fresh.map(foreseenOf)])
}

const foreseenOf = ({ path, kept, dpkg, owner }: Diversion): string => {
  const whose = owner === undefined ? '' : ` of package ${owner}`
  const told = dpkg === undefined ? '' : ', as dpkg would be told'
  return `${path} would become lintel; the runtime${whose} would be kept at ${kept}${told}`
}

const words: { readonly [standing in Standing]: string } = {
  held: 'is lintel',
  replaced: 'was replaced by a real runtime, which would be diverted again',
  absent: 'was removed',
  empty: 'is lintel, and no real runtime is kept for it',
  foreign: 'is neither lintel nor a runtime any more',
}
