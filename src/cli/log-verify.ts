/** `lintel log verify`: is the chain of the decision log unbroken, and if not, which record is concerned. */
import { err, ok, type Result } from '../core/result.ts'
import type { AdministratorHost, LineLink } from '../host/administrator.ts'
import { rotatedNames } from '../log/log-files.ts'
import { printable } from '../log/printable.ts'
import { builtIn } from '../policy/built-in.ts'
import { loadPolicy } from '../policy/load.ts'
import { fileProblem } from '../runtime/load.ts'
import type { ChainHead, Fault, Walked } from '../trail/chain.ts'
import { ChainWalk } from '../trail/chain-walk.ts'
import { type Sealing, type SealLine, SealWalk } from '../trail/seal-walk.ts'
import { sealJudge } from './log-keys.ts'
import { exitStatus, type Output } from './output.ts'

export interface VerifyOptions {
  /** Log files, in any order; none: the policy's own and what was rotated. */
  readonly files: readonly string[]
  /** The files are copies that an aggregator received: a record may stand twice. */
  readonly received: boolean
  readonly json: boolean
  /** Files of public keys that seals are judged with; none: they are only counted. */
  readonly publicKeys: readonly string[]
  /** Files that hold seals of this log beside it. */
  readonly seals: readonly string[]
}

/** Walks the logs. Returns 0 where the chain holds, 1 where it does not, 2 where a file cannot be read. */
export const verifyLog = (host: AdministratorHost, output: Output, options: VerifyOptions): number => {
  const seals = sealWalk(host, options)
  if (!seals.ok) return complain(output, seals.error)
  // `LOG*` in a shell names the head as well.
  const chosen = options.files.filter((file) => !file.endsWith('.head'))
  const named = chosen.length > 0 ? chosen : [policyLog(host)]
  // Before the records: what is written meanwhile lies after it.
  const head = headOf(host, named)
  const logs = chosen.length > 0 ? openAll(host, named) : openOwn(host, policyLog(host))
  if (!logs.ok) return complain(output, logs.error)
  const files = logs.value.toSorted((one, other) => one.begin - other.begin)
  const names = files.map(({ file }) => file)
  const walk = new ChainWalk({ received: options.received })
  for (const file of files) {
    const problem = walkFile(host, file, (line) => {
      walk.add(line)
      seals.value.add(line)
    })
    if (problem !== undefined) return complain(output, problem)
  }
  const again = seals.value.isUnsure ? meetAgain(host, names, seals.value) : undefined
  if (again !== undefined) return complain(output, again)
  const found: Found = { head, walked: walk.end(head), sealing: seals.value.end() }
  if (options.json) output.print(JSON.stringify(asJson(names, found), undefined, 2))
  else print(output, names, found)
  return faultsOf(found).length === 0 ? exitStatus.clean : exitStatus.findings
}

/** Reads the logs once more, for seals of records from long before them. Returns a problem in one line, or undefined. */
const meetAgain = (
  host: AdministratorHost,
  names: readonly string[],
  seals: SealWalk,
): string | undefined => {
  const logs = openAll(host, names)
  if (!logs.ok) return logs.error
  for (const file of logs.value) {
    const problem = walkFile(host, file, (line) => seals.addAgain(line))
    if (problem !== undefined) return problem
  }
  return undefined
}

interface Found {
  readonly head: ChainHead | undefined
  readonly walked: Walked
  readonly sealing: Sealing
}

const faultsOf = ({ walked, sealing }: Found): readonly Fault[] => [...walked.faults, ...sealing.faults]

/** Begins with the seals that lie beside the log. */
const sealWalk = (
  host: AdministratorHost,
  { publicKeys, seals: files }: VerifyOptions,
): Result<SealWalk, string> => {
  if (publicKeys.length === 0)
    return files.length === 0 ? ok(new SealWalk(undefined)) : err('--seals needs --public-key')
  const judge = sealJudge(host, publicKeys)
  if (!judge.ok) return judge
  const seals = new SealWalk(judge.value)
  const opened = openAll(host, files)
  if (!opened.ok) return opened
  for (const file of opened.value) {
    const problem = walkFile(host, file, (line) => seals.addSeal(line))
    if (problem !== undefined) return err(problem)
  }
  return ok(seals)
}

const complain = (output: Output, problem: string): number => {
  // Files may be named as a sender called itself.
  output.complain(printable(problem))
  return exitStatus.usage
}

const policyLog = (host: AdministratorHost): string => {
  const loaded = loadPolicy(host, undefined)
  return (loaded.ok ? loaded.value.policy.log : builtIn.log).file
}

/** An opened log: it may be renamed now. */
interface OpenedLog {
  readonly file: string
  readonly handle: number
  /** The lines read already. */
  readonly links: readonly LineLink[]
  /** Number of its first record; 0 for a log older than the chain, infinite for one just begun. */
  readonly begin: number
}

