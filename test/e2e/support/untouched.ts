/** The proof that nothing is found where there is nothing: a record of a container let through as it is. */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from '@jest/globals'
import type { DecisionRecord } from '../../../src/core/record.ts'
import { outcomes } from './decisions.ts'

const coverage = fileURLToPath(new URL('../../../docs/coverage.md', import.meta.url))

/** What docs/coverage.md says containers that come this way leave unknown at create, as `outcomes` has it. */
export const untoldBy = (way: string): readonly string[] => {
  const [, section = ''] = readFileSync(coverage, 'utf8').split('## create, run\n')
  const [table = ''] = section.split('\n## ')
  const [head = [], ...rows] = table
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
  const column = head.indexOf(way)
  if (column < 0) throw new Error(`${coverage} has no column ${way}`)
  const unknown = rows.filter((row) => row[column] === 'unknown')
  return unknown.map((row) => `${/\[(.*?)\]/.exec(row[1] ?? '')?.[1]} unknown`).sort()
}

/** Expects one record, of a create that changed nothing and found exactly this. */
export const expectUntouched = (records: readonly DecisionRecord[], found: readonly string[]): void => {
  expect(records.map(outcomes)).toEqual([found])
  expect(records).toMatchObject([
    { operation: 'create', mode: 'enforce', verdict: 'allow', patch: [], engine: { proven: true } },
  ])
  expect(records[0]?.config.after).toBe(records[0]?.config.before)
}
