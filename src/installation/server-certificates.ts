/** The certificates dockerd is to serve its API with: looked at before it is told, so that it is never left without. */
import { err, type Result } from '../core/result.ts'
import type { Host } from '../host/host.ts'
import { type Certificate, pemBytes, readCertificate, serverUse } from './certificate.ts'

const maxBytes = 1024 * 1024

/** Everything that is wrong with ca.pem, server-cert.pem and server-key.pem of a folder, one line each. */
export const certificateProblems = (host: Host, folder: string): readonly string[] => {
  const place = (name: string): string => `${folder.replace(/\/+$/, '')}/${name}`
  const [caPath, certificatePath, keyPath] = [
    place('ca.pem'),
    place('server-cert.pem'),
    place('server-key.pem'),
  ]
  const [ca, certificate] = [certificateIn(host, caPath), certificateIn(host, certificatePath)]
  const key = bytesIn(host, keyPath, 'PRIVATE KEY')
  const unread = [ca, certificate, key].flatMap((each) => (each.ok ? [] : [each.error]))
  if (!ca.ok || !certificate.ok || !key.ok) return unread
  const { modulus } = certificate.value
  const isOther = modulus !== undefined && !key.value.includes(modulus)
  return [
    ...keyPermissions(host, keyPath),
    ...[caPath, certificatePath].flatMap((path) => writable(host, path)),
    ...validity(host, caPath, ca.value),
    ...validity(host, certificatePath, certificate.value),
    ...serves(certificatePath, certificate.value),
    ...(certificate.value.issuer === ca.value.subject
      ? []
      : [`${certificatePath} was not issued by ${caPath}`]),
    ...(isOther ? [`${keyPath} is not the key of ${certificatePath}`] : []),
  ]
}

const bytesIn = (host: Host, path: string, label: string): Result<string, string> => {
  const text = host.readText(path, maxBytes, true)
  if (!text.ok) return err(`${path} cannot be read (${text.error.code}); it must be there for TLS`)
  const bytes = pemBytes(text.value, label)
  return bytes.ok ? bytes : err(`${path} ${bytes.error}`)
}

const certificateIn = (host: Host, path: string): Result<Certificate, string> => {
  const bytes = bytesIn(host, path, 'CERTIFICATE')
  const read = bytes.ok ? readCertificate(bytes.value) : bytes
  return read.ok || !bytes.ok ? read : err(`${path} ${read.error}`)
}

const keyPermissions = (host: Host, path: string): readonly string[] => {
  const stat = host.stat(path, true)
  if (!stat.ok) return []
  const { mode, uid } = stat.value
  if (uid !== 0) return [`${path} belongs to uid ${uid}; a server's key must be root's (chown root ${path})`]
  return (mode & 0o077) === 0
    ? []
    : [`${path} can be read by others than root (mode ${mode.toString(8)}); run chmod 0400 ${path}`]
}

const writable = (host: Host, path: string): readonly string[] => {
  const stat = host.stat(path, true)
  return stat.ok && (stat.value.mode & 0o022) !== 0
    ? [`${path} can be written by others (mode ${stat.value.mode.toString(8)}); run chmod go-w ${path}`]
    : []
}

const validity = (host: Host, path: string, { notBefore, notAfter }: Certificate): readonly string[] => {
  const now = `${host.clock().timestamp.slice(0, 19)}Z`
  if (now >= notAfter) return [`${path} expired at ${notAfter}`]
  return now < notBefore ? [`${path} is valid only from ${notBefore}`] : []
}

/** Clients go by the alternative names only (RFC 6125; Go's crypto/x509 ignores the common name). */
const serves = (path: string, { names, uses }: Certificate): readonly string[] => [
  ...(names.length > 0
    ? []
    : [
        `${path} names no host: no client would accept it; make it with subjectAltName = DNS:NAME,IP:ADDRESS`,
      ]),
  ...(uses === undefined || uses.includes(serverUse)
    ? []
    : [`${path} is not for servers; make it with extendedKeyUsage = serverAuth`]),
]

/** The names and addresses a server certificate is made out to; none where it cannot be read. */
export const servedNames = (host: Host, folder: string): readonly string[] => {
  const read = certificateIn(host, `${folder.replace(/\/+$/, '')}/server-cert.pem`)
  return read.ok ? read.value.names : []
}