const openAll = (host: AdministratorHost, files: readonly string[]): Result<readonly OpenedLog[], string> => {
  const logs: OpenedLog[] = []
  for (const file of files) {
    const opened = host.openChain(file)
    if (!opened.ok) return err(fileProblem(file, opened.error))
    const links = host.nextLinks(opened.value)
    if (!links.ok) return err(fileProblem(file, links.error))
    const first = links.value.find(({ sequence }) => sequence > 0)?.sequence
    // Without a record: empty or cut short in its first line it was begun a moment ago; else it is from before the chain.
    const isNew = links.value.every(({ ended }) => !ended)
    const begin = first ?? (isNew ? Number.POSITIVE_INFINITY : 0)
    logs.push({ file, handle: opened.value, links: links.value, begin })
  }
  return ok(logs)
}

/** The log and what was rotated, none of them missed because it was renamed meanwhile. */
const openOwn = (host: AdministratorHost, log: string): Result<readonly OpenedLog[], string> => {
  for (let attempt = 0; ; attempt += 1) {
    const names = rotatedNames(host, log)
    const logs = openAll(host, names)
    if (attempt === 5 || names.join('\n') === rotatedNames(host, log).join('\n')) return logs
  }
}

/** Returns a problem in one line, or undefined. */
const walkFile = (
  host: AdministratorHost,
  { file, handle, links }: OpenedLog,
  take: (line: SealLine) => void,
): string | undefined => {
  let line = 0
  let next = links
  while (next.length > 0) {
    for (const link of next) {
      line += 1
      take({ ...link, file, line })
    }
    const read = host.nextLinks(handle)
    if (!read.ok) return fileProblem(file, read.error)
    next = read.value
  }
  return undefined
}

/** The head beside any of the files; the latest, should there be several. */
const headOf = (host: AdministratorHost, files: readonly string[]): ChainHead | undefined => {
  const heads = files.flatMap((file): readonly ChainHead[] => {
    const text = host.readText(`${file}.head`, 4096, true)
    const [, sequence, hash] = (text.ok && headText.exec(text.value)) || []
    return sequence === undefined || hash === undefined ? [] : [{ sequence: Number(sequence), hash }]
  })
  return heads.toSorted((one, other) => other.sequence - one.sequence)[0]
}

const headText = /^sequence (\d{20})\nhash ([0-9a-f]{64})\n/

const asJson = (files: readonly string[], { head, walked, sealing }: Found) => {
  const { records, notes } = walked
  const [first, last] = [walked.first, walked.last].map(
    (line) => line && { sequence: line.sequence, time: line.time, hash: line.hash },
  )
  const faults = [...walked.faults, ...sealing.faults]
  const unlisted = walked.unlisted + sealing.unlisted
  const seals = { found: sealing.seals, judged: sealing.isJudged, older: sealing.older, last: sealing.last }
  return { unbroken: faults.length === 0, files, records, first, last, head, seals, faults, unlisted, notes }
}

const print = (output: Output, files: readonly string[], found: Found): void => {
  const { records, first, last, notes } = found.walked
  const faults = faultsOf(found)
  const unlisted = found.walked.unlisted + found.sealing.unlisted
  for (const { file, line, message } of notes) output.print(printable(`${file}:${line}: note: ${message}`))
  for (const fault of faults) output.print(faultText(output, fault))
  if (unlisted > 0) output.print(`${unlisted} more faults are not listed`)
  if (found.head === undefined)
    output.print('note: there is no head beside the log: that its end is missing would not show')
  for (const text of sealWords(found.sealing)) output.print(printable(text))
  if (found.sealing.last === undefined)
    output.print('note: that all of it, head and all, was put back to an older state would not show here')
  const span =
    first === undefined || last === undefined
      ? 'no records'
      : `${records} records in ${files.length} ${files.length === 1 ? 'file' : 'files'}, ${first.sequence} (${first.time}) to ${last.sequence} (${last.time})`
  output.print(
    faults.length === 0
      ? `${span}: the chain is unbroken`
      : output.red(`${span}: the chain is broken in ${faults.length + unlisted} places`),
  )
}

const sealWords = ({ seals, isJudged, older, last }: Sealing): readonly string[] => {
  if (!isJudged) return seals === 0 ? [] : [`note: ${seals} seals, not judged: give --public-key`]
  const before = older === 0 ? [] : [`note: ${older} seals are of records before the first one here`]
  if (last === undefined) return [...before, 'note: no record here is sealed by a key given']
  const { sealed, time, key } = last
  return [...before, `sealed up to record ${sealed.sequence} (${sealed.time}), at ${time} with key ${key}`]
}

const faultText = (output: Output, { kind, file, line, time, sequences, message }: Fault): string => {
  const [from, to] = sequences ?? []
  const records = from === undefined ? '' : from === to ? ` record ${from}` : ` records ${from} to ${to}`
  const at = time === '' ? '' : ` (at ${printable(time)})`
  return `${printable(file)}:${line}: ${output.bold(kind)}${records}${at}: ${printable(message)}`
}
