/** The sentence a person reads when lintel refuses, taken apart and held against what it must say. */

import { expect } from '@jest/globals'
import type { DecisionRecord } from '../../../src/core/record.ts'
import { records } from './decisions.ts'
import type { PrivateHost } from './private-host.ts'

/** One refusal to expect: what was asked for and the parts of the sentence. */
export interface Refusal {
  readonly rule: string
  readonly cis: string
  readonly title: string
  readonly found: RegExp
  readonly remedy: string
}

const sentence =
  /lintel refused (?:to (?:create|run) this container|this command in the container|this update of the container)\. .* \[decision ([0-9a-f]{12})\]/

/** The sentence in an engine's output and the record it points to; fails the test where either is missing. */
export const refusalIn = (
  host: PrivateHost,
  output: string,
): { readonly text: string; readonly record: DecisionRecord } => {
  const match = sentence.exec(output)
  if (match === null) throw new Error(`no refusal of lintel in: ${output}`)
  const [text, id] = match
  const record = records(host).find((each) => each.id === id)
  if (record === undefined) throw new Error(`no record of decision ${id}`)
  expect(Buffer.byteLength(text)).toBeLessThan(1024)
  return { text, record }
}

/** Expects the sentence to name the rule with its number and title, what was found, and what to change. */
export const expectSentence = (text: string, refusal: Refusal): void => {
  const start = text.indexOf(`${refusal.rule} (CIS ${refusal.cis} "${refusal.title}"): `)
  expect({ refusal, text, start }).not.toMatchObject({ start: -1 })
  const rest = text.slice(start)
  expect(rest).toMatch(refusal.found)
  expect(rest).toContain(`; to fix, ${refusal.remedy}`)
}

/** Expects the record to deny for the rule. */
export const expectDenied = (record: DecisionRecord, rule: string): void => {
  expect(record).toMatchObject({ verdict: 'deny', mode: 'enforce', patch: [] })
  expect(record.config.after).toBe(record.config.before)
  expect(record.findings).toContainEqual(expect.objectContaining({ rule, outcome: 'refused' }))
}
