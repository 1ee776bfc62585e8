/** lintel doctor and lintel status on a host in memory: what they print, in which form, and how they end. */
import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { Ajv } from 'ajv'
import { ago } from '../src/cli/ago.ts'
import { doctor } from '../src/cli/doctor.ts'
import type { Output } from '../src/cli/output.ts'
import { status } from '../src/cli/status.ts'
import { type MemoryHost, memoryHost, now } from './support/memory-host.ts'

Object.assign(globalThis, { LINTEL_VERSION: '0.0.0' })

const outputTo = (lines: string[], columns?: number): Output => ({
  columns,
  print: (text) => lines.push(...text.split('\n')),
  complain: (text) => lines.push(`lintel: ${text}`),
  bold: (text) => text,
  red: (text) => text,
  yellow: (text) => text,
  dim: (text) => text,
})

const printed = (run: (output: Output) => number, columns?: number) => {
  const lines: string[] = []
  const code = run(outputTo(lines, columns))
  return { code, lines, text: lines.join('\n') }
}

const options = { prove: false, failOn: 'way-round', format: 'text' } as const

const examined = (told: MemoryHost, more: Partial<Parameters<typeof doctor>[2]> = {}, columns?: number) => {
  const { host, ran } = memoryHost(told)
  return { ...printed((output) => doctor(host, output, { ...options, ...more }), columns), ran }
}

const logFile = '/var/log/lintel/decisions.jsonl'
const decision = (container: string): string =>
  `{"version":1,"id":"r","time":"2027-03-01T11:57:00Z","operation":"create","container":{"id":"${container}"},"engine":{"id":"podman","proven":true},"verdict":"fix"}\n`

const asks =
  'env -u CONTAINERS_CONF -u CONTAINERS_CONF_OVERRIDE /usr/bin/podman info --format {{.Host.OCIRuntime.Path}}'

/** A host with Podman alone, registered by hand, its real runtime out of the way. */
const good: MemoryHost = {
  lintel: ['/usr/bin/lintel', '/usr/bin/lintel-runtime'],
  programs: ['/usr/bin/podman', '/usr/libexec/lintel/runc'],
  prints: {
    [asks]: '/usr/bin/lintel-runtime\n',
    '/usr/bin/podman --version': 'podman version 4.3.1\n',
    '/usr/libexec/lintel/runc --version': 'runc version 1.4.3\n',
  },
  files: {
    '/etc/containers/containers.conf':
      '[engine]\nruntime = "lintel"\n[engine.runtimes]\nlintel = ["/usr/bin/lintel-runtime"]\n',
    '/etc/lintel/policy.toml': 'version = 1\n',
    '/sys/fs/selinux/enforce': '1',
    [logFile]: { text: decision('x'), mode: 0o600 },
  },
}

const bad: MemoryHost = { ...good, files: { '/etc/lintel/policy.toml': 'version = 1\nmode = "warn"\n' } }

test('all good: exit 0, a table and nothing to do', () => {
  const { code, lines } = examined(good)
  expect(lines).toEqual([
    'ENGINE  VERSION  REGISTERED  EFFECTIVE  LAST DECISION  CONFIGURATION',
    'podman  4.3.1    yes         yes        3 min ago      /etc/containers/containers.conf',
    '',
    'Notes',
    '  kernel: SELinux enforcing, AppArmor off',
    '',
    '0 problems, 0 ways round lintel, 1 note',
  ])
  expect(code).toBe(0)
})

test('findings: exit 1, each with what to do in one line', () => {
  const { code, text } = examined(bad)
  expect(code).toBe(1)
  expect(text).toContain(
    'podman: is not registered: /etc/containers/containers.conf does not make lintel its runtime',
  )
  expect(text).toContain('     -> lintel install podman\n')
  expect(text).toContain('policy: mode warn')
})

test('ways round alone do not count with --fail-on problem; problems do', () => {
  const programs = [...(good.programs ?? []), '/usr/bin/crun']
  const told = { ...good, programs }
  expect(examined(told).code).toBe(1)
  expect(examined(told).text).toContain('0 problems, 1 way round lintel, 1 note')
  expect(examined(told, { failOn: 'problem' }).code).toBe(0)
  expect(examined(bad, { failOn: 'problem' }).code).toBe(1)
})

test('who is not root is told so: exit 3', () => {
  const { code, text } = examined({ ...good, uid: 1000 })
  expect([code, text]).toEqual([3, 'lintel: only root can look at every engine of the host; run it as root'])
})

test('a terminal’s width is kept', () => {
  const { lines } = examined(bad, {}, 60)
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60)
})

test('a host without engines says so', () => {
  const { code, text } = examined({
    ...good,
    programs: ['/usr/libexec/lintel/runc'],
    files: { '/etc/lintel/policy.toml': 'version = 1\n' },
  })
  expect(text).toContain('host: no container engine was found')
  expect(code).toBe(0)
})

