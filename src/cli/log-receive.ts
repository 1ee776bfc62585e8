/** `lintel log receive`: writes the records that rsyslog's mmexternal hands over, each once, into a file a host. */
import { type Json, textOf } from '../core/json.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import { exitStatus } from './output.ts'

/** Nesting of what rsyslog says of a message (its property `jsonmesg`). */
const maxDepth = 8
/** Nesting of a record. */
const recordDepth = 64

/** What rsyslog is to change in the message: its MSGID once nothing is left to do with it, else nothing. */
const answers = {
  written: '{"msgid":"written"}\n',
  /** The rest of it never came; the host sends it again. */
  torn: '{"msgid":"torn"}\n',
  untouched: '{}\n',
} as const

/**
 * Answers each message with one line, until there are no more: that its MSGID is now `written` once the record is on disk,
 * since a moment ago or before, or `torn` where it was cut off on its way, and `{}` where it could not be written. `into`:
 * the folder of the hosts' folders.
 */
export const receiveLog = (host: AdministratorHost, into: string): number => {
  for (;;) {
    const line = host.nextInputLine()
    if (line.ok && line.value === undefined) return exitStatus.clean
    if (!line.ok && line.error.code !== 'EILSEQ') return exitStatus.usage
    const message = line.ok ? host.parseJson(line.value ?? '', maxDepth, '') : line
    host.write(1, answers[message.ok ? receive(host, into, message.value) : 'untouched'])
  }
}

const receive = (host: AdministratorHost, into: string, message: Json): keyof typeof answers => {
  const [sender, record] = [textOf(message, 'hostname'), textOf(message, 'msg')]
  // Whatever else calls itself a decision is left to rsyslog, as it came.
  if (sender === undefined || record?.startsWith('{"version":1,') !== true) return 'untouched'
  if (!host.parseJson(record, recordDepth, '').ok) return 'torn'
  const folder = `${into}/${folderName(sender)}`
  if (!host.makeDirectory(folder, 0o700).ok) return 'untouched'
  return host.appendOnce(`${folder}/decisions.jsonl`, record).ok ? 'written' : 'untouched'
}

/** As rsyslog's `secpath-replace` makes it, so that it is the same file whoever writes. */
const folderName = (sender: string): string => {
  const name = sender.replaceAll('/', '_')
  return name === '' ? '_' : name === '.' || name === '..' ? `_${name.slice(1)}` : name
}
