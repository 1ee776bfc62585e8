/** The decision log on its way to an aggregator: real rsyslogds with the snippets of install/rsyslog, whoever is killed. */
import { execFileSync } from 'node:child_process'
import { appendFileSync, renameSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, jest, test } from '@jest/globals'
import { hashOf } from '../support/trail.ts'
import {
  type Forwarding,
  type ForwardingOptions,
  openForwarding,
  type Sender,
  type Way,
} from './support/rsyslog.ts'

jest.setTimeout(300_000)

/** Runs both ends while something is done with them; the tests mostly wait, so they run side by side. */
const forwarding = async (
  way: Way,
  options: ForwardingOptions,
  act: (both: Forwarding, records: Records) => Promise<void>,
): Promise<void> => {
  const both = await openForwarding(way, { hosts: ['one', 'two'], ...options })
  try {
    for (const { log } of both.senders) writeFileSync(log, '')
    await Promise.all([both.aggregator, ...both.senders].map((each) => each.start()))
    await act(both, new Records(both))
  } finally {
    await both.close()
  }
}

/** How long a sender stays away, as lintel-forward.service has it. */
const pause = 2000

/** What a record can hold that something on the way might change, and one of 100 kB. */
const awkward = [
  '\u007f\u009b\u2028\u202e',
  '%msg% $!all \\n <13>1 - @cee:{',
  'ü€😀',
  ' '.repeat(40),
  'x'.repeat(100_000),
]

/** Records 1 to `count` of a host, as long as decisions are and chained as lintel chains them. */
const chained = (host: string, count: number): readonly string[] => {
  let previous = ''
  return Array.from({ length: count }, (_, index) => {
    const record = {
      version: 1,
      time: '2027-03-01T12:00:00Z',
      host,
      message: awkward[index % awkward.length],
    }
    const line = JSON.stringify({ ...record, sequence: index + 1, previous })
    previous = hashOf(line)
    return line
  })
}

/** The two hosts' records, written and expected. */
class Records {
  readonly #senders: readonly Sender[]
  readonly #lines: ReadonlyMap<Sender, readonly string[]>
  #count = 0

  constructor({ senders }: Forwarding) {
    this.#senders = senders
    this.#lines = new Map(senders.map((sender) => [sender, chained(sender.host, 400)]))
  }

