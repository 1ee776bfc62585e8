/** Docker's API on its unix socket, as far as lintel asks it. */
import { isJsonObject, type Json } from '../../core/json.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { AdministratorHost } from '../../host/administrator.ts'
import type { Host } from '../../host/host.ts'
import type { Installation } from '../../registration/registration.ts'

const maxAnswerBytes = 64 * 1024 * 1024
const patience = 10_000

/** What a GET of this path answers, as JSON. HTTP/1.0: the daemon ends the connection. Errors: one line. */
export const askDocker = (
  host: AdministratorHost,
  installation: Installation,
  path: string,
): Result<Json, string> => {
  const socket = socketOf(host, installation)
  const request = `GET ${path} HTTP/1.0\r\nHost: docker\r\n\r\n`
  const answer = host.exchange(socket, request, maxAnswerBytes, patience)
  if (!answer.ok) return err(`dockerd does not answer on ${socket} (${answer.error.code})`)
  const end = answer.value.indexOf('\r\n\r\n')
  const status = /^HTTP\/1\.[01] (\d+)/.exec(answer.value)?.[1]
  const body = host.parseJson(answer.value.slice(end + 4), 64, '')
  return status === '200' && end > 0 && body.ok
    ? body
    : err(`dockerd answers GET ${path} on ${socket} with status ${status ?? 'none'}`)
}

/** Path of the first unix socket dockerd was told to serve on, on its command line or in its file. */
const socketOf = (host: Host, { daemon, configuration }: Installation): string => {
  const line = daemon === undefined ? undefined : host.readText(`/proc/${daemon}/cmdline`, 1024 * 1024, true)
  const words = line?.ok === true ? line.value.split('\0') : []
  const told = words.flatMap((word, index) =>
    word === '-H' || word === '--host' ? [words[index + 1] ?? ''] : [word.replace(/^(?:--host=|-H=?)/, '')],
  )
  const text = host.readText(configuration, maxAnswerBytes, true)
  const file = text.ok ? host.parseJson(text.value, 64, '') : undefined
  const hosts = file?.ok === true && isJsonObject(file.value) ? file.value['hosts'] : undefined
  const listed = Array.isArray(hosts) ? hosts.map(String) : []
  const unix = [...told, ...listed].find((each) => each.startsWith('unix:///'))
  return unix === undefined ? '/var/run/docker.sock' : unix.slice('unix://'.length)
}

/** The runtimes dockerd knows and which of them are this executable, and which is its default. */
export interface DockerRuntimes {
  readonly defaultRuntime: string
  /** Names of the runtimes whose path is the executable asked for. */
  readonly through: readonly string[]
}

/** Asks `GET /info`. Errors: one line. */
export const dockerRuntimes = (
  host: AdministratorHost,
  installation: Installation,
  runtime: string,
): Result<DockerRuntimes, string> => {
  const info = askDocker(host, installation, '/info')
  if (!info.ok) return info
  const { DefaultRuntime: name, Runtimes: runtimes } = isJsonObject(info.value) ? info.value : {}
  if (typeof name !== 'string' || !isJsonObject(runtimes))
    return err('dockerd does not say what its runtimes are')
  const isThrough = (each: Json | undefined): boolean =>
    isJsonObject(each) && (each['path'] === runtime || binaryName(each) === runtime)
  return ok({
    defaultRuntime: name,
    through: Object.keys(runtimes).filter((each) => isThrough(runtimes[each])),
  })
}

/** Docker 24 and later: a shim with options instead of a path. */
const binaryName = ({ options }: { readonly [key: string]: Json }): Json | undefined =>
  isJsonObject(options) ? options['BinaryName'] : undefined
