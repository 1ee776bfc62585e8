import { describe, expect, test } from '@jest/globals'
import type { DecisionRecord, SealRecord } from './record.ts'
import { journalText, type SinkRecord, syslogText } from './sink-text.ts'

const record: DecisionRecord = {
  version: 1,
  id: '0123456789ab',
  time: '2027-03-01T12:00:00.000000Z',
  host: 'node 1',
  lintel: '0.1.0',
  policy: { digest: 'built-in', profile: 'minimal' },
  operation: 'create',
  container: { id: 'c', name: 'x\nMESSAGE=forged\n"] <85>forged' },
  engine: { id: 'docker', proven: true, caller: 'containerd-shim', uid: 0 },
  mode: 'enforce',
  verdict: 'allow',
  findings: [],
  patch: [],
  config: { before: '', after: '' },
  runtime: '/bin/true',
  durationMicroseconds: 1,
}

const sinkOf = (line: string): SinkRecord => ({
  record,
  line,
  link: { sequence: 7, hash: '0'.repeat(64) },
  processId: 3,
})

describe('a container’s name', () => {
  test('cannot make a field of the journal', () => {
    const names = journalText(sinkOf('{}'))
      .split('\n')
      .map((line) => line.split('=')[0])
    expect(names.filter((name) => name === 'MESSAGE')).toHaveLength(1)
    expect(names.at(-1)).toBe('')
  })

  test('cannot end structured data, nor a message', () => {
    const text = syslogText(sinkOf('{}'), 'rfc5424')
    expect(text).not.toContain('\n')
    expect(text).toContain('name="x MESSAGE=forged \\"\\] <85>forged"')
    expect(text).toMatch(/^<85>1 2027-03-01T12:00:00\.000000Z - lintel 3 create \[/)
  })
})

test('a seal is no alarm, and what it vouches for leaves the host with it', () => {
  const { version, id, time, host, lintel } = record
  const sealed = { host, sequence: 6, hash: 'a'.repeat(64), time }
  const seal: SealRecord = {
    version,
    event: 'sealed',
    id,
    time,
    host,
    lintel,
    sealed,
    key: 'k',
    signature: 's',
  }
  const sink = { ...sinkOf('{}'), record: seal }
  expect(syslogText(sink, 'rfc5424')).toContain(`<85>1 ${time} - lintel 3 sealed [`)
  expect(journalText(sink)).toContain(`\nLINTEL_KEY=k\nLINTEL_SEALED=6 ${'a'.repeat(64)}\n`)
})

describe('a message of syslog', () => {
  test.each(['local', 'rfc5424'] as const)('is the line where there is room, else shorter: %s', (form) => {
    const longest = 7900 - syslogText(sinkOf(''), form).length
    const fits = `"${'x'.repeat(longest - 2)}"`
    expect(syslogText(sinkOf(fits), form).endsWith(fits)).toBe(true)
    const short = syslogText(sinkOf(`${fits}x`), form)
    expect(JSON.parse(short.slice(short.indexOf('{')))).toMatchObject({
      id: record.id,
      sequence: 7,
      sha256: '0'.repeat(64),
      shortened: true,
    })
  })
})
