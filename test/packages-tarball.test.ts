/** The tarball alone, in an empty Debian root without network. Needs root and `npm run package`. */
import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { machine } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { type EmptyRoot, openBusyboxRoot, openDebianRoot } from './support/empty-root.ts'
import { engineFiles, packageFile, version } from './support/packages.ts'

jest.setTimeout(120_000)

let debian: EmptyRoot
let busybox: EmptyRoot

beforeAll(async () => {
  debian = await openDebianRoot()
  busybox = openBusyboxRoot()
})
afterAll(() => {
  debian.close()
  busybox.close()
})

const write = (root: EmptyRoot, path: string, text: string): void => {
  mkdirSync(dirname(join(root.folder, path)), { recursive: true })
  writeFileSync(join(root.folder, path), text)
}

/** Lays the tarball into /root as a download would lie there, with engines' configurations beside it. */
const prepare = (root: EmptyRoot): void => {
  copyFileSync(packageFile(`linux-${machine()}.tar.gz`), join(root.folder, 'root/lintel.tar.gz'))
  for (const [path, text] of Object.entries(engineFiles)) write(root, path, text)
}

const unpack = 'cd /root; tar -xzf lintel.tar.gz; cd lintel-*'

const bundle = JSON.stringify({
  ociVersion: '1.0.2',
  process: { args: ['true'], cwd: '/', user: { uid: 0, gid: 0 } },
  root: { path: 'rootfs' },
  mounts: [{ destination: '/s', type: 'bind', source: '/var/run/docker.sock', options: ['rbind'] }],
})

describe.each([
  ['Debian', () => debian],
  ['busybox', () => busybox],
] as const)('in an empty root of %s', (_, root) => {
  let before: readonly string[]

  test('install.sh installs without network, and lintel works', async () => {
    prepare(root())
    expect((await root().run(unpack)).all).toBe('')
    before = root().paths()
    expect(await root().run(`${unpack}; umask 077; sh install.sh`)).toEqual({
      status: 0,
      all: `lintel ${version} is in /usr/local/bin; no engine was touched. Next: lintel install --dry-run all`,
    })
    expect(await root().run('lintel --version')).toEqual({ status: 0, all: version })
    expect(await root().run('readlink /usr/local/bin/lintel-runtime')).toEqual({ status: 0, all: 'lintel' })
    expect((await root().run('lintel policy check')).status).toBe(0)
    write(root(), '/root/bundle/config.json', bundle)
    const lint = await root().run('lintel lint /root/bundle')
    expect(lint.status).toBe(1)
    expect(lint.all).toContain('docker-socket')
  })

  test('modes do not depend on the umask', () => {
    const mode = (path: string): string => (statSync(join(root().folder, path)).mode & 0o7777).toString(8)
    expect(mode('usr/local/bin/lintel')).toBe('755')
    expect(mode('usr/local/share/man/man1/lintel.1.gz')).toBe('644')
    expect(mode('usr/local/share/lintel')).toBe('755')
    expect([mode('etc/lintel'), mode('var/lib/lintel'), mode('var/log/lintel')]).toEqual([
      '755',
      '711',
      '700',
    ])
  })

  test('a second run changes nothing, and an upgrade takes away what is no longer shipped', async () => {
    const first = root().paths()
    expect((await root().run(`${unpack}; sh install.sh`)).status).toBe(0)
    expect(root().paths()).toEqual(first)
    await root().run('cd /usr/local/share/lintel; echo old > old-file; echo $PWD/old-file >> installed-files')
    expect((await root().run(`${unpack}; sh install.sh`)).status).toBe(0)
    expect(root().paths()).toEqual(first)
  })

  test.each([
    [
      'lintel install has registered engines',
      '/var/lib/lintel/install/journal',
      '{}',
      'engines are registered',
    ],
    [
      'an engine was registered by hand',
      '/etc/docker/daemon.json',
      '{"runtimes":{"lintel":{"path":"/usr/local/bin/lintel-runtime"}}}',
      '/etc/docker/daemon.json names lintel-runtime',
    ],
    [
      'a drop-in of containerd names it',
      '/etc/containerd/conf.d/lintel.toml',
      'BinaryName = "/usr/local/bin/lintel-runtime"',
      '/etc/containerd/conf.d/lintel.toml names lintel-runtime',
    ],
  ])('--uninstall refuses where %s', async (_, path, text, says) => {
    write(root(), path, text)
    const installed = root().paths()
    const { status, all } = await root().run('sh /usr/local/share/lintel/install.sh --uninstall')
    expect([status, all]).toEqual([1, expect.stringContaining(says)])
    expect(all).toMatch(/^lintel: still in use \([^\n]*\); run "lintel uninstall" first, then remove it$/)
    expect(root().paths()).toEqual(installed)
    await root().run(`rm -r ${path.startsWith('/etc/docker') ? path : dirname(path)}`)
    if (path.startsWith('/etc/docker')) write(root(), path, engineFiles[path] ?? '')
  })

  test.each([
    ['a link to', 'ln -s /usr/local/bin/lintel-runtime /usr/sbin/runc'],
    ['a copy of', 'cp /usr/local/bin/lintel /usr/sbin/runc'],
  ])('--uninstall refuses where runc is %s lintel', async (_, script) => {
    await root().run(script)
    const { status, all } = await root().run('sh /usr/local/share/lintel/install.sh --uninstall')
    expect([status, all]).toEqual([1, expect.stringContaining('/usr/sbin/runc is lintel')])
    await root().run('rm /usr/sbin/runc')
  })

  test('--uninstall leaves policy and decision log, and nothing else; no engine’s file has changed', async () => {
    write(root(), '/etc/lintel/policy.toml', 'version = 1\n')
    // As lintel uninstall leaves it.
    write(root(), '/var/lib/lintel/install/state.json', '{"version":1,"registered":[],"leftovers":[]}')
    write(root(), '/var/log/lintel/decisions.jsonl', '{}\n')
    const { status, all } = await root().run('sh /usr/local/share/lintel/install.sh --uninstall')
    expect([status, all]).toEqual([0, '/etc/lintel stays\n/var/log/lintel stays'])
    const after = root().paths()
    expect(after.filter((path) => !before.includes(path) && !path.startsWith('/root/bundle'))).toEqual([
      '/etc/lintel/',
      '/etc/lintel/policy.toml',
      '/var/log/lintel/',
      '/var/log/lintel/decisions.jsonl',
    ])
    expect(before.filter((path) => !after.includes(path))).toEqual([])
    for (const [path, text] of Object.entries(engineFiles))
      expect(readFileSync(join(root().folder, path), 'utf8')).toBe(text)
  })
})

