/** What the reading of decision logs is made of: texts, times, files, proposals. */
import { describe, expect, test } from '@jest/globals'
import { parse } from 'smol-toml'
import { memoryHost, now } from '../../test/support/memory-host.ts'
import { loadPolicy } from '../policy/load.ts'
import { adjusted } from './alternatives.ts'
import { exposition } from './exposition.ts'
import { instantOf } from './instant.ts'
import { type LoggedRecord, loggedRecord } from './logged-record.ts'
import { printable, printableJson } from './printable.ts'
import { proposalsOf } from './proposal.ts'
import { proposedPolicy } from './proposed-policy.ts'
import { recordLine } from './record-line.ts'
import { nothingSeen, see } from './seen.ts'
import { anything, selects } from './selection.ts'
import { add, noTotals, totalsIn, totalsText } from './totals.ts'

const hostile = 'web\u001b]0;x\u0007\u009b2J\u202e\n\u2028\u{e0041}"\\'

const record = (given: object = {}): LoggedRecord => {
  const read = loggedRecord({
    id: '1',
    time: '2027-03-01T11:00:00.000001Z',
    verdict: 'would_deny',
    operation: 'create',
    container: { id: 'abcdef', name: 'web', image: 'shop:1' },
    engine: { id: 'docker', proven: true, uid: 0 },
    findings: [{ rule: 'docker-socket', outcome: 'refused', message: 'the socket is mounted', actual: '/s' }],
    ...given,
  })
  if (read === undefined) throw new Error('no record')
  return read
}

describe('texts', () => {
  test('nothing in a line is obeyed by a terminal, and JSON keeps its meaning', () => {
    expect(printable(hostile)).toMatch(/^[ -~]*$/)
    const json = JSON.stringify({ name: hostile }, undefined, 2)
    expect(printableJson(json)).toMatch(/^[ -~\n]*$/)
    expect(JSON.parse(printableJson(json))).toEqual({ name: hostile })
    const line = recordLine(
      record({ container: { id: hostile, name: hostile, image: hostile, namespace: hostile } }),
      (verdict) => verdict,
    )
    expect(line).toMatch(/^[ -~]*$/)
  })

  test.each([
    [{}, '2027-03-01T11:00:00Z would_deny docker create web (shop:1): refused docker-socket'],
    [
      { findings: [], verdict: 'allow', requester: { user: 'ann' } },
      '2027-03-01T11:00:00Z allow docker create web (shop:1) for ann',
    ],
    [
      { engine: { id: 'docker', proven: false } },
      '2027-03-01T11:00:00Z would_deny docker (unproven) create web (shop:1): refused docker-socket',
    ],
    [
      { failure: 'no config', findings: [] },
      '2027-03-01T11:00:00Z would_deny docker create web (shop:1): no config',
    ],
    [
      { verdict: null, event: 'break-glass-began', breakGlass: { by: 'root', reason: 'why', until: 'then' } },
      '2027-03-01T11:00:00Z break-glass-began until then, by root: why',
    ],
  ])('%j', (given, line) => expect(recordLine(record(given), (verdict) => verdict)).toBe(line))

  test('label values of an exposition are escaped', () => {
    const samples = [{ labels: { a: 'x"\\\n' }, value: 1 }]
    expect(
      exposition([
        { name: 'n', help: 'h', type: 'gauge', samples },
        { name: 'm', help: 'h', type: 'gauge', samples: [] },
      ]),
    ).toBe('# HELP n h\n# TYPE n gauge\nn{a="x\\"\\\\\\n"} 1\n')
  })
})

test.each([
  ['2h', '2027-03-01T10:00:00.000'],
  ['1d12h', '2027-02-28T00:00:00.000'],
  ['2027-02-01', '2027-02-01T00:00:00.000'],
  ['2027-02-01T10:00', '2027-02-01T10:00:00.000'],
  ['2027-02-01T10:00:00+01:00', '2027-02-01T09:00:00.000'],
  ['yesterday', undefined],
  ['2027-02-31T99:00:00Z', undefined],
  ['999999w', undefined],
])('the time %s', (text, instant) => {
  const read = instantOf('--since', text, now)
  expect(read.ok ? read.value : undefined).toBe(instant)
  if (!read.ok) expect(read.error).toMatch(/^--since "[^\n]*" is no time; write /)
})

describe('selection', () => {
  test.each([
    [{ verdicts: ['deny', 'would_deny'] }, true],
    [{ verdicts: ['deny'] }, false],
    [{ rules: ['docker-socket'] }, true],
    [{ rules: ['privileged'] }, false],
    [{ image: 'shop:*' }, true],
    [{ image: 'shop' }, false],
    [{ container: 'w*b' }, true],
    [{ container: 'abc' }, true],
    [{ container: 'b' }, false],
    [{ user: '0' }, true],
    [{ user: 'ann' }, false],
    [{ engines: ['podman'] }, false],
    [{ operations: ['exec'] }, false],
    [{ since: '2027-03-01T11:00:00.000', until: '2027-03-01T12:00' }, true],
    [{ until: '2027-03-01T11:00:00.000' }, false],
  ])('%j: %s', (asked, selected) => expect(selects({ ...anything, ...asked }, record())).toBe(selected))
})

