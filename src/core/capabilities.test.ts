import { describe, expect, test } from '@jest/globals'
import {
  capabilitiesBeyond,
  heldCapabilities,
  holdsEverything,
  listCapabilities,
  narrowCapabilities,
  normalCapability,
} from './capabilities.ts'

const decisive = ['SYS_ADMIN', 'SYS_MODULE', 'SYS_RAWIO', 'SYS_PTRACE', 'DAC_READ_SEARCH', 'NET_ADMIN']

describe('capability sets', () => {
  test.each(['sys_admin', 'SYS_ADMIN', 'cap_sys_admin', 'CAP_SYS_ADMIN'])('%s has one spelling', (name) => {
    expect(normalCapability(name)).toBe('CAP_SYS_ADMIN')
  })

  test('the union has every set, once each', () => {
    const sets = {
      bounding: ['CAP_KILL'],
      permitted: ['kill'],
      ambient: ['CAP_CHOWN'],
      inheritable: ['CAP_FOWNER'],
    }
    expect(heldCapabilities(sets)).toEqual(['CAP_KILL', 'CAP_FOWNER', 'CAP_CHOWN'])
    expect(heldCapabilities({})).toEqual([])
  })

  test('what is allowed may be spelled either way', () => {
    const sets = { bounding: ['CAP_KILL', 'chown', 'CAP_SYS_ADMIN'] }
    expect(capabilitiesBeyond(sets, ['KILL', 'CAP_CHOWN'])).toEqual(['CAP_SYS_ADMIN'])
    expect(capabilitiesBeyond(sets, [])).toEqual(['CAP_KILL', 'CAP_CHOWN', 'CAP_SYS_ADMIN'])
  })

  test('everything is the decisive ones in any sets, or nearly all of any kind', () => {
    expect(holdsEverything({ bounding: decisive })).toBe(true)
    expect(holdsEverything({ bounding: decisive.slice(1), ambient: ['cap_sys_admin'] })).toBe(true)
    expect(holdsEverything({ bounding: decisive.slice(1) })).toBe(false)
    expect(holdsEverything({ bounding: Array.from({ length: 60 }, (_, index) => `CAP_NO_${index}`) })).toBe(
      false,
    )
  })

  test('narrowing keeps the spelling, and drops what bounding would not have', () => {
    const sets = {
      bounding: ['kill', 'CAP_BPF'],
      ambient: ['CAP_KILL', 'CAP_CHOWN'],
      permitted: ['CAP_KILL'],
    }
    expect(narrowCapabilities(sets, ['CAP_KILL', 'CAP_CHOWN'])).toEqual({
      bounding: ['kill'],
      ambient: ['CAP_KILL'],
    })
    expect(narrowCapabilities({ bounding: ['CAP_KILL'] }, ['kill'])).toEqual({})
  })

  test('a list names the gravest first and counts the rest', () => {
    expect(listCapabilities(['CAP_KILL', 'CAP_SYS_ADMIN'])).toBe('CAP_SYS_ADMIN, CAP_KILL')
    const many = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'].map((letter) => `CAP_${letter}`)
    expect(listCapabilities(many)).toBe('CAP_A, CAP_B, CAP_C, CAP_D, CAP_E, CAP_F, +2 more')
    expect(listCapabilities(['CAP_X\n{"level":"info"}'])).toBe('CAP_?')
  })
})
