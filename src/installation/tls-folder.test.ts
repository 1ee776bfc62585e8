/** TLS folders with certificates that openssl makes here. */
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { openssl, writeTlsFolder } from '../../test/support/certificates.ts'
import { err, ok } from '../core/result.ts'
import type { TlsHost } from './openssl.ts'
import { checkTlsFolder } from './tls-folder.ts'

const workspace = mkdtempSync(join(tmpdir(), 'lintel-tls-'))
const sound = join(workspace, 'sound')

beforeAll(() => writeTlsFolder(sound))
afterAll(() => rmSync(workspace, { recursive: true, force: true }))

/** The real files and the real openssl; whoever runs the tests is root. `hidden`: paths that are not there. */
const hostWithout = (...hidden: readonly string[]): TlsHost => ({
  stat: (path) => {
    const found = hidden.includes(path) ? undefined : statSync(path, { throwIfNoEntry: false })
    if (found === undefined) return err({ code: 'ENOENT', syscall: 'stat', path })
    const uid = found.uid === process.getuid?.() ? 0 : found.uid
    const kind = found.isDirectory() ? 'directory' : 'file'
    const rest = { id: '', device: '', represents: '', gid: 0, size: found.size, modified: '', changed: '' }
    return ok({ ...rest, kind, uid, mode: found.mode & 0o7777 })
  },
  spawn: ([program = '', ...words], input, timeout) => {
    const { status, stdout, stderr } = spawnSync(program, words, { input, timeout, encoding: 'utf8' })
    return ok({ status: status ?? 137, stdout, stderr, timedOut: status === null })
  },
})

const checked = (folder: string, names: readonly string[] = ['gateway.example']): readonly string[] =>
  checkTlsFolder(hostWithout(), folder, names).map(({ severity, message }) => `${severity}: ${message}`)

/** A copy of the sound folder in which something is done by this. */
const changed = (name: string, change: (folder: string) => void): string => {
  const folder = join(workspace, name)
  mkdirSync(folder, { mode: 0o755 })
  for (const file of ['ca.pem', 'ca-key.pem', 'server-cert.pem', 'server-key.pem'])
    copyFileSync(join(sound, file), join(folder, file))
  chmodSync(join(folder, 'server-key.pem'), 0o400)
  change(folder)
  return folder
}

