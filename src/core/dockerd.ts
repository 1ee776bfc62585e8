/**
 * What a running dockerd serves its API on, read from its argument list and configuration file as dockerd reads them
 * (moby cmd/dockerd, options.go and daemon.go; opts/hosts.go; words by pflag).
 */
import type { DockerdFact } from './facts.ts'
import { isJsonObject, type Json } from './json.ts'

/** What dockerd was told of where it listens and keeps its things; of each option what the command line says, else the file. */
export interface DockerdOptions {
  readonly hosts: readonly string[]
  /** Whether it asks its clients for certificates (`--tlsverify`); `--tls` alone does not. */
  readonly verifies: boolean
  /** Address that serves metrics, and no API; empty where there is none. */
  readonly metrics: string
  readonly pidFile: string
  readonly dataRoot: string
}

/** Whether whoever reaches dockerd's network ports may use its API. `unknown`: why, as the end of a sentence. */
export type ApiExposure =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly addresses: readonly string[] }
  | { readonly kind: 'unknown'; readonly reason: string }

/** Where dockerd finds its configuration unless it is told another place. */
const usualConfiguration = '/etc/docker/daemon.json'

/** Options that take no value of the word after them, up to dockerd 29. */
const switches: ReadonlySet<string> = new Set(
  `allow-direct-routing debug experimental help icc init ip-forward ip-forward-no-drop ip-masq
  ip6tables iptables ipv6 live-restore no-new-privileges raw-logs rootless selinux-enabled tls tlsverify userland-proxy
  validate version`.split(/\s+/),
)

const shortNames: { readonly [letter: string]: string } = {
  D: 'debug',
  H: 'host',
  b: 'bridge',
  g: 'data-root',
  h: 'help',
  l: 'log-level',
  p: 'pidfile',
  s: 'storage-driver',
  v: 'version',
}

interface Given {
  readonly name: string
  readonly value: string
}

/** The path of the configuration file that this argument list names, or the usual one; it may be relative. */
export const dockerdConfiguration = (argv: readonly string[]): string =>
  lastOf(givenOptions(argv), 'config-file') ?? usualConfiguration

/** The options of a dockerd with these arguments (its own name first) and this content of its configuration file. */
export const dockerdOptions = (argv: readonly string[], settings: Json): DockerdOptions => {
  const given = givenOptions(argv)
  const file = isJsonObject(settings) ? settings : {}
  const text = (name: string): string | undefined => {
    const value = file[name]
    return lastOf(given, name) ?? (typeof value === 'string' ? value : undefined)
  }
  const { hosts, tlsverify } = file
  const written = Array.isArray(hosts) ? hosts.filter((each) => typeof each === 'string') : []
  const asked = given.filter(({ name }) => name === 'host').map(({ value }) => value)
  const switched = lastOf(given, 'tlsverify')
  return {
    hosts: [...new Set([...asked, ...written].map((each) => each.trim()))],
    verifies: switched === undefined ? tlsverify === true : isTrue(switched),
    metrics: text('metrics-addr') ?? '',
    pidFile: text('pidfile') ?? '/run/docker.pid',
    dataRoot: text('data-root') ?? lastOf(given, 'graph') ?? '/var/lib/docker',
  }
}

/** Addresses on which the API is served to whoever connects; empty where clients are verified. */
export const plainAddresses = ({ hosts, verifies }: DockerdOptions): readonly string[] =>
  // An address without a scheme is one of TCP.
  verifies ? [] : hosts.filter((host) => host !== '' && !/^(?:unix|fd|npipe):\/\//.test(host))

/** Whether it serves sockets that whoever started it gave it (`fd://`), which no option describes, unverified. */
export const servesInherited = ({ hosts, verifies }: DockerdOptions): boolean =>
  !verifies && hosts.some((host) => host.startsWith('fd://'))

/**
 * Whether the API of this dockerd is open. What a file says that was changed after dockerd began is not believed: nothing
 * but a dockerd without any port of its own, or one told on its command line to verify, is closed then.
 */
export const apiExposure = ({ argv, settings, isCurrent, ports }: DockerdFact): ApiExposure => {
  if (settings === undefined) return unknown('its configuration file cannot be read')
  const options = dockerdOptions(argv, isCurrent ? settings : {})
  if (options.verifies) return { kind: 'closed' }
  const addresses = plainAddresses(options)
  if (addresses.length > 0) return { kind: 'open', addresses }
  if (isCurrent && !servesInherited(options)) return { kind: 'closed' }
  if (ports === undefined) return unknown('what it listens on cannot be seen')
  const served = ports.filter((port) => !options.metrics.endsWith(`:${port}`))
  if (served.length === 0) return { kind: 'closed' }
  const listening = `it listens on TCP port ${served.join(' and ')}`
  return unknown(
    isCurrent
      ? `${listening}, and which of the sockets it was started with (fd://) these are, nothing tells; name unix:///run/docker.sock instead`
      : `${listening}, and its configuration file was changed after it began; restart it`,
  )
}

const unknown = (reason: string): ApiExposure => ({ kind: 'unknown', reason })

const lastOf = (given: readonly Given[], name: string): string | undefined =>
  given.findLast((each) => each.name === name)?.value

/** As Go's strconv.ParseBool. */
const isTrue = (value: string): boolean => /^(?:1|t|T|true|TRUE|True)$/.test(value)

/** The options of an argument list by their long names: a word that is another's value is none. */
const givenOptions = (argv: readonly string[]): readonly Given[] => {
  const given: Given[] = []
  for (let index = 1; index < argv.length; index++) {
    const word = argv[index] ?? ''
    const found = word.startsWith('--') ? longOption(word) : shortOption(word)
    if (found === undefined) continue
    if (found.value === undefined) index++
    given.push({ name: found.name, value: found.value ?? argv[index] ?? '' })
  }
  return given
}

/** `value` undefined: it is the next word. */
interface Option {
  readonly name: string
  readonly value: string | undefined
}

const longOption = (word: string): Option => {
  const equals = word.indexOf('=')
  if (equals > 0) return { name: word.slice(2, equals), value: word.slice(equals + 1) }
  const name = word.slice(2)
  return { name, value: switches.has(name) ? 'true' : undefined }
}

/** `-Hvalue`, `-H=value`, `-H` before its value, and switches in front in the same word (`-DH`). */
const shortOption = (word: string): Option | undefined => {
  if (!/^-[a-zA-Z]/.test(word)) return undefined
  for (let at = 1; at < word.length; at++) {
    const name = shortNames[word[at] ?? ''] ?? ''
    const rest = word.slice(at + 1)
    if (rest.startsWith('=')) return { name, value: rest.slice(1) }
    if (!switches.has(name)) return { name, value: rest === '' ? undefined : rest }
  }
  return undefined
}
