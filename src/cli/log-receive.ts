/** `lintel log receive`: writes the records that rsyslog's mmexternal hands over, each once, into a file a host. */
import { type Json, textOf } from '../core/json.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import { exitStatus } from './output.ts'

/** Nesting of what rsyslog says of a message (its property `jsonmesg`). */
const maxDepth = 8

/** What rsyslog is to change in the message: its MSGID once the record is in its file, else nothing. */
const written = '{"msgid":"written"}\n'
const untouched = '{}\n'

/**
 * Answers each message with one line, until there are no more: that its MSGID is now `written` once the record is on disk,
 * since a moment ago or before, and `{}` where it could not be written. `into`: the folder of the hosts' folders.
 */
export const receiveLog = (host: AdministratorHost, into: string): number => {
  for (;;) {
    const line = host.nextInputLine()
    if (line.ok && line.value === undefined) return exitStatus.clean
    if (!line.ok && line.error.code !== 'EILSEQ') return exitStatus.usage
    const message = line.ok ? host.parseJson(line.value ?? '', maxDepth, '') : line
    host.write(1, message.ok && isWritten(host, into, message.value) ? written : untouched)
  }
}

const isWritten = (host: AdministratorHost, into: string, message: Json): boolean => {
  const [sender, record] = [textOf(message, 'hostname'), textOf(message, 'msg')]
  // Whatever else calls itself a decision is left to rsyslog, as it came.
  if (sender === undefined || record?.startsWith('{') !== true || !record.endsWith('}')) return false
  const folder = `${into}/${folderName(sender)}`
  if (!host.makeDirectory(folder, 0o700).ok) return false
  return host.appendOnce(`${folder}/decisions.jsonl`, record).ok
}

/** As rsyslog's `secpath-replace` makes it, so that it is the same file whoever writes. */
const folderName = (sender: string): string => {
  const name = sender.replaceAll('/', '_')
  return name === '' ? '_' : name === '.' || name === '..' ? `_${name.slice(1)}` : name
}
