/** Syslog and journald beside the decision log: a real rsyslogd, a real journald. Needs root. */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals'
import type { DecisionRecord } from '../src/core/record.ts'
import { until } from './e2e/support/private-host.ts'
import { configWith, guardedCalls, refusedConfig } from './support/calls.ts'
import { decisionLog, openShim, type Shim } from './support/shim.ts'
import { decide, hashOf, quickPolicy, verify } from './support/trail.ts'

jest.setTimeout(60_000)

let shim: Shim

// A /dev of its own: the machine's /dev/log is left alone.
beforeAll(async () => {
  shim = await openShim()
  const nodes = ['null c 1 3', 'zero c 1 5', 'urandom c 1 9'].map((node) => `mknod -m 666 /dev/${node}`)
  await shim.shell(
    `mount -t tmpfs -o mode=755 tmpfs /dev; ${nodes.join('; ')}; mkdir -p /run/systemd/journal`,
  )
}, 60_000)
afterAll(() => shim.close(), 60_000)
beforeEach(() => shim.clear())

const journal = '/run/systemd/journal/socket'
const create = (config = configWith(), id = 'c') =>
  shim.host.run(shim.host.runtime, guardedCalls.create(shim.bundle('c', config as object), id))
const lines = (): readonly string[] => readFileSync(shim.path(decisionLog), 'utf8').split('\n').slice(0, -1)

/** So many mounts of the host, writable, that a record of them is long. */
const longConfig = configWith({
  mounts: Array.from({ length: 300 }, (_, index) => ({
    destination: `/mnt/${index}`,
    type: 'bind',
    source: '/etc',
    options: ['rbind', 'rw', 'nosuid', 'nodev'],
  })),
})

describe('a real rsyslogd', () => {
  const template = ['pri', 'programname', 'procid', 'app-name', 'msgid', 'structured-data', 'msg']
    .map((name) => `%${name}%`)
    .join('\\t')

  /** Starts one with its default limit of 8 KiB a message, and returns how to stop it and what it has been told. */
  const start = async (options: string) => {
    const out = `${shim.host.workspace}/messages`
    rmSync(out, { force: true })
    shim.write(
      '/run/rsyslog.conf',
      `module(load="imuxsock" ${options})\ntemplate(name="all" type="string" string="${template}\\n")\n*.* action(type="omfile" file="${out}" template="all")\n`,
    )
    await shim.shell('rm -f /dev/log /run/rsyslogd.pid')
    shim.host.launch('rsyslogd', 'rsyslogd', ['-n', '-f', '/run/rsyslog.conf', '-i', '/run/rsyslogd.pid'])
    await until(() => existsSync(shim.path('/dev/log')), 'rsyslogd')
    const told = async (count: number): Promise<readonly (readonly string[])[]> => {
      const read = () => (existsSync(out) ? readFileSync(out, 'utf8').split('\n').slice(0, -1) : [])
      const ours = () => read().filter((line) => !line.includes('rsyslogd'))
      await until(
        () => ours().length >= count,
        () => `${count} messages: ${read().join('\n')}`,
      )
      return ours().map((line) => line.split('\t'))
    }
    return { told, stop: () => shim.shell('kill -9 $(cat /run/rsyslogd.pid)') }
  }

  test('reads it as it reads syslog(3): name, process, severity, and the record as the message', async () => {
    const daemon = await start('')
    quickPolicy(shim, 'log.syslog = true\n')
    await create()
    await create(refusedConfig)
    const told = await daemon.told(2)
    expect(told.map(([pri, name, process]) => [pri, name, /^\d+$/.test(process ?? '')])).toEqual([
      ['85', 'lintel', true],
      ['84', 'lintel', true],
    ])
    expect(told.map((fields) => fields[6]?.trim())).toEqual(lines())
    await daemon.stop()
  })

  test('a record that is too long for it comes shortened, whole, and names the one in the file', async () => {
    const daemon = await start('')
    quickPolicy(shim, 'log.syslog = true\n')
    await create(longConfig)
    const [line = ''] = lines()
    expect(line.length).toBeGreaterThan(10_000)
    const [[, , , , , , message = ''] = []] = await daemon.told(1)
    const { id }: DecisionRecord = JSON.parse(line)
    expect(JSON.parse(message)).toMatchObject({
      id,
      verdict: 'deny',
      container: 'c',
      sequence: 1,
      sha256: hashOf(line),
      rules: expect.arrayContaining(['sensitive-host-mounts']),
      shortened: true,
    })
    await daemon.stop()
  })

  test('in RFC 5424’s form for one that was told to parse it: structured data, nobody’s quotes in it', async () => {
    const daemon = await start('SysSock.UseSpecialParser="off"')
    quickPolicy(shim, 'log.syslog = "rfc5424"\n')
    await create(refusedConfig, 'c')
    const [fields = []] = await daemon.told(1)
    expect(fields.slice(0, 5)).toEqual(['84', 'lintel', expect.stringMatching(/^\d+$/), 'lintel', 'create'])
    expect(fields[5]).toMatch(
      /^\[lintel@32473 id="\w{12}" verdict="deny" operation="create" container="c" .*sequence="1" sha256="\w{64}" rules="[^"]*capabilities[^"]*"\]$/,
    )
    expect(fields[6]?.trim()).toBe(lines()[0])
    await daemon.stop()
  })
})

