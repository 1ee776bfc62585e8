/** The .deb in an empty Debian root: real dpkg installs, upgrades, refuses and removes. Needs root and `npm run package`. */
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { type EmptyRoot, openDebianRoot } from './support/empty-root.ts'
import { engineFiles, packageFile, version } from './support/packages.ts'

jest.setTimeout(60_000)

let root: EmptyRoot
let before: readonly string[]

const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(root.folder, path)), { recursive: true })
  writeFileSync(join(root.folder, path), text)
}
// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own
const status = async (): Promise<string> => (await root.run("dpkg-query -W -f '${Status}' lintel")).all

beforeAll(async () => {
  root = await openDebianRoot()
  copyFileSync(packageFile('.deb'), join(root.folder, 'root/lintel.deb'))
  for (const [path, text] of Object.entries(engineFiles)) write(path, text)
  before = root.paths()
})
afterAll(() => root.close())

test('dpkg installs it, and lintel works', async () => {
  const installed = await root.run('dpkg -i /root/lintel.deb')
  expect([installed.status, installed.all]).toEqual([0, expect.stringContaining('Setting up lintel')])
  expect(await status()).toBe('install ok installed')
  expect(await root.run('lintel --version')).toEqual({ status: 0, all: version })
  expect(await root.run('dpkg --verify lintel')).toEqual({ status: 0, all: '' })
  const mode = (path: string): string => (statSync(join(root.folder, path)).mode & 0o7777).toString(8)
  expect([mode('etc/lintel'), mode('var/lib/lintel'), mode('var/log/lintel')]).toEqual(['755', '711', '700'])
})

test('while engines are registered it is upgraded, and not removed', async () => {
  write('/var/lib/lintel/install/journal', '{}')
  expect((await root.run('dpkg -i /root/lintel.deb')).status).toBe(0)
  for (const words of ['--remove', '--purge']) {
    const removal = await root.run(`dpkg ${words} lintel`)
    expect([removal.status, removal.all]).toEqual([
      1,
      expect.stringContaining('lintel: still in use (engines are registered, says /var/lib/lintel/install)'),
    ])
  }
  expect(await root.run('lintel --version')).toEqual({ status: 0, all: version })
  expect(readFileSync(join(root.folder, 'var/lib/lintel/install/journal'), 'utf8')).toBe('{}')
  await root.run('rm -r /var/lib/lintel/install')
})

test('removed and purged, it leaves policy and decision log; no engine’s file has changed', async () => {
  write('/etc/lintel/policy.toml', 'version = 1\n')
  write('/var/log/lintel/decisions.jsonl', '{}\n')
  write('/var/lib/lintel/policy/compiled', '')
  expect((await root.run('dpkg --remove lintel')).status).toBe(0)
  expect((await root.run('dpkg --purge lintel')).status).toBe(0)
  const own = (path: string): boolean => !/^\/var\/(lib\/dpkg|log\/dpkg)/.test(path)
  const after = root.paths()
  expect(after.filter((path) => !before.includes(path) && own(path))).toEqual([
    '/etc/lintel/',
    '/etc/lintel/policy.toml',
    '/var/log/lintel/',
    '/var/log/lintel/decisions.jsonl',
  ])
  expect(before.filter((path) => !after.includes(path) && own(path))).toEqual([])
  for (const [path, text] of Object.entries(engineFiles))
    expect(readFileSync(join(root.folder, path), 'utf8')).toBe(text)
})
