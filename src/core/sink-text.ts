/** A record as syslog and journald are told of it. The file is the record; these are never longer than a reader takes. */
import { isLonger } from './byte-length.ts'
import type { BreakGlassRecord, DecisionRecord, EventRecord } from './record.ts'

/** A record on its way to the sinks. */
export interface SinkRecord {
  readonly record: DecisionRecord | EventRecord
  /** Its line in the log, without the line end. */
  readonly line: string
  /** Its place in the chain; undefined where it could not be written. */
  readonly link: { readonly sequence: number; readonly hash: string } | undefined
  readonly processId: number
}

/** rsyslog before 8.1901 (CentOS 7) cuts what is over 8 KiB, header and all. */
const longestMessage = 7900
/** A datagram journald takes in one piece under any kernel's default buffers. */
const longestField = 60_000

/** RFC 5424 section 6.2.1. */
const severities = { alert: 1, warning: 4, notice: 5 } as const
const authpriv = 10

/** True for what nobody on watch should miss: break-glass begun or ended. */
export const isAlert = (record: SinkRecord['record']): record is BreakGlassRecord =>
  'event' in record && record.event !== 'sealed'

const severityOf = ({ record }: SinkRecord): number => {
  if ('event' in record) return isAlert(record) ? severities.alert : severities.notice
  return record.verdict === 'deny' || record.verdict === 'would_deny' ? severities.warning : severities.notice
}

/**
 * The datagram for `/dev/log`. `local`: as the C library's syslog() writes it, which rsyslog's imuxsock and journald read
 * right; they take the time from the socket. `rfc5424`: for a daemon that was told to parse that.
 */
export const syslogText = (sink: SinkRecord, form: 'local' | 'rfc5424'): string => {
  const priority = authpriv * 8 + severityOf(sink)
  const header =
    form === 'local'
      ? `<${priority}>lintel[${sink.processId}]: `
      : `<${priority}>1 ${sink.record.time} ${nameless(sink.record.host)} lintel ${sink.processId} ${messageId(sink)} ${structured(sink)} `
  return `${header}${isLonger([header, sink.line], longestMessage) ? shortened(sink) : sink.line}`
}

/** The datagram for journald's native socket: `NAME=value` lines (systemd's JOURNAL_NATIVE_PROTOCOL). */
export const journalText = (sink: SinkRecord): string => {
  const line = isLonger([sink.line], longestField) ? shortened(sink) : sink.line
  const fields: readonly (readonly [string, string])[] = [
    ['MESSAGE', sentence(sink)],
    ['PRIORITY', String(severityOf(sink))],
    ['SYSLOG_FACILITY', String(authpriv)],
    ['SYSLOG_IDENTIFIER', 'lintel'],
    ...members(sink).map(([name, value]): [string, string] => [`LINTEL_${name.toUpperCase()}`, value]),
    ...rulesOf(sink).map((rule): [string, string] => ['LINTEL_RULE', rule]),
    ['LINTEL_RECORD', line],
  ]
  return fields.map(([name, value]) => `${name}=${oneLine(value)}\n`).join('')
}

/** A line feed would end the field and begin one of the sender's choice. */
const oneLine = (value: string): string => value.replaceAll(/\p{Cc}/gu, ' ')

const messageId = ({ record }: SinkRecord): string => ('event' in record ? record.event : record.operation)

/** What a reader filters by; each of bounded length. */
const members = ({ record, link }: SinkRecord): readonly (readonly [string, string])[] => {
  const about =
    'event' in record
      ? [['event', record.event] as const, ...aboutEvent(record)]
      : [
          ['verdict', record.verdict] as const,
          ['operation', record.operation] as const,
          ['container', record.container.id] as const,
          ['name', record.container.name] as const,
          ['image', record.container.image] as const,
          ['engine', record.engine.id] as const,
        ]
  const chained = link && [['sequence', String(link.sequence)] as const, ['sha256', link.hash] as const]
  return [['id', record.id] as const, ...about, ...(chained ?? [])].flatMap(([name, value]) =>
    value === undefined ? [] : [[name, bounded(value)] as const],
  )
}

const aboutEvent = (record: EventRecord): readonly (readonly [string, string])[] =>
  isAlert(record)
    ? [['until', record.breakGlass.until]]
    : [
        ['key', record.key],
        ['sealed', `${record.sealed.sequence} ${record.sealed.hash}`],
      ]

const longestValue = 256

const bounded = (value: string): string =>
  value.length <= longestValue ? value : `${value.slice(0, longestValue)}...`

/** Each rule that found something, once. */
const rulesOf = ({ record }: SinkRecord): readonly string[] =>
  'event' in record ? [] : [...new Set(record.findings.map(({ rule }) => rule))]

/** Enough to know the decision by, and to find the record and prove it: id, number and hash. */
const shortened = (sink: SinkRecord): string => {
  const { version, time, host } = sink.record
  return JSON.stringify({
    version,
    time,
    host: bounded(host),
    ...Object.fromEntries(members(sink)),
    ...(sink.link && { sequence: sink.link.sequence }),
    rules: rulesOf(sink),
    shortened: true,
  })
}

const sentence = (sink: SinkRecord): string => {
  const { record } = sink
  if ('event' in record && !isAlert(record))
    return `record ${record.sealed.sequence} of the log is sealed with key ${record.key}`
  if ('event' in record)
    return `${record.event} until ${record.breakGlass.until}: ${record.breakGlass.reason}`
  const { name, id } = record.container
  const rules = rulesOf(sink).join(', ')
  return `${record.operation} of ${bounded(name ?? id)}: ${record.verdict}${rules === '' ? '' : ` (${rules})`} [decision ${record.id}]`
}

/**
 * RFC 5424 section 6.3. lintel has no enterprise number; 32473 is the one set aside for examples (RFC 5612), under which
 * nobody else registers anything.
 */
const structured = (sink: SinkRecord): string => {
  const pairs = [...members(sink), ['rules', rulesOf(sink).join(' ')] as const]
  const escaped = (value: string): string => oneLine(value).replaceAll(/["\\\]]/g, '\\$&')
  return `[lintel@32473${pairs.map(([name, value]) => ` ${name}="${escaped(value)}"`).join('')}]`
}

const nameless = (host: string): string => (/^[!-~]{1,255}$/.test(host) ? host : '-')
