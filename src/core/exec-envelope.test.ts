/** What an exec asks beyond its container, and what it only repeats. */
import { describe, expect, test } from '@jest/globals'
import { ambientDemand, capabilityDemand, privilegeGain } from './exec-envelope.ts'
import type { Config, Process } from './oci.ts'

const admitted = (process: Process): Config => ({ ociVersion: '1.0.2', process })
const none = { asked: undefined }

describe('capabilities', () => {
  const process: Process = { capabilities: { bounding: ['CAP_CHOWN', 'kill'], effective: ['CAP_BPF'] } }

  test('within the container: nothing', () => {
    const config = admitted({})
    expect(capabilityDemand({ process, config, ...none }, ['CHOWN', 'CAP_KILL', 'CAP_BPF'])).toEqual({
      repeated: [],
      demanded: [],
    })
  })

  test('what was asked at create is told apart from what is new', () => {
    const asked: Process = { capabilities: { bounding: ['CAP_KILL'] } }
    expect(capabilityDemand({ process, config: admitted({}), asked }, ['CAP_CHOWN'])).toEqual({
      repeated: ['CAP_KILL'],
      demanded: ['CAP_BPF'],
    })
  })

  test('an exec without sets demands nothing', () => {
    expect(capabilityDemand({ process: {}, config: admitted({}), ...none }, []).demanded).toEqual([])
  })
})

describe('ambient capabilities', () => {
  const listed = admitted({ user: { uid: 7 }, capabilities: { bounding: ['CAP_NET_RAW'] } })
  const process: Process = { user: { uid: 7 }, capabilities: { ambient: ['CAP_NET_RAW'] } }

  test('from the bounding set of a user that could not use it', () => {
    expect(ambientDemand({ process, config: listed, ...none })).toEqual(['CAP_NET_RAW'])
  })

  test('not those the container uses, nor those of root', () => {
    const using = admitted({ capabilities: { bounding: ['CAP_NET_RAW'], effective: ['CAP_NET_RAW'] } })
    expect(ambientDemand({ process, config: using, ...none })).toEqual([])
    expect(ambientDemand({ process: { ...process, user: { uid: 0 } }, config: listed, ...none })).toEqual([])
  })

  test('what no set of the container lists is left to the union of the sets', () => {
    expect(ambientDemand({ process, config: admitted({}), ...none })).toEqual([])
  })
})

describe('new privileges', () => {
  const held = admitted({ noNewPrivileges: true })

  test.each([
    ['the flag is set', { process: { noNewPrivileges: true }, config: held, asked: undefined }, 'none'],
    ['the container has none either', { process: {}, config: admitted({}), asked: undefined }, 'none'],
    ['absent', { process: {}, config: held, asked: undefined }, 'demanded'],
    ['as before the repair', { process: {}, config: held, asked: {} }, 'repeated'],
    [
      'cleared although the engine had set it',
      { process: { noNewPrivileges: false }, config: held, asked: { noNewPrivileges: true } },
      'demanded',
    ],
    ['of a container nobody knows', { process: {}, config: undefined, asked: undefined }, 'demanded'],
  ] as const)('%s', (_, execution, expected) => {
    expect(privilegeGain(execution)).toBe(expected)
  })
})
