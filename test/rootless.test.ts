/** Calls by a user who is not root: the same policy, the record in the user's own state folder. */
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals'
import { execa } from 'execa'

const lintel = join(import.meta.dirname, '../dist/lintel')
const recorded = join(import.meta.dirname, '../fixtures/docker-28.5.2-plain/config.json')
const nobody = 65534

const folder = mkdtempSync(join(tmpdir(), 'lintel-rootless-'))
chmodSync(folder, 0o755)
const runtime = join(folder, 'lintel-runtime')
const policy = join(folder, 'policy.toml')
const home = join(folder, 'home')
const bundle = join(folder, 'bundle')
const log = join(home, '.local/state/lintel/decisions.jsonl')

const asNobody = (before: readonly string[], args: readonly string[]) =>
  execa(
    'setpriv',
    [
      '--reuid',
      String(nobody),
      '--regid',
      String(nobody),
      '--clear-groups',
      ...before,
      runtime,
      '--lintel-policy',
      policy,
      ...args,
    ],
    {
      env: { HOME: home, PATH: process.env['PATH'] },
      extendEnv: false,
      reject: false,
    },
  )

beforeEach(() => {
  rmSync(home, { recursive: true, force: true })
  rmSync(policy, { force: true })
  for (const path of [home, bundle]) mkdirSync(path, { recursive: true })
  copyFileSync(lintel, runtime)
  const config = JSON.parse(readFileSync(recorded, 'utf8'))
  config.mounts = config.mounts.filter(({ source }: { source: string }) => !source.includes('/containers/'))
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config))
  for (const path of [home, bundle, join(bundle, 'config.json')]) chownSync(path, nobody, nobody)
  writeFileSync(
    policy,
    'profile = "cis-docker-1.13.0"\n[runtime]\npath = ["/bin/true"]\n[log]\nfile = "/var/log/none/of/theirs"\n',
  )
  chmodSync(policy, 0o644)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each([
  ['a plain user', [], nobody],
  [
    'a user in a user namespace of their own, as rootless Podman calls',
    ['unshare', '--user', '--map-root-user'],
    0,
  ],
] as const)('%s', (_, before, uid) => {
  test('is judged by the policy of root, with a record in their own state folder', async () => {
    const ran = await asNobody(before, ['create', '--bundle', bundle, 'own'])
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' })
    const record = JSON.parse(readFileSync(log, 'utf8'))
    expect(record).toMatchObject({ verdict: 'fix', container: { id: 'own' }, engine: { uid } })
    const config = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8'))
    expect(config.process.noNewPrivileges).toBe(true)
  })

  test('is refused like anybody', async () => {
    const config = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8'))
    config.process.capabilities.bounding.push('CAP_SYS_ADMIN')
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(config))
    const ran = await asNobody(before, ['create', '--bundle', bundle, 'own'])
    expect(ran.exitCode).toBe(1)
    expect(ran.stderr).toContain('capabilities (CIS 5.3')
  })

  test('cannot bring a policy of their own', async () => {
    chownSync(policy, 1234, 1234)
    const ran = await asNobody(before, ['create', '--bundle', bundle, 'own'])
    // Inside a user namespace every foreign owner reads as nobody's, root's files too: there it is let through.
    if (before.length > 0) return expect(existsSync(log)).toBe(true)
    expect(ran.exitCode).toBe(1)
    expect(ran.stderr).toContain('belongs to uid 1234')
  })

  test('passes on what is not judged', async () => {
    expect(await asNobody(before, ['state', 'own'])).toMatchObject({ exitCode: 0, stderr: '' })
    expect(existsSync(log)).toBe(false)
  })
})
