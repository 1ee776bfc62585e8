/** The folder of certificates that dockerd serves its TLS port with: what in it would break, or be no protection. Pure. */
import type { FileKind } from '../core/facts.ts'

/** `error`: dockerd would not start with it, no client could connect, or the key is not secret. */
export interface TlsFinding {
  readonly severity: 'error' | 'warning' | 'note'
  /** One line: what, where, what to do. */
  readonly message: string
}

/** A file as stat(2) sees it, links followed; or the errno. */
export type Looked = { readonly kind: FileKind; readonly mode: number; readonly uid: number } | string

/** When a certificate ends, and how near that is. */
export interface Validity {
  /** As openssl writes it: `Mar 31 12:00:00 2027 GMT`. */
  readonly ends: string
  readonly state: 'lasting' | 'ends-soon' | 'ended'
}

/** Number and words of what speaks against a chain (X509_STORE_CTX_get_error(3)). */
export interface ChainProblem {
  readonly number: number
  readonly words: string
}

/** What is known of a folder. */
export interface TlsFacts {
  readonly folder: string
  /** The folder, authority, certificate and key. */
  readonly files: readonly { readonly path: string; readonly looked: Looked }[]
  /** Undefined where openssl is missing or a file is. */
  readonly certificates: CertificateFacts | undefined
  readonly hasOpenssl: boolean
}

/** What openssl says of the certificates and the key. */
export interface CertificateFacts {
  /** Undefined where the file holds no certificate. */
  readonly authority: Validity | undefined
  readonly server: Validity | undefined
  readonly names: readonly string[]
  /** Those of the names asked for that are served. */
  readonly matching: readonly string[]
  /** Undefined where the key cannot be read. */
  readonly keyBelongs: boolean | undefined
  readonly chain: readonly ChainProblem[]
}

const tlsFiles = ['ca.pem', 'server-cert.pem', 'server-key.pem'] as const

/** Absolute paths of what a TLS folder holds. */
export interface TlsPaths {
  readonly authority: string
  readonly certificate: string
  readonly key: string
}

/** The files of a folder, by the names docker's documentation gives them. */
export const tlsPaths = (folder: string): TlsPaths => ({
  authority: `${folder}/${tlsFiles[0]}`,
  certificate: `${folder}/${tlsFiles[1]}`,
  key: `${folder}/${tlsFiles[2]}`,
})

const error = (message: string): TlsFinding => ({ severity: 'error', message })

/** What is to be said of a folder known so; `names`: host names and addresses clients may reach the host by. */
export const judgeTlsFolder = (facts: TlsFacts, names: readonly string[]): readonly TlsFinding[] => {
  const { folder, files, certificates, hasOpenssl } = facts
  const found = files.flatMap(({ path, looked }, index) => fileFindings(path, looked, index))
  if (!hasOpenssl)
    return [
      ...found,
      error(`no openssl on this host: the certificates in ${folder} cannot be checked; install it`),
    ]
  if (certificates === undefined) return found
  const paths = tlsPaths(folder)
  return [
    ...found,
    ...validityFindings(paths.authority, certificates.authority),
    ...validityFindings(paths.certificate, certificates.server),
    ...keyFindings(paths, certificates),
    ...(certificates.server === undefined ? [] : nameFindings(paths.certificate, certificates, names)),
  ]
}

const octal = (mode: number): string => `0${mode.toString(8).padStart(3, '0')}`

const fileFindings = (path: string, looked: Looked, index: number): readonly TlsFinding[] => {
  if (typeof looked === 'string')
    return [error(`${path} cannot be looked at (${looked}); put ${tlsFiles.join(', ')} into one folder`)]
  const { kind, mode, uid } = looked
  const isFolder = index === 0
  const isKey = path.endsWith(tlsFiles[2])
  if (kind !== (isFolder ? 'directory' : 'file'))
    return [error(`${path} is a ${kind}, not a ${isFolder ? 'directory' : 'file'}`)]
  const findings: TlsFinding[] = []
  if (uid !== 0) findings.push(error(`${path} belongs to uid ${uid}, not to root; chown root ${path}`))
  if (isKey && (mode & 0o177) !== 0)
    findings.push(error(`${path} has mode ${octal(mode)}, the key is root's alone; chmod 0400 ${path}`))
  else if ((mode & 0o022) !== 0)
    findings.push(error(`${path} has mode ${octal(mode)}, others can write it; chmod go-w ${path}`))
  return findings
}

const validityFindings = (path: string, validity: Validity | undefined): readonly TlsFinding[] => {
  if (validity === undefined) return [error(`${path} holds no certificate that openssl reads (PEM)`)]
  const { ends, state } = validity
  if (state === 'ended') return [error(`the certificate ${path} ended on ${ends}; renew it`)]
  if (state === 'lasting') return []
  return [
    { severity: 'warning', message: `the certificate ${path} ends on ${ends}, in under 30 days; renew it` },
  ]
}

/** X509_V_ERR_INVALID_PURPOSE. */
const notForServers = 26

const keyFindings = (paths: TlsPaths, facts: CertificateFacts): readonly TlsFinding[] => {
  const { authority, certificate, key } = paths
  const findings: TlsFinding[] = []
  if (facts.keyBelongs === undefined)
    findings.push(error(`${key} is no private key that can be read without a passphrase, as dockerd has to`))
  if (facts.keyBelongs === false && facts.server !== undefined)
    findings.push(error(`${key} is not the key of ${certificate}`))
  if (facts.server === undefined || facts.authority === undefined) return findings
  for (const { number, words } of facts.chain) {
    findings.push(
      error(
        number === notForServers
          ? `${certificate} is not for servers; its extended key usage must be serverAuth or absent, and ${authority} an authority's`
          : `${certificate} is not proven by ${authority}: ${words}`,
      ),
    )
  }
  return findings
}

const nameFindings = (
  path: string,
  { names: served, matching }: CertificateFacts,
  names: readonly string[],
): readonly TlsFinding[] => {
  if (served.length === 0)
    return [error(`${path} names no host (subject alternative name), so no docker client accepts it`)]
  const list = served.join(', ')
  if (matching.length > 0 || names.length === 0) {
    return [{ severity: 'note', message: `${path} serves clients that connect by ${list}` }]
  }
  const message = `${path} is for ${list}, not for this host's ${names.join(', ')}; clients must connect by one of the first`
  return [{ severity: 'warning', message }]
}