describe('journald', () => {
  /** A datagram socket in its place that is never read. */
  const listen = async (): Promise<void> => {
    await shim.shell(`rm -f ${journal}`)
    const program =
      'use Socket; socket(S, AF_UNIX, SOCK_DGRAM, 0) && bind(S, pack_sockaddr_un($ARGV[0])) or die; sleep 50'
    shim.host.launch('never-reads', 'perl', ['-e', program, journal])
    await until(() => existsSync(shim.path(journal)), 'the socket')
  }

  /** What the real journald has from lintel, each entry as journalctl prints it. */
  const entries = async (): Promise<readonly Readonly<Record<string, string>>[]> => {
    const printed = await shim.shell(
      'journalctl --directory /run/log/journal --identifier lintel --output json --all --no-pager --quiet',
    )
    return printed
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  }

  test('gets fields to filter by, and the record', async () => {
    await shim.shell(`rm -rf ${journal} /run/log/journal; mkdir -p /run/log/journal`)
    shim.host.launch('journald', '/lib/systemd/systemd-journald', [])
    await until(() => existsSync(shim.path(journal)), 'journald')
    quickPolicy(shim, 'log.journald = true\n')
    await create(refusedConfig)
    await create(longConfig)
    await until(async () => (await entries()).length > 1, 'two entries')
    const [first, second] = await entries()
    const [line = '', long = ''] = lines()
    expect(first).toMatchObject({
      PRIORITY: '4',
      SYSLOG_FACILITY: '10',
      SYSLOG_IDENTIFIER: 'lintel',
      LINTEL_VERDICT: 'deny',
      LINTEL_CONTAINER: 'c',
      LINTEL_RULE: 'capabilities',
      LINTEL_SHA256: hashOf(line),
      LINTEL_RECORD: line,
      MESSAGE: expect.stringMatching(/^create of c: deny \(.*capabilities.*\) \[decision \w{12}\]$/),
      // journald's own word for who sent it.
      _UID: '0',
    })
    const record = second?.['LINTEL_RECORD'] ?? ''
    expect(record === long || JSON.parse(record).sha256 === hashOf(long)).toBe(true)
    const filtered = await shim.shell(
      'journalctl --directory /run/log/journal LINTEL_RULE=capabilities --output cat --no-pager --quiet',
    )
    expect(filtered.trim()).toBe(first?.['MESSAGE'])
    await shim.shell('kill $(pidof systemd-journald)')
  })

  test.each([
    ['nobody listens', () => shim.shell(`rm -f ${journal}`)],
    ['it is no socket', () => shim.shell(`rm -f ${journal}; : > ${journal}`)],
    ['nobody reads, and the queue is full', listen],
  ])('%s: no call waits or fails, and every record is in the file', async (_, arrange) => {
    await arrange()
    quickPolicy(shim, 'log.journald = true\n')
    const count = 30
    expect(count).toBeGreaterThan(Number(await shim.shell('cat /proc/sys/net/unix/max_dgram_qlen')))
    await decide(shim, count)
    expect(await verify(shim)).toMatchObject({ status: 0, records: count })
  })
})
