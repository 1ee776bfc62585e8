/** What is recorded of a registration is what taking it out again needs, however often and with whatever it was made. */
import { expect, test } from '@jest/globals'
import { memoryHost } from '../../test/support/memory-host.ts'
import type { FileChange, Installation, Texts, Wanted } from '../registration/registration.ts'
import { planInstall, planUninstall } from './plan.ts'
import type { Registered } from './state.ts'
import { wantedOf } from './state.ts'

const runtime = '/usr/local/sbin/lintel-runtime'
const daemonFile = '/etc/docker/daemon.json'
const docker: Installation = {
  engine: 'docker',
  program: '/usr/bin/dockerd',
  version: '20.10.24',
  configuration: daemonFile,
  daemon: undefined,
}
const containers = '/etc/containers/containers.conf'
const dropIn = `${containers}.d/zz-lintel.conf`
const podman: Installation = {
  engine: 'podman',
  program: '/usr/bin/podman',
  version: '4.3.1',
  configuration: containers,
  daemon: undefined,
}
const tls = { port: 2376, folder: '/etc/docker/tls' }

const hostOf = (texts: Texts) =>
  memoryHost({
    files: Object.fromEntries(
      Object.entries(texts).flatMap(([path, text]) => (text === undefined ? [] : [[path, text]])),
    ),
  }).host

const made = (texts: Texts, changes: readonly FileChange[]): Texts => ({
  ...texts,
  ...Object.fromEntries(changes.map(({ path, after }) => [path, after])),
})

/** A host on which one engine is registered and taken out, and edited in between. */
const openHost = (installation: Installation, start: Texts) => {
  let texts = start
  let known: Registered | undefined
  return {
    texts: () => texts,
    edit: (path: string, change: (text: string) => string): void => {
      texts = { ...texts, [path]: change(texts[path] ?? '') }
    },
    install: (wanted: Omit<Wanted, 'runtime'>): void => {
      const plan = planInstall(hostOf(texts), { installation, known }, { runtime, ...wanted })
      if (!plan.ok) throw new Error(plan.error)
      texts = made(texts, plan.value.changes)
      known = {
        installation,
        runtime,
        since: '',
        folders: [],
        files: plan.value.files,
        tls: wanted.tls ?? known?.tls,
        becomes: wanted.becomes,
      }
    },
    uninstall: (keepName: boolean): void => {
      if (known === undefined) throw new Error('it is not registered')
      const wanted = wantedOf(known)
      const plan = planUninstall(hostOf(texts), { installation, known }, { wanted, keepName })
      if (!plan.ok) throw new Error(plan.error)
      texts = made(texts, plan.value.changes)
      known = { ...known, files: plan.value.files }
    },
  }
}

const original = '{\n  "iptables": false\n}\n'
const withLabels = (text: string): string =>
  text.replace('"iptables": false', '"labels": ["a=b"], "iptables": false')

test.each([
  ['asked for once', [{ tls }]],
  ['and registered again without it', [{ tls }, { tls: undefined }]],
])('TLS, %s, goes with lintel although the file was edited since', (_, installs) => {
  const host = openHost(docker, { [daemonFile]: original })
  for (const each of installs) host.install(each)
  expect(JSON.parse(host.texts()[daemonFile] ?? '')).toMatchObject({
    tlsverify: true,
    tlscert: expect.any(String),
  })
  host.edit(daemonFile, withLabels)
  host.uninstall(false)
  expect(host.texts()[daemonFile]).toBe(withLabels(original))
})

test('edited between two registrations, the text to go back to holds the edit and nothing of ours', () => {
  const host = openHost(docker, { [daemonFile]: original })
  host.install({ tls })
  host.edit(daemonFile, (text) =>
    withLabels(text).replace('"default-runtime": "lintel"', '"default-runtime": "runc"'),
  )
  host.install({ tls: undefined })
  host.uninstall(false)
  expect(JSON.parse(host.texts()[daemonFile] ?? '')).toEqual({
    iptables: false,
    labels: ['a=b'],
    'default-runtime': 'runc',
  })
})

test('of TLS what the administrator has set otherwise since stays, and the socket beside what he added', () => {
  const host = openHost(docker, { [daemonFile]: original })
  host.install({ tls })
  host.edit(daemonFile, (text) =>
    text
      .replace('/etc/docker/tls/server-cert.pem', '/srv/own.pem')
      .replace('"tcp://0.0.0.0:2376"', '"tcp://0.0.0.0:2376", "unix:///run/second.sock"'),
  )
  host.uninstall(false)
  expect(JSON.parse(host.texts()[daemonFile] ?? '')).toEqual({
    iptables: false,
    hosts: ['unix:///var/run/docker.sock', 'unix:///run/second.sock'],
    tlscert: '/srv/own.pem',
  })
})

test('uninstalled while containers are pinned: the name alone stays; then every byte is as it was', () => {
  const host = openHost(docker, { [daemonFile]: original })
  host.install({ tls })
  host.uninstall(true)
  expect(JSON.parse(host.texts()[daemonFile] ?? '')).toEqual({
    iptables: false,
    runtimes: { lintel: { path: runtime } },
  })
  const kept = host.texts()
  host.uninstall(true)
  expect(host.texts()).toEqual(kept)
  host.uninstall(false)
  expect(host.texts()[daemonFile]).toBe(original)
})

test('the same where there was no file, and with an edit in between', () => {
  const none = openHost(docker, {})
  none.install({ tls: undefined })
  none.uninstall(true)
  none.uninstall(false)
  expect(none.texts()[daemonFile]).toBeUndefined()
  const edited = openHost(docker, { [daemonFile]: original })
  edited.install({ tls: undefined })
  edited.uninstall(true)
  edited.edit(daemonFile, withLabels)
  edited.uninstall(false)
  expect(edited.texts()[daemonFile]).toBe(withLabels(original))
})

test('where another runtime lies under lintel than before, its names are taken over instead', () => {
  const settings = { [containers]: '[engine]\nevents_logger = "file"\n' }
  const host = openHost(podman, settings)
  host.install({ tls: undefined, becomes: '/usr/bin/crun' })
  expect(host.texts()[dropIn]).toContain(`\ncrun = ["${runtime}"]\n`)
  expect(host.texts()[dropIn]).not.toContain('\nrunc = ')
  host.install({ tls: undefined, becomes: '/usr/sbin/runc' })
  expect(host.texts()[dropIn]).toContain(`\nrunc = ["${runtime}"]\n`)
  expect(host.texts()[dropIn]).not.toContain('\ncrun = ')
  host.edit(dropIn, (text) => `${text}[network]\ndns_bind_port = 1053\n`)
  host.install({ tls: undefined, becomes: '/usr/bin/crun' })
  expect(host.texts()[dropIn]).not.toContain('\nrunc = ')
  host.uninstall(true)
  expect(host.texts()[dropIn]).toContain('lintel = [')
  expect(host.texts()[dropIn]).not.toMatch(/^(?:crun|runc|runtime|runtime_supports_json) =/m)
  host.uninstall(false)
  expect(host.texts()[containers]).toBe(settings[containers])
  expect(host.texts()[dropIn]).toMatch(/^# Written[^\n]*\n\s*\[network\]\ndns_bind_port = 1053\n$/)
})
