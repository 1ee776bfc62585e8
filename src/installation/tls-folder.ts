/** Looks at the folder of certificates that `lintel install docker --tls` is given. */
import {
  type CertificateFacts,
  judgeTlsFolder,
  type TlsFacts,
  type TlsFinding,
  type TlsPaths,
  tlsPaths,
} from '../registration/tls-folder.ts'
import {
  chainProblems,
  findOpenssl,
  isKeyOf,
  type Openssl,
  servedNames,
  serves,
  type TlsHost,
  validityOf,
} from './openssl.ts'

/**
 * Checks the folder for `lintel install docker --tls`: ca.pem, server-cert.pem and server-key.pem (Docker's "Protect
 * the Docker daemon socket"). `names`: the host names and IP addresses clients may reach the host by. The certificates
 * are read and verified by the host's openssl; without one that is an error, as nothing could be said of them.
 */
export const checkTlsFolder = (
  host: TlsHost,
  folder: string,
  names: readonly string[],
): readonly TlsFinding[] => judgeTlsFolder(factsOf(host, folder, names), names)

const factsOf = (host: TlsHost, folder: string, names: readonly string[]): TlsFacts => {
  const paths = tlsPaths(folder)
  const files = [folder, paths.authority, paths.certificate, paths.key].map((path) => {
    const found = host.stat(path, true)
    return { path, looked: found.ok ? found.value : found.error.code }
  })
  const openssl = findOpenssl(host)
  const missing = files.some(({ looked }) => typeof looked === 'string')
  const certificates = openssl === undefined || missing ? undefined : certificateFacts(openssl, paths, names)
  return { folder, files, hasOpenssl: openssl !== undefined, certificates }
}

const certificateFacts = (
  openssl: Openssl,
  { authority, certificate, key }: TlsPaths,
  names: readonly string[],
): CertificateFacts => ({
  authority: validityOf(openssl, authority),
  server: validityOf(openssl, certificate),
  names: servedNames(openssl, certificate),
  matching: names.filter((name) => serves(openssl, certificate, name)),
  keyBelongs: isKeyOf(openssl, key, certificate),
  chain: chainProblems(openssl, authority, certificate),
})