  /** All that a sender was given. */
  of(sender: Sender): readonly string[] {
    return (this.#lines.get(sender) ?? []).slice(0, this.#count)
  }

  /** So many more in each host's log. */
  write(count: number): void {
    for (const [sender, lines] of this.#lines) {
      const text = lines.slice(this.#count, this.#count + count).map((line) => `${line}\n`)
      appendFileSync(sender.log, text.join(''))
    }
    this.#count += count
  }

  /** So many more, a few at a time, while something else happens. */
  async trickle(count: number, meanwhile: () => Promise<void>): Promise<void> {
    const writing = (async () => {
      for (let written = 0; written < count; written += 5) {
        this.write(5)
        await sleep(25)
      }
    })()
    await meanwhile()
    await writing
  }

  /** Waits until the last record has come, and whatever would come twice. */
  async arrived(): Promise<void> {
    const isThere = (sender: Sender) => sender.received().includes(this.of(sender).at(-1) ?? '')
    for (let tries = 0; !this.#senders.every(isThere) && tries < 1200; tries += 1) await sleep(100)
    await sleep(300)
  }

  /** Each record is in the aggregator's file literally once, in order and unaltered. */
  async expectAll(): Promise<void> {
    await this.arrived()
    for (const sender of this.#senders) {
      const [received, written] = [sender.received(), this.of(sender)]
      expect(numbers(received)).toEqual(numbers(written))
      expect(received).toEqual(written)
    }
  }
}

const numbers = (lines: readonly string[]): readonly number[] =>
  lines.map((line) => Number(/"sequence":(\d+)/.exec(line)?.[1]))

const rotate = ({ log }: Sender): void => {
  renameSync(log, `${log}-20270301`)
  writeFileSync(log, '')
}

test.concurrent.each(['relp', 'tls', 'tcp'] as const)(
  '%s: every record is in its host’s file once, in order, across outages, kills and a rotation',
  (way) =>
    forwarding(way, {}, async ({ aggregator, senders }, records) => {
      const [one, two] = senders
      records.write(20)
      await records.expectAll()
      // Ended cleanly; a sender killed meanwhile, with records that wait and others that come while it is away.
      await aggregator.stop()
      records.write(20)
      await sleep(1200)
      await one.kill()
      records.write(10)
      await sleep(pause)
      await one.start()
      records.write(10)
      await sleep(300)
      for (const sender of senders) rotate(sender)
      records.write(20)
      await sleep(300)
      await aggregator.start()
      await records.expectAll()
      // Killed while nothing is on its way.
      await aggregator.kill()
      records.write(10)
      await two?.kill()
      await aggregator.start()
      await two?.start()
      await records.expectAll()
      await Promise.all(senders.map((sender) => sender.kill()))
      records.write(10)
      await Promise.all(senders.map((sender) => sender.start()))
      await records.expectAll()
    }),
)

/** Kills both senders three times while records come. */
const killSenders = async ({ senders }: Forwarding, records: Records): Promise<void> => {
  for (let round = 0; round < 3; round += 1)
    await records.trickle(30, async () => {
      await sleep(40 + 30 * round)
      await Promise.all(senders.map((sender) => sender.kill()))
      await sleep(pause)
      await Promise.all(senders.map((sender) => sender.start()))
    })
}

test.concurrent.each(['relp', 'tcp'] as const)(
  '%s: senders killed while records come: each is there once',
  (way) =>
    forwarding(way, {}, async (both, records) => {
      await killSenders(both, records)
      await records.expectAll()
    }),
)

/** Kills the aggregator three times while records come. */
const killUnderLoad = async ({ aggregator }: Forwarding, records: Records): Promise<void> => {
  for (let round = 0; round < 3; round += 1) {
    await records.trickle(40, async () => {
      await sleep(60 + 40 * round)
      await aggregator.kill()
    })
    await aggregator.start()
    await sleep(700)
  }
}

test.concurrent('relp: an aggregator killed while records come: each is there once', () =>
  forwarding('relp', {}, async (both, records) => {
    await killUnderLoad(both, records)
    await records.expectAll()
  }))

test.concurrent('relp: that, and the senders killed while it is away: each is there once', () =>
  forwarding('relp', {}, async ({ aggregator, senders }, records) => {
    for (let round = 0; round < 3; round += 1) {
      await records.trickle(40, async () => {
        await sleep(60 + 30 * round)
        await aggregator.kill()
        await sleep(20 * round)
        await Promise.all(senders.map((sender) => sender.kill()))
        await sleep(pause)
      })
      await Promise.all(senders.map((sender) => sender.start()))
      await sleep(200)
      await aggregator.start()
      await sleep(400)
    }
    await records.expectAll()
  }))

/** None twice, all in order and unaltered, and what is missing is just what verify says. */
const expectTold = async ({ senders }: Forwarding, records: Records): Promise<void> => {
  records.write(5)
  await records.arrived()
  for (const sender of senders) {
    const received = numbers(sender.received())
    expect(received).toEqual([...new Set(received)].toSorted((a, b) => a - b))
    const written = new Set(records.of(sender))
    expect(sender.received().filter((line) => !written.has(line))).toEqual([])
    const missing = numbers(records.of(sender)).filter((number) => !received.includes(number))
    expect(toldMissing(sender)).toEqual(missing)
  }
}

// What has no acknowledgement may be lost on its way.
test.concurrent.each(['tls', 'tcp'] as const)(
  '%s: an aggregator killed while records come: verify names what is missing',
  (way) =>
    forwarding(way, {}, async (both, records) => {
      await killUnderLoad(both, records)
      await expectTold(both, records)
    }),
)

// What a killed sender had sent may be read after what it sends then.
test.concurrent('tls: senders killed while records come: none twice, and verify names what is missing', () =>
  forwarding('tls', {}, async (both, records) => {
    await killSenders(both, records)
    records.write(5)
    await records.arrived()
    for (const sender of both.senders) {
      const [received, written] = [sender.received(), records.of(sender)]
      expect(received.length).toBe(new Set(received).size)
      expect(received.filter((line) => !written.includes(line))).toEqual([])
      const missing = numbers(written.filter((line) => !received.includes(line)))
      expect(toldMissing(sender)).toEqual(expect.arrayContaining([...missing]))
    }
  }))

const toldMissing = ({ copy }: Sender): readonly number[] => {
  const lintel = fileURLToPath(new URL('../../dist/lintel', import.meta.url))
  const script = '"$0" log verify --received --json "$1" || [ $? = 1 ]'
  const told: {
    readonly faults: readonly { readonly kind: string; readonly sequences: [number, number] }[]
  } = JSON.parse(execFileSync('sh', ['-c', script, lintel, copy], { encoding: 'utf8' }))
  return told.faults.flatMap(({ sequences: [from, to] }) =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index),
  )
}

test.concurrent.each([
  ['relp', 'of another name', { aggregatorName: 'other.example' }],
  ['relp', 'of another authority', { foreignAuthority: true }],
  ['tls', 'of another name', { aggregatorName: 'other.example' }],
  ['tls', 'of another authority', { foreignAuthority: true }],
] as const)('%s: an aggregator %s gets nothing', (way, _, options) =>
  forwarding(way, { hosts: ['one'], ...options }, async ({ senders: [sender] }, records) => {
    records.write(5)
    // The sender says why, once it has tried; nothing of what it has is let out then or later.
    const reason = /certificate|peer|tls|handshake/i
    for (let waited = 0; waited < 20_000 && !reason.test(sender.said()); waited += 200) await sleep(200)
    expect(sender.said()).toMatch(reason)
    await sleep(1000)
    expect(sender.received()).toEqual([])
  }),
)
