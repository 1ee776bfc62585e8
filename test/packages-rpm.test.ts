/** The .rpm: nothing in it that rpm 4.11 of CentOS 7 cannot read, and real rpm on an empty root. Needs root. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { execa } from 'execa'
import { type EmptyRoot, openBusyboxRoot } from './support/empty-root.ts'
import { engineFiles, packageFile, version } from './support/packages.ts'

jest.setTimeout(60_000)

const file = packageFile('.rpm')
const work = mkdtempSync(join(tmpdir(), 'lintel-rpm-test-'))

const rpm = async (words: readonly string[]): Promise<{ readonly status: number; readonly all: string }> => {
  const { exitCode = -1, all } = await execa('rpm', [...words], {
    reject: false,
    all: true,
    env: { LC_ALL: 'C' },
  })
  return { status: exitCode, all }
}
const query = async (...words: readonly string[]): Promise<string> =>
  (await rpm(['-qp', '--dbpath', join(work, 'none'), ...words, file])).all

afterAll(() => rmSync(work, { recursive: true, force: true }))

describe('rpm 4.11 reads it', () => {
  test('the payload is cpio under gzip, the digests of files are SHA-256', async () => {
    expect(
      await query('--qf', '%{PAYLOADFORMAT} %{PAYLOADCOMPRESSOR} %{PAYLOADFLAGS} %{FILEDIGESTALGO}'),
    ).toBe('cpio gzip 9 8')
  })

  test('it asks for /bin/sh and features that rpm has had since 4.6, and for no other package', async () => {
    const required = (await query('--requires')).split('\n').map((line) => line.trim())
    expect([...new Set(required)].toSorted()).toEqual([
      '/bin/sh',
      'rpmlib(CompressedFileNames) <= 3.0.4-1',
      'rpmlib(FileDigests) <= 4.6.0-1',
      'rpmlib(PayloadFilesHavePrefix) <= 4.0-1',
    ])
  })

  test('no tag that changes what rpm does came after 4.11', async () => {
    const tags = new Set(
      [...(await query('--xml')).matchAll(/<rpmTag name="(\w+)"/g)].map(([, name]) => name),
    )
    expect(tags.size).toBeGreaterThan(40)
    // Digests an older rpm passes over; everything else is in lib/rpmtag.h of 4.11.
    const newer = ['Payloaddigest', 'Payloaddigestalgo', 'Payloaddigestalt', 'Sha256header']
    for (const name of newer) tags.delete(name)
    const unknown = [...tags].filter((name) =>
      /^(Recommend|Suggest|Supplement|Enhance|Filetrigger|Transfiletrigger|Filesignature|Verity|Modularitylabel|Longfilesizes)/i.test(
        name ?? '',
      ),
    )
    expect(unknown).toEqual([])
    // By names of packages, which 4.11 knows: `lintel divert` is made good after a runtime was upgraded.
    expect(await query('--triggers')).toMatch(/^triggerin scriptlet \(using \/bin\/sh\) -- [\w., -]*runc/)
    expect(await query('--filetriggers')).toBe('')
  })

  test('an older rpm finds the digests it knows: SHA-1 of the header, MD5 of all', async () => {
    const { status, all } = await rpm(['-Kv', '--dbpath', join(work, 'none'), file])
    expect([status, all]).toEqual([0, expect.stringContaining('Header SHA1 digest: OK')])
    expect(all).toContain('MD5 digest: OK')
  })
})

describe('on an empty root', () => {
  let root: EmptyRoot
  let before: readonly string[]

  // Debian's rpm else says that alien is to be used instead.
  const onRoot = (...words: readonly string[]) => rpm(['--force-debian', '--root', root.folder, ...words])
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root.folder, path)), { recursive: true })
    writeFileSync(join(root.folder, path), text)
  }

  /** Tells rpm that the root's busybox is its /bin/sh, as a package of a distribution would. */
  const provideShell = async (): Promise<void> => {
    const text =
      'Name: shell\nVersion: 1\nRelease: 1\nSummary: s\nLicense: none\nBuildArch: noarch\nProvides: /bin/sh\n%description\ns\n%files\n'
    writeFileSync(join(work, 'shell.spec'), text)
    const defines = [`_topdir ${work}`, `_dbpath ${join(work, 'none')}`].flatMap((each) => ['--define', each])
    await execa('rpmbuild', ['-bb', ...defines, join(work, 'shell.spec')])
    await onRoot('-i', join(work, 'RPMS/noarch/shell-1-1.noarch.rpm'))
  }

  beforeAll(async () => {
    root = openBusyboxRoot()
    for (const [path, text] of Object.entries(engineFiles)) write(path, text)
    // A distribution's base brings these.
    for (const name of ['usr/share/doc', 'usr/share/man/man1', 'usr/share/man/man5', 'var/tmp'])
      mkdirSync(join(root.folder, name), { recursive: true })
    await provideShell()
    before = root.paths()
  })
  afterAll(() => root.close())

  test('rpm installs and verifies it, and lintel works', async () => {
    expect(await onRoot('-i', file)).toEqual({ status: 0, all: '' })
    expect(await onRoot('-V', 'lintel')).toEqual({ status: 0, all: '' })
    expect(await root.run('lintel --version; lintel policy check > /dev/null')).toEqual({
      status: 0,
      all: version,
    })
  })

  test('a changed file shows', async () => {
    await root.run('chmod 0777 /var/log/lintel')
    expect((await onRoot('-V', 'lintel')).all).toMatch(/^\.M\.+ +\/var\/log\/lintel$/)
    await root.run('chmod 0700 /var/log/lintel')
  })

  test('while engines are registered it is upgraded, and not removed', async () => {
    write('/var/lib/lintel/install/journal', '{}')
    expect(await onRoot('-U', '--replacepkgs', file)).toEqual({ status: 0, all: '' })
    const removal = await onRoot('-e', 'lintel')
    expect([removal.status, removal.all]).toEqual([
      1,
      expect.stringContaining('lintel: still in use (engines are registered, says /var/lib/lintel/install)'),
    ])
    expect(await onRoot('-q', 'lintel')).toMatchObject({ status: 0 })
    expect((await root.run('lintel --version')).status).toBe(0)
    await root.run('rm -r /var/lib/lintel/install')
  })

  test('removed, it leaves policy and decision log; no engine’s file has changed', async () => {
    write('/etc/lintel/policy.toml', 'version = 1\n')
    write('/var/log/lintel/decisions.jsonl', '{}\n')
    expect((await onRoot('-e', 'lintel')).status).toBe(0)
    const own = (path: string): boolean => !path.startsWith('/var/lib/rpm')
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
})
