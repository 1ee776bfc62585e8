/** Reads decision logs back, for what they tell of a policy. */
import { type RecordedUse, recordedUse } from '../core/exemption-use.ts'
import { engineIds } from '../core/identity.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Host } from '../host/host.ts'
import { fileProblem } from '../runtime/load.ts'

const maxLogBytes = 128 * 1024 * 1024

/** What the logs show. */
export interface LoggedUses {
  /** Time of the oldest record, RFC 3339; undefined where there is none. */
  readonly since: string | undefined
  /** Records in which something was exempted. */
  readonly uses: readonly RecordedUse[]
}

/**
 * The exempted findings recorded at or after `from` (RFC 3339, UTC), of every log. Lines that are no records are left out.
 * Errors: one line naming the file.
 */
export const readLogs = (host: Host, paths: readonly string[], from: string): Result<LoggedUses, string> => {
  const uses: RecordedUse[] = []
  let since: string | undefined
  for (const path of paths) {
    const text = host.readText(path, maxLogBytes, true)
    if (!text.ok) return err(fileProblem(path, text.error))
    for (const line of text.value.split('\n')) {
      const time = recordTime.exec(line)?.[1]
      if (time === undefined) continue
      if (since === undefined || time < since) since = time
      const use = time >= from && line.includes('"exempted"') ? parsed(host, line) : undefined
      if (use !== undefined) uses.push(use)
    }
  }
  return ok({ since, uses })
}

// Records are written by lintel, the time near the front: a whole parse of each line would take seconds.
const recordTime = /^\{[^{}]*?"time":"([0-9T:.Z-]+)"/

const parsed = (host: Host, line: string): RecordedUse | undefined => {
  const record = host.parseJson(line, 64, '')
  return record.ok ? recordedUse(record.value, engineIds) : undefined
}

/** A decision log and its rotated forerunners beside it (`LOG.1`, `LOG-20270101`), unless compressed. */
export const logFiles = (host: Host, log: string): readonly string[] => {
  const slash = log.lastIndexOf('/')
  const [folder, name] = [log.slice(0, slash) || '/', log.slice(slash + 1)]
  const listed = host.listDirectory(folder)
  const names = listed.ok ? listed.value : []
  return names
    .filter(
      (each) => each === name || (each.startsWith(name) && /^[.-][0-9]+$/.test(each.slice(name.length))),
    )
    .map((each) => `${folder === '/' ? '' : folder}/${each}`)
}