const validated = (name: string, text: string): boolean => {
  const schema = JSON.parse(readFileSync(new URL(`../schemas/${name}.schema.json`, import.meta.url), 'utf8'))
  const validate = new Ajv({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    allErrors: true,
  }).compile(schema)
  if (validate(JSON.parse(text))) return true
  throw new Error(JSON.stringify(validate.errors))
}

test.each([
  ['good', good],
  ['bad', bad],
])('JSON keeps to its schema: %s', (_, told) => {
  expect(validated('doctor', examined(told, { format: 'json' }).text)).toBe(true)
  expect(validated('doctor', examined(told, { format: 'json', prove: true }).text)).toBe(true)
  const shown = printed((output) => status(memoryHost(told).host, output, 'json'))
  expect(validated('status', shown.text)).toBe(true)
})

const client = '/usr/bin/podman'
const create = `${client} create --network none --memory 64m --pids-limit 16 --read-only --user 65534:65534 --cap-drop ALL --security-opt no-new-privileges sha256:i /lintel-doctor`

test('--prove has the engine make a container, takes it away again, and looks for its record', () => {
  const prints = { ...good.prints, [`${client} import -`]: 'sha256:i\n', [create]: 'x\n' }
  const proven = examined({ ...good, prints }, { prove: true })
  expect(proven.text).toContain('3 min ago, proven')
  expect(proven.code).toBe(0)
  const calls = proven.ran.slice(proven.ran.indexOf(`${client} import -`))
  expect(calls.slice(0, 5)).toEqual([
    `${client} import -`,
    create,
    `${client} start x`,
    `${client} rm --force x`,
    `${client} rmi sha256:i`,
  ])
  const unseen = examined({ ...good, prints: { ...prints, [create]: 'y\n' } }, { prove: true })
  expect(unseen.text).toContain(
    'podman: could not be proven: container y was started, and no decision was recorded',
  )
  expect(unseen.code).toBe(1)
  expect(examined(good, { prove: true }).text).toContain('podman: could not be proven')
  expect(examined(bad, { prove: true }).ran.some((command) => command.includes('import'))).toBe(false)
})

test('without crun Podman’s default is runc, and lintel in its place counts', () => {
  const lintel = [...(good.lintel ?? []), '/usr/bin/runc']
  const files = { ...good.files, '/etc/containers/containers.conf': '' }
  const prints = { ...good.prints, [asks]: '/usr/bin/runc\n' }
  expect(examined({ ...good, lintel, files, prints }).text).toMatch(/^podman +4\.3\.1 +yes +yes /m)
  const programs = [...(good.programs ?? []), '/usr/bin/crun']
  expect(examined({ ...good, lintel, files, prints, programs }).text).toMatch(/^podman +4\.3\.1 +no +no /m)
})

test('status is one screen', () => {
  const { host } = memoryHost(good)
  const { code, lines } = printed((output) => status(host, output, 'text'))
  expect(lines).toEqual([
    'lintel      0.0.0',
    expect.stringMatching(/^policy {6}mode enforce, profile cis-docker-1\.13\.0, digest [0-9a-f]{12}$/),
    'engines     podman 4.3.1: registered yes, effective yes, last decision 3 min ago',
    'last 24 h   0 allowed, 1 repaired, 0 refused, 0 would be refused',
    `log         ${logFile}, 1 KiB, back to 2027-03-01 in 1 file`,
  ])
  expect(code).toBe(0)
})

test('status tells of break-glass, a broken policy and no engines', () => {
  const breakGlass = { since: 'a', until: '2027-03-01T13:00:00Z', by: 'uid 0', reason: 'fire', running: true }
  const { host } = memoryHost({ breakGlass, files: { '/etc/lintel/policy.toml': 'mode = "warm"\n' } })
  const { code, text } = printed((output) => status(host, output, 'text'))
  expect(text).toContain('break-glass runs until 2027-03-01T13:00:00Z, by uid 0: fire')
  expect(text).toContain('engines     none found')
  expect(text).toContain('/etc/lintel/policy.toml')
  expect(code).toBe(1)
  const user = memoryHost({ uid: 5 })
  expect(printed((output) => status(user.host, output, 'text')).code).toBe(3)
})

test.each([
  [0, '0 s ago'],
  [59, '59 s ago'],
  [60, '1 min ago'],
  [3600, '1 h ago'],
  [47 * 3600, '47 h ago'],
  [48 * 3600, '2 days ago'],
  [-5, '0 s ago'],
])('%i seconds are %s', (seconds, words) => {
  expect(ago(new Date(now - seconds * 1000).toISOString(), now)).toBe(words)
})
