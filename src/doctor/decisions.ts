/** What the decision log shows: which containers were judged, what every engine sent last, the last day's verdicts. */
import type { Verdict } from '../core/decision.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import { openLogSoFar } from '../log/log-files.ts'
import type { LoggedRecord } from '../log/logged-record.ts'
import { oldest, readLog } from '../log/read-log.ts'
import { newReading, unreadIn } from '../log/reading.ts'
import { anything } from '../log/selection.ts'

/** The newest record of an engine. */
export interface LastDecision {
  /** RFC 3339, UTC. */
  readonly time: string
  readonly container: string
  readonly verdict: string
}

export interface LoggedDecisions {
  /** The log and its rotated forerunners that were read. */
  readonly files: readonly string[]
  /** One line for every file that could not be read. */
  readonly problems: readonly string[]
  /** Time of the oldest record, RFC 3339; undefined where there is none. */
  readonly since: string | undefined
  /** By engine id, of those whose calls were proven to be the engine's. */
  readonly last: ReadonlyMap<string, LastDecision>
  /** Ids of the containers whose `create`, `run` or `restore` was judged. */
  readonly judged: ReadonlySet<string>
  /** Verdicts at or after `from`. */
  readonly counts: { readonly [verdict in Verdict]: number }
}

/** Reads the log at `path` and its rotated forerunners. `from`: RFC 3339, UTC. */
export const readDecisions = (host: AdministratorHost, path: string, from: string): LoggedDecisions => {
  const last = new Map<string, LastDecision>()
  const judged = new Set<string>()
  const counts = { allow: 0, fix: 0, deny: 0, would_deny: 0 }
  let since: string | undefined
  const take = ({ time, operation, container, engine, proven, verdict }: LoggedRecord): void => {
    if (since === undefined || time < since) since = time
    if (operation !== undefined && creates.has(operation)) judged.add(container.id)
    if (verdict === undefined) return
    if (time >= from && isVerdict(verdict)) counts[verdict] += 1
    if (proven && time >= (last.get(engine)?.time ?? ''))
      last.set(engine, { time, container: container.id, verdict })
  }
  const { files, problems } = openLogSoFar(host, path)
  const reading = newReading(host, anything)
  readLog(reading, { files, from: oldest }, ({ record }) => {
    take(record)
    return true
  })
  for (const { opened } of files) host.closeLines(opened.handle)
  const paths = files.map((file) => file.path)
  return { files: paths, problems: [...problems, ...unreadIn(reading)], since, last, judged, counts }
}

const creates = new Set(['create', 'run', 'restore'])

const verdicts: readonly string[] = ['allow', 'fix', 'deny', 'would_deny'] satisfies readonly Verdict[]
const isVerdict = (word: string): word is Verdict => verdicts.includes(word)
