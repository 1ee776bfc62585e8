import { describe, expect, test } from '@jest/globals'
import { environmentText, pickEntries, shownName } from './environment.ts'
import { exampleInput } from './example.ts'
import type { Example } from './rule.ts'

const picked = (example: Omit<Example, 'name'>, name = 'A') => {
  const made = exampleInput({ name: 'example', ...example })
  if (made === undefined) throw new Error('not well formed')
  return pickEntries(made.input, (entry, equals) => entry.slice(0, equals) === name)
}

describe('pickEntries', () => {
  test('value and place; what has no value is no entry', () => {
    expect(picked({ process: { env: ['A', 'B=1', 'A=x=y', 'A='] } })).toEqual([
      { name: 'A', value: 'x=y', pointer: '/process/env/2' },
      { name: 'A', value: '', pointer: '/process/env/3' },
    ])
  })
  test('no process, no environment', () => {
    expect(picked({ process: { env: null } })).toEqual([])
    expect(picked({ config: { process: null } })).toEqual([])
  })
  test('an exec is told only of what its container does not have', () => {
    const config = { process: { env: ['A=1'] } }
    expect(picked({ operation: 'exec', config, process: { env: ['A=1', 'A=2'] } })).toEqual([
      { name: 'A', value: '2', pointer: '/env/1' },
    ])
  })
  test('what was removed at create and comes again is standing', () => {
    const [entry] = picked({
      operation: 'exec',
      config: { process: { env: [] } },
      asked: { env: ['A=1'] },
      process: { env: ['A=1'] },
    })
    expect(entry?.standing).toBe(true)
  })
})

test.each([
  ['DB_PASSWORD', 'DB_PASSWORD'],
  ['a.b-c', 'a.b-c'],
  ['hunter2 secret', 'a variable of an unusual name'],
  ['X'.repeat(65), 'a variable of an unusual name'],
  ['', 'a variable of an unusual name'],
  ['A\n', 'a variable of an unusual name'],
])('shownName %j', (name, shown) => expect(shownName(name)).toBe(shown))

test('environmentText', () => {
  expect(environmentText({ process: { env: ['A=1', 'B=2'] } })).toBe('A=1\nB=2')
  expect(environmentText({ process: undefined })).toBe('')
})
