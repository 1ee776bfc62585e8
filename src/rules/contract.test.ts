/** Holds every rule to its contract (contract.ts): its examples are its tests. */
import { describe, expect, test } from '@jest/globals'
import { breachesOfBad, breachesOfGood, breachesOfRule } from './contract.ts'
import { rules } from './index.ts'

describe.each(rules.map((rule) => [rule.id, rule] as const))('%s', (_id, rule) => {
  test('can be looked up, and shows every message it has', () => {
    expect(breachesOfRule(rule)).toEqual([])
  })

  test.each(rule.examples.good.map((example) => [example.name, example] as const))(
    'good: %s',
    (_, example) => {
      expect(breachesOfGood(rule, example)).toEqual([])
    },
  )

  test.each(rule.examples.bad.map((example) => [example.name, example] as const))('bad: %s', (_, example) => {
    expect(breachesOfBad(rule, example)).toEqual([])
  })
})