describe('a sound folder', () => {
  test('is only told what names it serves', () => {
    const names = 'gateway.example, *.cops.example, 127.0.0.1, 0:0:0:0:0:0:0:1'
    const note = `note: ${sound}/server-cert.pem serves clients that connect by ${names}`
    for (const name of ['gateway.example', 'GATEWAY.example', 'a.cops.example', '127.0.0.1', '::1'])
      expect(checked(sound, [name, 'other.example'])).toEqual([note])
    expect(checked(sound, [])).toEqual([note])
  })

  test.each(['other.example', 'a.b.cops.example', '127.0.0.2', '::2'])('is warned of for %s', (name) => {
    const [finding, ...others] = checked(sound, [name])
    expect(finding).toMatch(/^warning: .*server-cert\.pem is for gateway\.example, .*not for this host's /)
    expect(others).toEqual([])
  })

  test('may lead to its authority over others, served along', () => {
    const [between, folder] = [join(workspace, 'between'), join(workspace, 'led')]
    writeTlsFolder(between, { extensions: 'basicConstraints=critical,CA:TRUE', authority: sound })
    mkdirSync(folder)
    for (const [from, to] of [
      ['server-cert.pem', 'ca.pem'],
      ['server-key.pem', 'ca-key.pem'],
    ])
      copyFileSync(join(between, from ?? ''), join(folder, to ?? ''))
    writeTlsFolder(folder, { authority: folder })
    copyFileSync(join(sound, 'ca.pem'), join(folder, 'ca.pem'))
    expect(checked(folder)[0]).toMatch(/^error: .*server-cert\.pem is not proven by /)
    appendFileSync(join(folder, 'server-cert.pem'), readFileSync(join(between, 'server-cert.pem')))
    expect(checked(folder)).toEqual([expect.stringMatching(/^note: /)])
  })

  test('cannot be told to be sound without openssl', () => {
    const host = hostWithout('/usr/bin/openssl', '/bin/openssl', '/usr/local/bin/openssl')
    expect(checkTlsFolder(host, sound, [])).toEqual([
      { severity: 'error', message: expect.stringContaining('no openssl on this host') },
    ])
  })
})

const issued = (days: number, extensions: string) => (folder: string) =>
  writeTlsFolder(folder, { days, extensions, authority: sound })
const names = 'subjectAltName=DNS:gateway.example'
const forServers = 'extendedKeyUsage=serverAuth'

/** What is done to the folder, and all that must be said beside the note. */
const faults: readonly (readonly [string, (folder: string) => void, readonly RegExp[]])[] = [
  [
    'a key others read',
    (at) => chmodSync(`${at}/server-key.pem`, 0o640),
    [/^error: .*server-key\.pem has mode 0640.*chmod 0400/],
  ],
  [
    'a folder others write',
    (at) => chmodSync(at, 0o777),
    [/^error: .* has mode 0777, others can write it; chmod go-w/],
  ],
  [
    'no certificate',
    (at) => rmSync(`${at}/server-cert.pem`),
    [/^error: .*server-cert\.pem cannot be looked at \(ENOENT\)/],
  ],
  [
    'a folder in a file’s place',
    (at) => {
      rmSync(`${at}/server-key.pem`)
      mkdirSync(`${at}/server-key.pem`)
    },
    [/^error: .*server-key\.pem is a directory/, /^error: .*server-key\.pem is no private key/],
  ],
  [
    'what is no certificate',
    (at) => writeFileSync(`${at}/server-cert.pem`, 'x\n'),
    [/^error: .*server-cert\.pem holds no certificate/],
  ],
  [
    'what is no authority',
    (at) => writeFileSync(`${at}/ca.pem`, 'x\n'),
    [/^error: .*ca\.pem holds no certificate/],
  ],
  [
    'a certificate that ends soon',
    issued(20, `${names}\n${forServers}`),
    [/^warning: .*server-cert\.pem ends on .* GMT, in under 30 days/],
  ],
  [
    'a certificate that has ended',
    issued(-1, `${names}\n${forServers}`),
    [/^error: the certificate .*server-cert\.pem ended on .* GMT; renew it/],
  ],
  ['a certificate without names', issued(90, forServers), [/^error: .*server-cert\.pem names no host/]],
  [
    'a certificate for clients',
    issued(90, `${names}\nextendedKeyUsage=clientAuth`),
    [/^error: .*server-cert\.pem is not for servers; .*serverAuth/],
  ],
  [
    'a certificate of another authority',
    (at) => {
      writeTlsFolder(`${at}/other`)
      copyFileSync(`${at}/other/ca.pem`, `${at}/ca.pem`)
    },
    [/^error: .*server-cert\.pem is not proven by .*ca\.pem: /],
  ],
  [
    'the key of another certificate',
    (at) => {
      writeTlsFolder(`${at}/other`)
      rmSync(`${at}/server-key.pem`)
      copyFileSync(`${at}/other/server-key.pem`, `${at}/server-key.pem`)
    },
    [/^error: .*server-key\.pem is not the key of .*server-cert\.pem/],
  ],
  [
    'a key with a passphrase',
    (at) => {
      const key = `${at}/server-key.pem`
      openssl('pkey', '-in', key, '-aes256', '-passout', 'pass:secret', '-out', `${at}/locked.pem`)
      rmSync(key)
      copyFileSync(`${at}/locked.pem`, key)
      chmodSync(key, 0o400)
    },
    [/^error: .*server-key\.pem is no private key that can be read without a passphrase/],
  ],
]

describe('a folder with a fault', () => {
  test.each(faults)('%s', (name, change, said) => {
    const findings = checked(changed(name.replaceAll(/\W/g, '-'), change)).filter(
      (each) => !each.startsWith('note'),
    )
    expect(findings).toHaveLength(said.length)
    for (const [index, line] of said.entries()) expect(findings[index]).toMatch(line)
  })

  test.each(['rsa:2048', 'ed25519'])('none is found with keys of %s', (algorithm) => {
    const folder = join(workspace, algorithm.replace(':', '-'))
    writeTlsFolder(folder, { algorithm })
    expect(checked(folder)).toEqual([expect.stringMatching(/^note: /)])
  })

  test('one of another owner is told', () => {
    const host = hostWithout()
    const foreign: TlsHost = {
      ...host,
      stat: (path, follow) => {
        const found = host.stat(path, follow)
        return found.ok && path.endsWith('ca.pem') ? ok({ ...found.value, uid: 1000 }) : found
      },
    }
    expect(checkTlsFolder(foreign, sound, [])).toContainEqual({
      severity: 'error',
      message: `${sound}/ca.pem belongs to uid 1000, not to root; chown root ${sound}/ca.pem`,
    })
  })
})
