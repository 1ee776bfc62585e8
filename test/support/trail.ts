/** A decision log as many real calls write it, and what `lintel log verify` says of it. */
import { createHash } from 'node:crypto'
import type { LogLine } from '../../src/core/record.ts'
import type { Fault, Note } from '../../src/trail/chain.ts'
import type { Seal } from '../../src/trail/seal.ts'
import { configWith, guardedCalls } from './calls.ts'
import { decisionLog, policyFile, type Shim } from './shim.ts'

/** What `lintel log verify --json` prints. */
export interface Verified {
  readonly status: number
  readonly stderr: string
  readonly unbroken: boolean
  readonly records: number
  readonly faults: readonly Fault[]
  readonly notes: readonly Note[]
  readonly seals: { readonly found: number; readonly older: number; readonly last?: Seal }
}

/** Verifies these logs, or the host's own. */
export const verify = async (
  shim: Shim,
  files: readonly string[] = [],
  words: readonly string[] = [],
): Promise<Verified> => {
  const { exitCode, stdout, stderr } = await shim.host.run(`${shim.host.workspace}/lintel`, [
    'log',
    'verify',
    '--json',
    ...words,
    ...files,
  ])
  const said =
    stdout === ''
      ? { unbroken: false, records: 0, faults: [], notes: [], seals: { found: 0, older: 0 } }
      : JSON.parse(stdout)
  return { ...said, status: exitCode, stderr }
}

/** A policy under which calls end at once. */
export const quickPolicy = (shim: Shim, text = ''): void =>
  shim.write(policyFile, `version = 1\nruntime.path = ["/bin/true"]\n${text}`)

let deciding = 0

/** Makes so many decisions, one after another, of a bundle of its own: others may decide at the same time. */
export const decide = async (shim: Shim, count: number): Promise<void> => {
  deciding += 1
  const bundle = shim.bundle(`decided-${deciding}`, configWith() as object)
  const words = guardedCalls.create(bundle, 'c$i').join(' ')
  await shim.shell(`i=0; while [ $i -lt ${count} ]; do ${shim.host.runtime} ${words}; i=$((i+1)); done`)
}

/** As logrotate does it with `create`. */
export const rotate = (shim: Shim, name: string): Promise<string> =>
  shim.shell(`mv ${decisionLog} ${decisionLog}${name}; : > ${decisionLog}; chmod 600 ${decisionLog}`)

/** SHA-256 of a line, as the next one names it. */
export const hashOf = (line: string): string => createHash('sha256').update(line).digest('hex')

/** The line as a record. */
export const linked = (line: string): LogLine => JSON.parse(line)

/** Kinds and numbers of what was found. */
export const found = ({ faults }: Verified): readonly string[] =>
  faults.map(({ kind, sequences: [from, to] = [0, 0] }) => `${kind} ${from === to ? from : `${from}-${to}`}`)

/** The lines as a forger would chain them, after one of this hash. */
export const relinked = (lines: readonly string[], before: string): readonly string[] => {
  let previous = before
  return lines.map((line) => {
    const forged = line.replace(/"previous":"[0-9a-f]*"\}$/, `"previous":"${previous}"}`)
    previous = hashOf(forged)
    return forged
  })
}
