/** What openssl(1) of the host says of certificates and keys; the words of 1.0.2 (CentOS 7) to 3.x. */
import type { Host } from '../host/host.ts'
import type { ChainProblem, Validity } from '../registration/tls-folder.ts'

/** What of the host a TLS folder is looked at by. */
export type TlsHost = Pick<Host, 'stat' | 'spawn'>

/** What one run of openssl said. `status` undefined: it did not run to its end. */
export interface Answer {
  readonly status: number | undefined
  /** Both streams. */
  readonly text: string
}

/** Runs openssl with these arguments. */
export type Openssl = (...words: readonly string[]) => Answer

const places = ['/usr/bin/openssl', '/bin/openssl', '/usr/local/bin/openssl'] as const
const limitMilliseconds = 10_000
/** No authority of the system's, and no other language, may come into the answer. */
const environment = ['SSL_CERT_FILE=/dev/null', 'SSL_CERT_DIR=/dev/null', 'LC_ALL=C'] as const

/** The host's openssl; undefined where there is none in a system folder. It asks for no passphrase. */
export const findOpenssl = (host: TlsHost): Openssl | undefined => {
  const program = places.find((path) => {
    const found = host.stat(path, true)
    return found.ok && found.value.kind === 'file'
  })
  if (program === undefined) return undefined
  return (...words) => {
    const ran = host.spawn(['/usr/bin/env', ...environment, program, ...words], '', limitMilliseconds)
    if (!ran.ok) return { status: undefined, text: `${ran.error.syscall}: ${ran.error.code}` }
    const { status, stdout, stderr, timedOut } = ran.value
    return { status: timedOut ? undefined : status, text: `${stdout}\n${stderr}` }
  }
}

const soonSeconds = 30 * 24 * 60 * 60

/** When the certificate of a PEM file ends; undefined where the file holds none. */
export const validityOf = (openssl: Openssl, file: string): Validity | undefined => {
  const within = (seconds: number): Answer =>
    openssl('x509', '-in', file, '-noout', '-enddate', '-checkend', String(seconds))
  const soon = within(soonSeconds)
  const ends = /^notAfter=(.+)$/m.exec(soon.text)?.[1]
  if (ends === undefined) return undefined
  const state = soon.status === 0 ? 'lasting' : within(0).status === 0 ? 'ends-soon' : 'ended'
  return { ends, state }
}

/**
 * Names and addresses of the subject alternative name, as clients are served by them, e.g. `["host.example",
 * "192.0.2.1"]`. The common name counts for nothing (Go 1.15 and later, so every docker client).
 */
export const servedNames = (openssl: Openssl, file: string): readonly string[] => {
  const { text } = openssl('x509', '-in', file, '-noout', '-text')
  const line = /X509v3 Subject Alternative Name:[^\n]*\n([^\n]*)/.exec(text)?.[1] ?? ''
  return line
    .split(',')
    .map((each) => /^\s*(?:DNS|IP Address):(.+)$/.exec(each)?.[1]?.trim())
    .filter((name) => name !== undefined)
}

/** Whether a client that connects by this name or address takes the certificate to be of this host. */
export const serves = (openssl: Openssl, file: string, name: string): boolean => {
  const option = /^[\d.]+$|:/.test(name) ? '-checkip' : '-checkhost'
  return /\bdoes match certificate/.test(openssl('x509', '-in', file, '-noout', option, name).text)
}

/** Whether a private key is the one of the certificate; undefined where the key cannot be read without a passphrase. */
export const isKeyOf = (openssl: Openssl, key: string, certificate: string): boolean | undefined => {
  const publicKey = (answer: Answer): string | undefined =>
    /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/.exec(answer.text)?.[0]
  const ofKey = publicKey(openssl('pkey', '-in', key, '-passin', 'pass:', '-pubout'))
  if (ofKey === undefined) return undefined
  return ofKey === publicKey(openssl('x509', '-in', certificate, '-noout', '-pubkey'))
}

/** What speaks against the certificate as a server's, signed by this authority; only that it has ended is left out. */
export const chainProblems = (
  openssl: Openssl,
  authority: string,
  certificate: string,
): readonly ChainProblem[] => {
  // What follows the certificate in its file is served with it, and may lead to the authority.
  const chain = ['-CAfile', authority, '-untrusted', certificate]
  const { status, text } = openssl('verify', '-purpose', 'sslserver', ...chain, certificate)
  const ended = 10
  const told = [...text.matchAll(/^error (\d+) at \d+ depth lookup: ?(.+)$/gm)].map(([, number, words]) => ({
    number: Number(number),
    words: words ?? '',
  }))
  // Some versions say OK, and some end with 0, though they have told a problem.
  if (told.length === 0 && !(status === 0 && text.includes(`${certificate}: OK`)))
    return [{ number: 0, words: text.trim().split('\n')[0] ?? '' }]
  return told.filter(({ number }) => number !== ended)
}
