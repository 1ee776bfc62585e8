/**
 * Execs that come again and again (health checks, probes) leave one record an hour, not one each: logs of wrappers have
 * filled disks and stopped nodes. What counts as the same is the whole call and its decision, never a name.
 */
import type { DecisionRecord } from '../core/record.ts'
import type { Host } from '../host/host.ts'

/** A record of the same exec, written less than an hour ago. */
export interface EarlierRecord {
  readonly id: string
}

/** What is known of a call's earlier records. */
export interface Repetition {
  readonly key: string
  readonly earlier: EarlierRecord | undefined
  /** How many went unrecorded since the last record of it. */
  readonly unrecorded: number
}

const hour = 60 * 60 * 1000

/** Beyond it records are kept again: whoever calls in a thousand ways is not a health check. */
const maxBytes = 64 * 1024

const fileOf = (bundle: string): string => `${bundle}/lintel-execs`

/**
 * Looks the call up among those of this container; `words` is what tells one call from another besides its record.
 * The file lies in the bundle, which is the engine's own and goes with the container.
 */
export const repetitionOf = (
  host: Host,
  bundle: string,
  { record, words }: { readonly record: DecisionRecord; readonly words: string },
): Repetition => {
  const { id: _, time: __, durationMicroseconds: ___, ...lasting } = record
  const key = host.sha256(`${words} ${JSON.stringify(lasting)}`).slice(0, 24)
  const { seen, repeats } = linesOf(host, bundle, key)
  const [, , written = '0', id = ''] = seen?.split(' ') ?? []
  const age = host.clock().epochMilliseconds - Number(written)
  const isRecent = seen !== undefined && age >= 0 && age < hour
  return { key, earlier: isRecent ? { id } : undefined, unrecorded: repeats }
}

/** Notes that the record was written, or that one more went unrecorded. Best effort: at worst a record more. */
export const noteRepetition = (
  host: Host,
  bundle: string,
  { key, earlier, record }: Pick<Repetition, 'key' | 'earlier'> & { readonly record: DecisionRecord },
): void => {
  const line =
    earlier === undefined ? `record ${key} ${host.clock().epochMilliseconds} ${record.id}` : `again ${key}`
  host.append(fileOf(bundle), `${line}\n`, 0o600)
}

/** The last record of the key, and how often it came again after that. */
const linesOf = (
  host: Host,
  bundle: string,
  key: string,
): { readonly seen: string | undefined; readonly repeats: number } => {
  const text = host.readText(fileOf(bundle), maxBytes, false)
  if (!text.ok) {
    // Grown too large: begun anew, and each of its calls is recorded once more.
    if (text.error.code === 'EFBIG') host.writeFile(fileOf(bundle), '', 0o600)
    return { seen: undefined, repeats: 0 }
  }
  const lines = text.value.split('\n')
  const last = lines.findLastIndex((line) => line.startsWith(`record ${key} `))
  const repeats = lines.slice(last + 1).filter((line) => line === `again ${key}`).length
  return { seen: lines[last], repeats: last < 0 ? 0 : repeats }
}
