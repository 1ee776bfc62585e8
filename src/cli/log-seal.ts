/** `lintel log seal`: has a key vouch for the log as it stands, in a record of its own. */
import { encodeBase64url } from '../core/base64url.ts'
import type { LogSettings } from '../core/policy.ts'
import type { SealRecord } from '../core/record.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { AdministratorHost, LineLink, Signed } from '../host/administrator.ts'
import type { HostError } from '../host/host.ts'
import { rotatedNames } from '../log/log-files.ts'
import { printable } from '../log/printable.ts'
import { builtIn } from '../policy/built-in.ts'
import { loadPolicy } from '../policy/load.ts'
import { fileProblem } from '../runtime/load.ts'
import { writeRecord } from '../runtime/log.ts'
import { sealText } from '../trail/seal.ts'
import { keyId } from './log-keys.ts'
import { exitStatus, type Output } from './output.ts'

declare const LINTEL_VERSION: string

export interface SealOptions {
  /** File of the private key. */
  readonly key: string
  /** The log; undefined: the policy's own. */
  readonly log: string | undefined
  /** Where the seal is written; undefined: into the log. */
  readonly into: string | undefined
}

/** Seals the log. Returns 0, or 2 where that cannot be done. */
export const sealLog = (host: AdministratorHost, output: Output, options: SealOptions): number => {
  const sealed = seal(host, options)
  if (sealed.ok) output.print(sealed.value)
  else output.complain(sealed.error)
  return sealed.ok ? exitStatus.clean : exitStatus.usage
}

const seal = (host: AdministratorHost, options: SealOptions): Result<string, string> => {
  const settings = settingsOf(host)
  const log = options.log ?? settings.file
  const last = lastRecord(host, log)
  if (!last.ok) return last
  const { sequence, hash, time, host: writer } = last.value
  const sealed = { host: writer, sequence, hash, time }
  const now = host.clock().timestamp
  const signed = host.signWithKey(options.key, sealText({ sealed, time: now }))
  if (!signed.ok) return err(keyProblem(options.key, signed.error))
  const record = recordOf(host, { sealed, time: now, signed: signed.value })
  const file = options.into ?? log
  const problem = write(host, record, file === settings.file ? settings : file)
  return problem === undefined
    ? ok(
        printable(`${log}: record ${sequence} (${time}) and all before it are sealed with key ${record.key}`),
      )
    : err(problem)
}

const settingsOf = (host: AdministratorHost): LogSettings => {
  const loaded = loadPolicy(host, undefined)
  return loaded.ok ? loaded.value.policy.log : builtIn.log
}

/** The last whole record, of a file rotated a moment ago where the log has none yet. */
const lastRecord = (host: AdministratorHost, log: string): Result<LineLink, string> => {
  for (const file of rotatedNames(host, log).toReversed()) {
    const opened = host.openChain(file)
    if (!opened.ok) return err(fileProblem(file, opened.error))
    let last: LineLink | undefined
    for (;;) {
      const links = host.nextLinks(opened.value)
      if (!links.ok) return err(fileProblem(file, links.error))
      if (links.value.length === 0) break
      last = links.value.findLast(({ ended, sequence }) => ended && sequence > 0) ?? last
    }
    if (last !== undefined) return ok(last)
  }
  return err(`${log} holds no record yet: there is nothing to seal`)
}

const keyProblem = (path: string, error: HostError): string => {
  if (error.code === 'EPERM')
    return `${path} must belong to root or the caller, and nobody else may read it: chmod 600 it, or make a new key if others had it`
  if (error.code === 'EBADMSG')
    return `${path} holds no Ed25519 key that is not encrypted; make one: openssl genpkey -algorithm ed25519 -out KEY`
  return fileProblem(path, error)
}

const recordOf = (
  host: AdministratorHost,
  { sealed, time, signed }: Pick<SealRecord, 'sealed' | 'time'> & { readonly signed: Signed },
): SealRecord => ({
  version: 1,
  event: 'sealed',
  id: host.sha256(`${time} ${host.process.pid} sealed`).slice(0, 12),
  time,
  host: host.process.hostname,
  lintel: LINTEL_VERSION,
  sealed,
  key: keyId(host, signed.publicKey),
  signature: encodeBase64url(signed.signature),
})

/** The host's own log goes to syslog and journald as well. Returns what went wrong, in one line. */
const write = (
  host: AdministratorHost,
  record: SealRecord,
  place: LogSettings | string,
): string | undefined => {
  const { effectiveUid, initialUserNamespace } = host.process
  if (typeof place !== 'string' && effectiveUid === 0 && initialUserNamespace)
    return writeRecord(host, { ...place, required: true }, record)
  const file = typeof place === 'string' ? place : place.file
  const written = host.appendChained(file, JSON.stringify(record), 0o600)
  return written.ok ? undefined : `${file} cannot be written (${written.error.code})`
}
