/** What the decision log shows: which containers were judged, what every engine sent last, the last day's verdicts. */
import { logFiles } from '../cli/decision-log.ts'
import type { Verdict } from '../core/decision.ts'
import type { Host } from '../host/host.ts'
import { fileProblem } from '../runtime/load.ts'

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

const maxLogBytes = 128 * 1024 * 1024

/** Reads the log at `path` and its rotated forerunners, compressed ones too. `from`: RFC 3339, UTC. */
export const readDecisions = (host: Host, path: string, from: string): LoggedDecisions => {
  const files = [...logFiles(host, path), ...compressedFiles(host, path)]
  const problems: string[] = []
  const last = new Map<string, LastDecision>()
  const judged = new Set<string>()
  const counts = { allow: 0, fix: 0, deny: 0, would_deny: 0 }
  let since: string | undefined
  for (const file of files) {
    const text = textOf(host, file)
    if (text === undefined) {
      problems.push(fileProblem(file, { code: 'unreadable' }))
      continue
    }
    for (const line of text.split('\n')) {
      const record = summary(line)
      if (record === undefined) continue
      const { time, operation, container, engine, proven, verdict } = record
      if (since === undefined || time < since) since = time
      if (creates.has(operation)) judged.add(container)
      if (time >= from && isVerdict(verdict)) counts[verdict] += 1
      if (proven && time >= (last.get(engine)?.time ?? '')) last.set(engine, { time, container, verdict })
    }
  }
  return { files, problems, since, last, judged, counts }
}

const creates = new Set(['create', 'run', 'restore'])

const verdicts: readonly string[] = ['allow', 'fix', 'deny', 'would_deny'] satisfies readonly Verdict[]
const isVerdict = (word: string): word is Verdict => verdicts.includes(word)

// Records are written by lintel, members always in this order: a whole parse of each line would take seconds. No text
// inside a record can look like a member, since its quotes are escaped.
const pattern =
  /^\{[^{}]*?"time":"([0-9T:.Z-]+)".*?"operation":"(\w+)","container":\{"id":"([^"\\]*)".*?"engine":\{"id":"(\w+)","proven":(true|false).*?"verdict":"(\w+)"/

const summary = (line: string) => {
  const [, time, operation, container, engine, proven, verdict] = pattern.exec(line) ?? []
  return time === undefined ||
    operation === undefined ||
    container === undefined ||
    engine === undefined ||
    verdict === undefined
    ? undefined
    : { time, operation, container, engine, proven: proven === 'true', verdict }
}

const textOf = (host: Host, file: string): string | undefined => {
  if (!file.endsWith('.gz')) {
    const text = host.readText(file, maxLogBytes, true)
    return text.ok ? text.value : undefined
  }
  const unpacked = host.spawn(['gzip', '-dc', file], '', 60_000)
  return unpacked.ok && unpacked.value.status === 0 ? unpacked.value.stdout : undefined
}

const compressedFiles = (host: Host, log: string): readonly string[] => {
  const slash = log.lastIndexOf('/')
  const [folder, name] = [log.slice(0, slash), log.slice(slash + 1)]
  const listed = host.listDirectory(folder || '/')
  const names = listed.ok ? listed.value : []
  return names
    .filter((each) => each.startsWith(name) && /^[.-][0-9]+\.gz$/.test(each.slice(name.length)))
    .map((each) => `${folder}/${each}`)
}
