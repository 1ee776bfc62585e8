/** A stranger on the aggregator's network: a real rsyslogd with install/rsyslog/aggregator.conf, with lintel and without. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, jest, test } from '@jest/globals'
import { openForwarding } from './support/rsyslog.ts'

jest.setTimeout(60_000)

const names = [
  '../../etc/cron.d/x',
  '/etc/cron.d/x',
  '..',
  '.',
  '.hidden',
  '-',
  '-rf',
  'a'.repeat(200),
  'a'.repeat(300),
  '\u001b[2Jweb',
  'web\u0000z',
  'w\u00e9b',
  '%msg%',
  '$(id)',
]

const message = (name: string, kind: string, text: string): string =>
  `<109>1 2027-03-01T10:00:00Z ${name} lintel 1 ${kind} - ${text}\n`
const record = (id: string): string => JSON.stringify({ version: 1, id })

test.concurrent.each([
  ['lintel receives', undefined],
  ['rsyslog writes itself', '/nonexistent'],
])('names that are paths or no names, records that are none; %s', async (_, lintel) => {
  const both = await openForwarding('tcp', lintel === undefined ? {} : { lintel })
  try {
    await both.aggregator.start()
    const hostile = names.flatMap((name, index) => [
      message(name, 'decision', record(`r${index}`)),
      message(name, 'container', `{"log":"${index}"}`),
    ])
    const none = message('web', 'decision', 'no record')
    await both.send([...hostile, none, message('last', 'decision', record('last'))].join(''))
    const linesOf = (file: string): readonly string[] => {
      const path = join(both.received, file)
      return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
    }
    for (let tries = 0; tries < 400 && linesOf('last/decisions.jsonl').length === 0; tries += 1)
      await sleep(50)

    expect(readdirSync(both.received).toSorted()).toEqual(['_', 'last', 'web'])
    expect(linesOf('_/decisions.jsonl')).toEqual(names.map((__, index) => record(`r${index}`)))
    expect(linesOf('_/containers.jsonl')).toHaveLength(names.length)
    expect(linesOf('web/decisions.jsonl')).toEqual(['no record'])
    expect(linesOf('last/decisions.jsonl')).toEqual([record('last')])
  } finally {
    await both.close()
  }
})