describe('install.sh refuses', () => {
  test('a file that is not as it was shipped, and installs nothing', async () => {
    await debian.run(`${unpack}; echo >> bin/lintel`)
    const before = debian.paths()
    const { status, all } = await debian.run('cd /root/lintel-*; sh install.sh')
    expect([status, all]).toEqual([
      1,
      expect.stringMatching(/^install.sh: a file of \S+ is not as it was shipped/),
    ])
    expect(debian.paths()).toEqual(before)
  })

  test('a host that has lintel from a package', async () => {
    await debian.run('touch /usr/bin/lintel')
    const { status, all } = await debian.run(`${unpack}; sh install.sh`)
    expect([status, all]).toEqual([
      1,
      expect.stringContaining('lintel is here from a package (/usr/bin/lintel)'),
    ])
    await debian.run('rm /usr/bin/lintel')
  })

  test.each([['--prefix relative'], ['--bogus'], ['--destdir']])('%s', async (words) => {
    expect(await debian.run(`${unpack}; sh install.sh ${words}`)).toMatchObject({ status: 2 })
  })
})

test('--destdir installs below a root that is not running, with the rotation of its log', async () => {
  const { status } = await debian.run(
    `${unpack}; mkdir -p /image/etc/logrotate.d; sh install.sh --destdir /image --prefix /opt/lintel; ` +
      'test -x /image/opt/lintel/bin/lintel; test -f /image/etc/logrotate.d/lintel; ' +
      'echo "# site" >> /image/etc/logrotate.d/lintel; sh install.sh --destdir /image --prefix /opt/lintel; ' +
      'grep -q "# site" /image/etc/logrotate.d/lintel; ' +
      'sh install.sh --uninstall --destdir /image --prefix /opt/lintel; test ! -e /image/opt',
  )
  expect(status).toBe(0)
})
