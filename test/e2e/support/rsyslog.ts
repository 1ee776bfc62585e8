/** rsyslogd on both ends: the snippets of install/rsyslog with this test's paths and ports, on the loopback. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { writeTlsFolder } from '../../support/certificates.ts'

export type Way = 'relp' | 'tls' | 'tcp'

/** A daemon that is started and ended as often as a test likes. */
export interface Daemon {
  readonly configuration: string
  start(): Promise<void>
  /** Kills it, as lintel-forward.service does. */
  end(): Promise<void>
  /** What it said of itself. */
  said(): string
}

export interface Forwarding {
  readonly folder: string
  /** The log on the host. */
  readonly log: string
  readonly sender: Daemon
  readonly aggregator: Daemon
  /** Lines the aggregator has written for this host, of decisions or of containers. */
  received(file?: 'decisions' | 'containers'): readonly string[]
  /** Waits until that many have come; throws after a while. */
  arrived(count: number, file?: 'decisions' | 'containers'): Promise<readonly string[]>
  close(): Promise<void>
}

const snippets = fileURLToPath(new URL('../../../install/rsyslog/', import.meta.url))

/** Replaces what must be there; throws where it is not, since then the test would test something else. */
const replaced = (text: string, changes: readonly (readonly [string, string])[]): string =>
  changes.reduce((changed, [from, to]) => {
    if (!changed.includes(from)) throw new Error(`the snippet does not hold ${from}`)
    return changed.replaceAll(from, to)
  }, text)

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

const daemon = (folder: string, name: string, text: string): Daemon => {
  const own = join(folder, `${name}.said`)
  const configuration = join(folder, `${name}.conf`)
  const work = join(folder, `${name}.work`)
  mkdirSync(work)
  const placed = text.replaceAll(/\/var\/lib\/rsyslog\/[a-z-]+/g, work)
  // A configuration in which nothing takes messages of its own is none.
  writeFileSync(configuration, `${placed}\naction(type="omfile" file="${own}")\n`)
  let running: ChildProcess | undefined
  return {
    configuration,
    start: async () => {
      const arguments_ = ['-n', '-f', configuration, '-i', join(folder, `${name}.pid`)]
      running = spawn('rsyslogd', arguments_, { stdio: ['ignore', 'ignore', openSync(own, 'a')] })
      for (let tries = 0; !existsSync(join(folder, `${name}.pid`)); tries += 1) {
        if (tries > 600 || running.exitCode !== null) throw new Error(`rsyslogd does not start: ${text}`)
        await sleep(50)
      }
    },
    end: async () => {
      const child = running
      running = undefined
      if (child === undefined || child.exitCode !== null) return
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
      rmSync(join(folder, `${name}.pid`), { force: true })
    },
    said: () => (existsSync(own) ? readFileSync(own, 'utf8') : ''),
  }
}

export interface ForwardingOptions {
  /** Name in the aggregator's certificate. */
  readonly aggregatorName?: string
  /** The aggregator's certificate is signed by an authority the host does not know. */
  readonly foreignAuthority?: true
  /** Forwards what the containers of this Docker folder write instead (by TLS). */
  readonly containers?: string
}

const wirePorts = { relp: '2514', tls: '6514', tcp: '514' } as const

/** Lays out both ends; nothing runs yet. */
export const openForwarding = async (way: Way, options: ForwardingOptions = {}): Promise<Forwarding> => {
  const folder = mkdtempSync(join(tmpdir(), 'lintel-rsyslog-'))
  const log = join(folder, 'decisions.jsonl')
  const port = await freePort()
  writeCertificates(folder, options)
  const [snippet, source, place] =
    options.containers === undefined
      ? ([`lintel-${way}.conf`, '/var/log/lintel/decisions.jsonl', log] as const)
      : (['../docker-logs/forward.conf', '/var/lib/docker', options.containers] as const)
  const senderText = replaced(readFileSync(join(snippets, snippet), 'utf8'), [
    [source, place],
    ['target="aggregator.example"', 'target="127.0.0.1"'],
    [`port="${wirePorts[way]}"`, `port="${port}"`],
    ['action.resumeInterval="5"', 'action.resumeInterval="1"'],
    ...(way === 'tcp' ? [] : ([['/etc/lintel/log/', join(folder, 'host/')]] as const)),
  ])
  const others = await Promise.all([freePort(), freePort(), freePort()])
  const listeners = (['relp', 'tls', 'tcp'] as const).map(
    (each, index) => [`port="${wirePorts[each]}"`, `port="${each === way ? port : others[index]}"`] as const,
  )
  const aggregatorText = replaced(readFileSync(join(snippets, 'aggregator.conf'), 'utf8'), [
    ...listeners,
    ['/etc/lintel/log/', join(folder, 'aggregator/')],
    ['/var/log/hosts/', join(folder, 'hosts/')],
  ])
  const sender = daemon(folder, 'sender', senderText)
  const aggregator = daemon(folder, 'aggregator', aggregatorText)
  const received: Forwarding['received'] = (file = 'decisions') => {
    const path = join(folder, 'hosts', hostname(), `${file}.jsonl`)
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
  }
  return {
    folder,
    log,
    sender,
    aggregator,
    received,
    arrived: async (count, file) => {
      for (let tries = 0; tries < 300; tries += 1) {
        const lines = received(file)
        if (lines.length >= count) return lines
        await sleep(100)
      }
      throw new Error(
        `${received(file).length} of ${count} arrived; sender: ${sender.said()} aggregator: ${aggregator.said()}`,
      )
    },
    close: async () => {
      await Promise.all([sender.end(), aggregator.end()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
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
