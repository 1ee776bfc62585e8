/** Certificates for dockerd's TLS port, made by openssl(1). */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** Runs openssl; throws with its words where it fails. */
export const openssl = (...words: readonly string[]): void => {
  execFileSync('openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] })
}

export interface TlsFolderOptions {
  /** How long the server's certificate lasts. */
  readonly days?: number
  /** Lines of an extension file for the server's certificate. */
  readonly extensions?: string
  /** As `openssl genpkey` and `req -newkey` name it. */
  readonly algorithm?: string
  /** Folder whose authority signs; otherwise the folder gets one of its own. */
  readonly authority?: string
}

const servedNames = 'DNS:gateway.example,DNS:*.cops.example,IP:127.0.0.1,IP:::1'
const serverExtensions = `subjectAltName=${servedNames}\nextendedKeyUsage=serverAuth`

/** Makes the folder: ca.pem, ca-key.pem, and a key and certificate of each party asked for, `server` or `client`. */
export const writeTlsFolder = (folder: string, options: TlsFolderOptions = {}): void => {
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const { authority, algorithm = 'ec', days = 90, extensions = serverExtensions } = options
  if (authority === undefined) writeAuthority(folder, algorithm)
  else if (!existsSync(join(folder, 'ca.pem')))
    for (const file of ['ca.pem', 'ca-key.pem']) copyFileSync(join(authority, file), join(folder, file))
  writeCertificate(folder, 'server', { algorithm, days, extensions })
}

/** Makes a client's key and certificate, signed by the folder's authority: client-key.pem, client-cert.pem. */
export const writeClientCertificate = (folder: string): void =>
  writeCertificate(folder, 'client', { algorithm: 'ec', days: 90, extensions: 'extendedKeyUsage=clientAuth' })

const newKey = (algorithm: string): readonly string[] =>
  algorithm === 'ec'
    ? ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    : ['-newkey', algorithm, '-nodes']

const writeAuthority = (folder: string, algorithm: string): void => {
  const files = ['-keyout', join(folder, 'ca-key.pem'), '-out', join(folder, 'ca.pem')]
  openssl('req', '-x509', ...newKey(algorithm), '-days', '365', '-subj', '/CN=authority', ...files)
}

const writeCertificate = (
  folder: string,
  party: 'server' | 'client',
  { algorithm, days, extensions }: { algorithm: string; days: number; extensions: string },
): void => {
  const at = (name: string): string => join(folder, name)
  const [key, request, certificate] = [`${party}-key.pem`, `${party}.csr`, `${party}-cert.pem`].map(at)
  if (key === undefined || request === undefined || certificate === undefined) return
  if (existsSync(key)) chmodSync(key, 0o600)
  openssl(
    'req',
    ...newKey(algorithm),
    '-subj',
    `/CN=${party} of ${basename(folder)}`,
    '-keyout',
    key,
    '-out',
    request,
  )
  writeFileSync(at('extensions'), `${extensions}\n`)
  const signer = ['-CA', at('ca.pem'), '-CAkey', at('ca-key.pem'), '-set_serial', '2']
  const lasting = ['-days', String(days), '-extfile', at('extensions')]
  openssl('x509', '-req', '-in', request, ...signer, ...lasting, '-out', certificate)
  chmodSync(key, 0o400)
}
