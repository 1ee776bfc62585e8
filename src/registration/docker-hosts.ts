/** Where dockerd listens: mutually authenticated TLS on one port, the local socket kept, nothing in the clear. */
import { err, ok, type Result } from '../core/result.ts'
import { jsonText } from './json-text.ts'
import { filesIn } from './layered-toml.ts'
import { dropInBegin, dropInName } from './names.ts'
import { type FilePlan, faultLine, type Operation, rendered } from './operations.ts'
import type { Installation, Texts, Wanted } from './registration.ts'
import { placeOf } from './text-edit.ts'

interface HostsPlan {
  readonly operations: readonly Operation[]
  readonly files: readonly FilePlan[]
}

const unitFolder = '/etc/systemd/system/docker.service.d/'
/** The unit, the stronger places first. */
const units = [
  '/etc/systemd/system/docker.service',
  '/usr/lib/systemd/system/docker.service',
  '/lib/systemd/system/docker.service',
] as const
/** Files whose variables units and init scripts put on dockerd's command line (Debian, RHEL 7). */
export const variables = ['/etc/default/docker', '/etc/sysconfig/docker'] as const

/** What can put `-H` on dockerd's command line; in both places dockerd does not start. */
export const unitFiles: readonly string[] = [...units, unitFolder, ...variables]

const localSocket = 'unix:///var/run/docker.sock'

const addressOf = ({ port }: { readonly port: number }): string => `tcp://0.0.0.0:${port}`

/** The error line where TLS is wanted and dockerd is told to listen on TCP elsewhere too. */
export const checkPorts = (
  { configuration }: Installation,
  texts: Texts,
  { tls }: Wanted,
): Result<null, string> => {
  const open = tls && openPort(configuration, texts, addressOf(tls))
  return open === undefined ? ok(null) : err(open)
}

/** Nothing where no TLS is wanted. */
export const hostsPlan = ({ configuration }: Installation, texts: Texts, { tls }: Wanted): HostsPlan => {
  if (tls === undefined) return { operations: [], files: [] }
  const address = addressOf(tls)
  const command = startCommand(texts)
  const written = jsonText.find(texts[configuration] ?? '', ['hosts'])
  const local = command?.hosts.filter((host) => !host.startsWith('tcp://')) ?? []
  const kept = written === undefined ? (local.length > 0 ? local : [localSocket]) : []
  const files = command === undefined || command.hosts.length === 0 ? [] : [unitPlan(command.without)]
  const settings: readonly (readonly [name: string, value: string | boolean])[] = [
    ['tlsverify', true],
    ['tlscacert', `${tls.folder}/ca.pem`],
    ['tlscert', `${tls.folder}/server-cert.pem`],
    ['tlskey', `${tls.folder}/server-key.pem`],
  ]
  const operations: readonly Operation[] = [
    ...kept.map((element) => ({ kind: 'include', path: ['hosts'], element, implied: true }) as const),
    { kind: 'include', path: ['hosts'], element: address },
    ...settings.map(([name, value]) => ({ kind: 'set', path: [name], raw: rendered(value) }) as const),
  ]
  return { operations, files }
}

/** The line that says where dockerd is told to listen on TCP elsewhere than on the address. */
const openPort = (configuration: string, texts: Texts, address: string): string | undefined => {
  const text = texts[configuration] ?? ''
  const hosts = jsonText.find(text, ['hosts'])?.value
  const places = jsonText.elements(text, ['hosts'])?.elements ?? []
  const told: readonly unknown[] = Array.isArray(hosts) ? hosts : []
  const index = told.findIndex((host) => typeof host === 'string' && isOtherPort(host, address))
  const what = (host: unknown): string =>
    `dockerd is told to listen on ${String(host)} too; take that out, only ${address} with TLS may be open`
  if (index >= 0) {
    return faultLine(configuration, {
      ...placeOf(text, places[index]?.start ?? 0),
      message: what(told[index]),
    })
  }
  for (const path of [...units, ...filesIn(texts, unitFolder, '.conf'), ...variables]) {
    for (const [number, line] of (texts[path] ?? '').split('\n').entries()) {
      const found = /tcp:\/\/[^\s"']+/.exec(line)
      if (found === null || line.trimStart().startsWith('#') || !isOtherPort(found[0], address)) continue
      return faultLine(path, { line: number + 1, column: found.index + 1, message: what(found[0]) })
    }
  }
  return undefined
}

const isOtherPort = (host: string, address: string): boolean => host.startsWith('tcp://') && host !== address

export interface StartCommand {
  /** As it is written. */
  readonly command: string
  readonly hosts: readonly string[]
  /** The command line without its `-H` options. */
  readonly without: string
}

/** The command line that systemd starts dockerd with; undefined where no unit is. */
export const startCommand = (texts: Texts): StartCommand | undefined => {
  const unit = units.find((path) => texts[path] !== undefined)
  if (unit === undefined) return undefined
  const ours = `${unitFolder}${dropInName}.conf`
  const files = [unit, ...filesIn(texts, unitFolder, '.conf').filter((path) => path !== ours)]
  const lines = files.flatMap((path) => (texts[path] ?? '').replace(/\\\r?\n/g, ' ').split(/\r?\n/))
  const last = lines.findLast((line) => /^\s*ExecStart\s*=\s*\S/.test(line))
  if (last === undefined) return undefined
  const command = last.slice(last.indexOf('=') + 1).trim()
  const option = /\s(?:-H|--host)(?:\s+|=)(\S+)/g
  return {
    command,
    hosts: [...command.matchAll(option)].map(([, host = '']) => host),
    without: command.replace(option, ''),
  }
}

/** dockerd does not start with `hosts` both in its file and on its command line, so the unit loses its `-H`. */
const unitPlan = (command: string): FilePlan => {
  const text = `${dropInBegin}# hosts are in daemon.json now, and dockerd takes them from one place only.
[Service]
ExecStart=
ExecStart=${command}
`
  return {
    path: `${unitFolder}${dropInName}.conf`,
    make: () => ok(text),
    undo: (now, { before }) => (now === text ? before : now),
  }
}
