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

export interface ReceiveOptions {
  /** The folder of the hosts' folders. */
  readonly into: string
  /** How many hosts get a folder of their own. */
  readonly hosts: number
}

/**
 * Answers each message with one line, until there are no more: that its MSGID is now `written` once the record is on disk,
 * since a moment ago or before, or `torn` where it was cut off on its way, and `{}` where it could not be written.
 */
export const receiveLog = (host: AdministratorHost, options: ReceiveOptions): number => {
  for (;;) {
    const line = host.nextInputLine()
    if (line.ok && line.value === undefined) return exitStatus.clean
    if (!line.ok && !isOdd(line.error.code)) return exitStatus.usage
    const message = line.ok ? host.parseJson(line.value ?? '', maxDepth, '') : line
    host.write(1, answers[message.ok ? receive(host, options, message.value) : 'untouched'])
  }
}

/** A line that is no message; the next one may be. */
const isOdd = (code: string): boolean => code === 'EILSEQ' || code === 'E2BIG'

const receive = (host: AdministratorHost, options: ReceiveOptions, message: Json): keyof typeof answers => {
  const [sender, record] = [textOf(message, 'hostname'), textOf(message, 'msg')]
  // Whatever else calls itself a decision is left to rsyslog, as it came.
  if (sender === undefined || record?.startsWith('{"version":1,') !== true) return 'untouched'
  if (!host.parseJson(record, recordDepth, '').ok) return 'torn'
  const folder = folderOf(host, options, sender)
  if (!host.makeDirectory(folder, 0o700).ok) return 'untouched'
  return host.appendOnce(`${folder}/decisions.jsonl`, record).ok ? 'written' : 'untouched'
}

/** What a host may be called; `aggregator.conf` says the same, so that it is the same file whoever writes. */
const hostName = /^[A-Za-z0-9_][A-Za-z0-9._:-]{0,99}$/
/** The folder of all that is called otherwise, and of hosts beyond those that get one of their own. */
const otherHosts = '_'

/** A sender chooses its name, and may choose a new one for every record. */
const folderOf = (host: AdministratorHost, { into, hosts }: ReceiveOptions, sender: string): string => {
  const folder = `${into}/${hostName.test(sender) ? sender : otherHosts}`
  if (host.stat(folder, true).ok) return folder
  const listed = host.listDirectory(into)
  return listed.ok && listed.value.length >= hosts ? `${into}/${otherHosts}` : folder
}
