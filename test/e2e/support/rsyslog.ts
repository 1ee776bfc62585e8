/** rsyslogd on both ends: the snippets of install/rsyslog with this test's paths and ports, on the loopback. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { writeTlsFolder } from '../../support/certificates.ts'

export type Way = 'relp' | 'tls' | 'tcp'

/** A daemon that is started and ended as often as a test likes. */
export interface Daemon {
  readonly configuration: string
  start(): Promise<void>
  /** Kills it, as lintel-forward.service does. */
  kill(): Promise<void>
  /** Asks it to end, as systemd does where nothing else is said. */
  stop(): Promise<void>
  /** What it said of itself. */
  said(): string
}

/** A host's end. */
export interface Sender extends Daemon {
  /** What the host calls itself. */
  readonly host: string
  /** The log it sends. */
  readonly log: string
  /** The file the aggregator has of it, of decisions or of containers. */
  readonly copy: string
  /** The lines in there. */
  received(): readonly string[]
}

export interface Forwarding {
  readonly senders: readonly [Sender, ...Sender[]]
  readonly aggregator: Daemon
  /** The folder of all hosts' files there. */
  readonly received: string
  /** Sends bytes to the aggregator's plain TCP port, as anybody could. */
  send(bytes: string): Promise<void>
  close(): Promise<void>
}

const snippets = fileURLToPath(new URL('../../../install/rsyslog/', import.meta.url))

/** Replaces what must be there; throws where it is not, since then the test would test something else. */
const replaced = (text: string, changes: readonly (readonly [string, string])[]): string =>
  changes.reduce((changed, [from, to]) => {
    if (!changed.includes(from)) throw new Error(`the snippet does not hold ${from}`)
    return changed.replaceAll(from, to)
  }, text)

/** Where both ends are. */
interface Place {
  readonly folder: string
  readonly network: Network
}

/** A network of its own: a loopback with Ethernet's frames, in which every port is free. */
interface Network {
  readonly pid: number
  close(): void
}

