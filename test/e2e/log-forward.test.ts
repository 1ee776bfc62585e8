/** The decision log on its way to an aggregator: two real rsyslogds with the snippets of install/rsyslog. */
import { appendFileSync, renameSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { type Forwarding, type ForwardingOptions, openForwarding, type Way } from './support/rsyslog.ts'

jest.setTimeout(60_000)

let forwarding: Forwarding | undefined

const open = async (way: Way, options?: ForwardingOptions): Promise<Forwarding> => {
  forwarding = await openForwarding(way, options)
  writeFileSync(forwarding.log, '')
  return forwarding
}

afterEach(async () => {
  await forwarding?.close()
  forwarding = undefined
})

/** What a record can hold that something on the way might change, and one of 100 kB. */
const awkward = [
  '\u007f\u009b\u2028\u202e',
  '%msg% $!all \\n <13>1 - @cee:{',
  'ü€😀',
  ' '.repeat(40),
  'x'.repeat(100_000),
]

const line = (number: number): string =>
  JSON.stringify({
    sequence: number,
    time: '2027-03-01T12:00:00Z',
    message: awkward[number % awkward.length],
  })

const lines = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, index) => line(from + index))

const write = ({ log }: Forwarding, from: number, to: number): void =>
  appendFileSync(
    log,
    lines(from, to)
      .map((each) => `${each}\n`)
      .join(''),
  )

/** The lines without what stands there a second time, as every lintel log command reads them. */
const once = (received: readonly string[]): readonly string[] => [...new Set(received)]

/** Waits until this record and whatever comes twice has come. */
const until = async (both: Forwarding, number: number): Promise<void> => {
  for (let tries = 0; !both.received().includes(line(number)) && tries < 400; tries += 1) await sleep(100)
  await sleep(500)
}

describe.each(['relp', 'tls', 'tcp'] as const)('%s', (way) => {
  test('every record arrives once, in order, unaltered, across an outage, a killed sender and a rotation', async () => {
    const both = await open(way)
    await Promise.all([both.aggregator.start(), both.sender.start()])
    write(both, 0, 20)
    await until(both, 19)
    await both.aggregator.end()
    write(both, 20, 40)
    await sleep(1000)
    // RELP's one record that waits for its answer is in the sender's memory (docs/log.md).
    if (way !== 'relp') await both.sender.end()
    write(both, 40, 50)
    if (way !== 'relp') await both.sender.start()
    write(both, 50, 60)
    await sleep(1000)
    renameSync(both.log, `${both.log}-20270301`)
    writeFileSync(both.log, '')
    write(both, 60, 80)
    await sleep(500)
    await both.aggregator.start()
    await until(both, 79)
    await both.sender.end()
    write(both, 80, 90)
    await both.sender.start()
    await until(both, 89)
    expect(once(both.received())).toEqual(lines(0, 90))
  })
})

test('relp: nothing is lost or out of order where the aggregator is killed while records come', async () => {
  const both = await open('relp')
  await Promise.all([both.aggregator.start(), both.sender.start()])
  for (let round = 0; round < 4; round += 1) {
    const writing = (async () => {
      for (let each = 0; each < 10; each += 1) {
        write(both, round * 50 + each * 5, round * 50 + each * 5 + 5)
        await sleep(30)
      }
    })()
    await sleep(100 + 40 * round)
    await both.aggregator.end()
    await writing
    await both.aggregator.start()
    await sleep(700)
  }
  await until(both, 199)
  expect(once(both.received())).toEqual(lines(0, 200))
})

describe.each(['relp', 'tls'] as const)('%s: an aggregator that is not the one named gets nothing', (way) => {
  test.each([
    ['another name', { aggregatorName: 'other.example' }],
    ['another authority', { foreignAuthority: true }],
  ] as const)('%s', async (_, options) => {
    const both = await open(way, options)
    await Promise.all([both.aggregator.start(), both.sender.start()])
    write(both, 0, 5)
    // The sender says why, once it has tried; nothing of what it has is let out then or later.
    const reason = /certificate|peer|tls|handshake/i
    for (let waited = 0; waited < 20_000 && !reason.test(both.sender.said()); waited += 200) await sleep(200)
    expect(both.sender.said()).toMatch(reason)
    await sleep(1000)
    expect(both.received()).toEqual([])
  })
})
