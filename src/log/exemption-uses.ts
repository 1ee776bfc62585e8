/** Which exemptions a decision log shows at work. */
import type { RecordedUse } from '../core/exemption-use.ts'
import { engineIds } from '../core/identity.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import type { LogFile } from './log-files.ts'
import type { LoggedRecord } from './logged-record.ts'
import { oldest, readLog } from './read-log.ts'
import { newReading } from './reading.ts'
import { anything } from './selection.ts'

/** What the logs show. */
export interface LoggedUses {
  /** Time of the oldest record, RFC 3339; undefined where there is none. */
  readonly since: string | undefined
  /** Records in which something was exempted. */
  readonly uses: readonly RecordedUse[]
}

/** The exempted findings recorded at or after `from` (RFC 3339, UTC). */
export const exemptionUses = (
  host: AdministratorHost,
  files: readonly LogFile[],
  from: string,
): LoggedUses => {
  let since: string | undefined
  readLog(newReading(host, anything), { files, from: oldest }, ({ record }) => {
    since = record.time
    return false
  })
  const uses: RecordedUse[] = []
  const reading = newReading(host, { ...anything, since: from })
  const exempted = { ...reading, wanted: { ...reading.wanted, texts: ['"outcome":"exempted"'] } }
  readLog(exempted, { files, from: oldest }, ({ record }) => {
    uses.push(recordedUse(record))
    return true
  })
  return { since, uses }
}

const recordedUse = ({ container, engine, proven, findings }: LoggedRecord): RecordedUse => ({
  identity: {
    proven,
    engine: engineIds.find((id) => id === engine) ?? 'none',
    image: container.image,
    name: container.name,
    namespace: container.namespace,
  },
  findings: findings.flatMap(({ rule, exemption }) =>
    exemption === undefined ? [] : [{ rule, ...exemption }],
  ),
})