const openNetwork = async (): Promise<Network> => {
  const script = 'ip link set lo mtu 1500 up && echo up && exec sleep infinity'
  const holder = spawn('unshare', ['-n', 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = await once(holder.stdout, 'data')
  if (holder.pid === undefined || String(said) !== 'up\n') throw new Error(`no network: ${said}`)
  return { pid: holder.pid, close: () => holder.kill('SIGKILL') }
}

const daemon = ({ folder, network }: Place, name: string, text: string): Daemon => {
  const own = join(folder, `${name}.said`)
  const configuration = join(folder, `${name}.conf`)
  const work = join(folder, `${name}.work`)
  mkdirSync(work)
  const placed = text.replaceAll(/\/var\/lib\/rsyslog\/[a-z-]+/g, work)
  // A configuration in which nothing takes messages of its own is none.
  writeFileSync(configuration, `${placed}\naction(type="omfile" file="${own}")\n`)
  let running: ChildProcess | undefined
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const child = running
    running = undefined
    if (child === undefined || child.exitCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await ended
    rmSync(join(folder, `${name}.pid`), { force: true })
  }
  return {
    configuration,
    start: async () => {
      const arguments_ = ['-n', '-f', configuration, '-i', join(folder, `${name}.pid`)]
      const inside = ['-t', String(network.pid), '-n', 'rsyslogd', ...arguments_]
      running = spawn('nsenter', inside, { stdio: ['ignore', 'ignore', openSync(own, 'a')] })
      for (let tries = 0; !existsSync(join(folder, `${name}.pid`)); tries += 1) {
        if (tries > 600 || running.exitCode !== null) throw new Error(`rsyslogd does not start: ${text}`)
        await sleep(50)
      }
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    said: () => (existsSync(own) ? readFileSync(own, 'utf8') : ''),
  }
}

export interface ForwardingOptions {
  /** Names of the hosts that send; one where none is told. */
  readonly hosts?: readonly [string, ...string[]]
  /** The log that is sent; one of its own where none is told. */
  readonly log?: string
  /** What the aggregator is told lintel's executable is; the one built where none is told. */
  readonly lintel?: string
  /** Name in the aggregator's certificate. */
  readonly aggregatorName?: string
  /** The aggregator's certificate is signed by an authority the host does not know. */
  readonly foreignAuthority?: true
  /** Forwards what the containers of this Docker folder write instead (by TLS). */
  readonly containers?: string
}

const lintel = fileURLToPath(new URL('../../../dist/lintel', import.meta.url))

/** Lays out both ends; nothing runs yet. */
export const openForwarding = async (way: Way, options: ForwardingOptions = {}): Promise<Forwarding> => {
  const folder = mkdtempSync(join(tmpdir(), 'lintel-rsyslog-'))
  const place = { folder, network: await openNetwork() }
  mkdirSync(join(folder, 'hosts'))
  writeCertificates(folder, options)
  const aggregatorText = replaced(readFileSync(join(snippets, 'aggregator.conf'), 'utf8'), [
    ['/etc/lintel/log/', join(folder, 'aggregator/')],
    ['/var/log/hosts', join(folder, 'hosts')],
    ['/usr/bin/lintel', options.lintel ?? lintel],
  ])
  const aggregator = daemon(place, 'aggregator', aggregatorText)
  const [first, ...further] = options.hosts ?? ['host']
  const sender = (host: string): Sender => senderOf({ ...place, way }, host, options)
  const senders = [sender(first), ...further.map(sender)] as const
  return {
    senders,
    aggregator,
    received: join(folder, 'hosts'),
    send: async (bytes) => {
      const inside = [
        '-t',
        String(place.network.pid),
        '-n',
        'bash',
        '-c',
        'exec cat > /dev/tcp/127.0.0.1/514',
      ]
      await execa('nsenter', inside, { input: bytes })
    },
    close: async () => {
      await Promise.all([aggregator, ...senders].map((each) => each.kill()))
      place.network.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const senderOf = (
  { way, ...place }: Place & { readonly way: Way },
  host: string,
  { containers, log = join(place.folder, `${host}.jsonl`) }: ForwardingOptions,
): Sender => {
  const { folder } = place
  const [snippet, source, read] =
    containers === undefined
      ? ([`lintel-${way}.conf`, '/var/log/lintel/decisions.jsonl', log] as const)
      : (['../docker-logs/forward.conf', '/var/lib/docker', containers] as const)
  const text = replaced(readFileSync(join(snippets, snippet), 'utf8'), [
    [source, read],
    ['global(', `global(localHostname="${host}" `],
    ['target="aggregator.example"', 'target="127.0.0.1"'],
    ['action.resumeInterval="5"', 'action.resumeInterval="1"'],
    ...(way === 'tcp' ? [] : ([['/etc/lintel/log/', join(folder, 'host/')]] as const)),
  ])
  const kind = containers === undefined ? 'decisions' : 'containers'
  const copy = join(folder, 'hosts', host, `${kind}.jsonl`)
  const received = () => (existsSync(copy) ? readFileSync(copy, 'utf8').split('\n').slice(0, -1) : [])
  return { ...daemon(place, host, text), host, log, copy, received }
}

/** host/ and aggregator/ as the snippets name their files. */
const writeCertificates = (folder: string, options: ForwardingOptions): void => {
  const { aggregatorName = 'aggregator.example', foreignAuthority } = options
  const names = { host: 'one.hosts.example', aggregator: aggregatorName }
  const authority = join(folder, 'authority')
  writeTlsFolder(authority)
  for (const [party, name] of Object.entries(names)) {
    const made = join(folder, party)
    const isForeign = foreignAuthority === true && party === 'aggregator'
    const extensions = `subjectAltName=DNS:${name}\nextendedKeyUsage=serverAuth,clientAuth`
    writeTlsFolder(made, isForeign ? { extensions } : { extensions, authority })
    for (const [from, to] of [
      ['server-cert.pem', 'cert.pem'],
      ['server-key.pem', 'key.pem'],
    ] as const)
      writeFileSync(join(made, to), readFileSync(join(made, from)), { mode: 0o600 })
  }
}
