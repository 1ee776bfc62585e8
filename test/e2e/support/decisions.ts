/** Policy in, decision records out: what the tests write and read of lintel's own files on a private host. */

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DecisionRecord } from '../../../src/core/record.ts'
import type { PrivateHost } from './private-host.ts'

export const policyFile = '/etc/lintel/policy.toml'
export const logFile = '/var/log/lintel/decisions.jsonl'

/** Writes the site's policy; without text there is none, and the built-in one serves. */
export const setPolicy = (host: PrivateHost, text?: string): void => {
  const path = host.path(policyFile)
  rmSync(path, { force: true })
  if (text === undefined) return
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `version = 1\n${text}`, { mode: 0o644 })
}

/** Says in a drop-in that engines here put containers below a cgroup of the test's own (rule cgroup-parent). */
export const allowCgroup = ({ path, cgroup }: PrivateHost): void => {
  const folder = path('/etc/lintel/policy.d')
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/00-tests.toml`, `[rules.cgroup-parent]\nparents = ["${cgroup}"]\n`, {
    mode: 0o644,
  })
}

/** All records so far; throws where a line is not JSON of its own. */
export const records = (host: PrivateHost): readonly DecisionRecord[] => {
  const path = host.path(logFile)
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  if (text === '') return []
  if (!text.endsWith('\n')) throw new Error(`the last line of ${logFile} is torn`)
  return text
    .slice(0, -1)
    .split('\n')
    .map((line): DecisionRecord => JSON.parse(line))
}

/** The records of the container with this name or id. */
export const recordsOf = (host: PrivateHost, container: string): readonly DecisionRecord[] =>
  records(host).filter(({ container: { id, name } }) => name === container || id.startsWith(container))

/** Number of lines in the decision log. */
export const logLength = (host: PrivateHost): number => records(host).length

/** What a record says of each rule: `rule outcome`, sorted. */
export const outcomes = (record: DecisionRecord | undefined): readonly string[] =>
  (record?.findings ?? []).map(({ rule, outcome }) => `${rule} ${outcome}`).sort()

/** The rules whose findings a record says were repaired, each once, sorted. */
export const repaired = (record: DecisionRecord | undefined): readonly string[] => {
  const fixed = (record?.findings ?? []).filter(({ outcome }) => outcome === 'fixed')
  return [...new Set(fixed.map(({ rule }) => rule))].sort()
}