describe('proposals', () => {
  const { host } = memoryHost({ files: { '/etc/lintel/policy.toml': 'version = 1\nmode = "warn"\n' } })
  const loaded = loadPolicy(host, undefined)
  if (!loaded.ok) throw new Error(loaded.error.message)
  const { policy } = loaded.value
  const proposed = (...records: readonly object[]) => {
    const seen = nothingSeen()
    for (const each of records) see(seen, record(each), { policy, today: '2027-03-01' })
    const origin = { logs: ['log'], now: '2027-03-01T12:00:00Z', expires: '2027-05-30', policy }
    const text = proposedPolicy(seen, proposalsOf(seen), origin).join('\n')
    return { text, value: parse(text) }
  }
  const container = (name: string, image = 'shop:1') => ({ container: { id: 'x', name, image } })

  test('a name that was given is kept, one that was made up or is one of many is not', () => {
    const whose = (...names: readonly string[]) =>
      proposed(...names.map((name) => container(name))).value['exemptions']
    expect(whose('web', 'web')).toMatchObject([
      { where: { engine: 'docker', image: 'shop:1', name: 'web' }, reason: '', owner: '' },
    ])
    for (const names of [['quirky_bohr'], ['web', 'db']])
      expect(whose(...names)).toEqual([
        expect.objectContaining({ where: { engine: 'docker', image: 'shop:1' } }),
      ])
  })

  test('hostile names stay values and comments; what would match more than was seen is not proposed', () => {
    const { text, value } = proposed(container(hostile, `${hostile}\n[[exemptions]]`), container('any*', 'a'))
    expect(text).toMatch(/^[ -~\n]*$/)
    expect(value['exemptions']).toEqual([
      expect.objectContaining({
        where: { engine: 'docker', image: `${hostile}\n[[exemptions]]`, name: hostile },
      }),
    ])
    expect(text).toContain('# docker any* a: no exemption can be told apart')
  })

  test('nothing for callers without proof, forged annotations and calls that were not judged', () => {
    const forged = { rule: 'forged-annotations', outcome: 'warned', message: 'm', actual: 'a' }
    const { text, value } = proposed(
      { engine: { id: 'docker', proven: false } },
      { findings: [forged, { rule: 'privileged', outcome: 'refused', message: 'm', actual: 'a' }] },
      { findings: [], failure: 'no config' },
    )
    expect(value['exemptions']).toBeUndefined()
    for (const words of [
      'Left out: 1 of callers that no engine',
      'Left out: 1 with forged',
      'Left out: 1 where nothing',
    ])
      expect(text).toContain(words)
  })

  test('dangers and alternatives stand beside it', () => {
    const excess = {
      rule: 'capabilities',
      outcome: 'refused',
      message: 'would hold CAP_SYS_TIME',
      actual: 'CAP_SYS_TIME',
    }
    const { text } = proposed({}, { findings: [excess] })
    expect(text).toContain('DANGEROUS docker-socket: who holds the control socket')
    expect(text).toMatch(/#\s+\[overrides\.rules\.capabilities\]\n#\s+allowed = \[.*"CAP_SYS_TIME"\]/)
  })
})

test('a parameter is proposed only where it would let pass all that was found', () => {
  expect(adjusted('pids-limit', ['40000', '50000'], { max: 100 })).toEqual({
    parameter: 'max',
    value: 50_000,
  })
  expect(adjusted('pids-limit', ['unlimited'], { max: 100 })).toBeUndefined()
  expect(adjusted('host-devices', ['/dev/kvm'], { allow: ['/dev/fuse'] })).toEqual({
    parameter: 'allow',
    value: ['/dev/fuse', '/dev/kvm'],
  })
  expect(adjusted('privileged', ['x'], {})).toBeUndefined()
})

test('totals come back from their text; a log that was tampered with makes no series of its own', () => {
  const totals = noTotals()
  const findings = [
    { rule: 'docker-socket', outcome: 'refused' },
    { rule: hostile, outcome: 'refused' },
    { rule: 'docker-socket', outcome: hostile },
  ]
  add(
    totals,
    record({ verdict: hostile, engine: { id: hostile }, findings, sequence: 7 }),
    new Set(['docker-socket']),
  )
  expect([...totals.findings]).toEqual([['docker-socket refused', 1]])
  expect(totals.decisions.get('deny none')).toBe(1)
  expect(totals.sequence).toBe(7)
  expect(totalsIn(JSON.parse(totalsText(totals)))).toEqual(totals)
  expect(totalsIn({ version: 2 })).toBeUndefined()
})
