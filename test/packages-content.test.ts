/** What the packages hold: digests, bill of materials, man pages, completion, rotation, SELinux module. Needs `npm run package`. */
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { machine, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { execa } from 'execa'
import { rules } from '../src/rules/index.ts'
import { folder, packageFile, version } from './support/packages.ts'

jest.setTimeout(120_000)

const root = fileURLToPath(new URL('..', import.meta.url))
const work = mkdtempSync(join(tmpdir(), 'lintel-packages-'))
/** The unpacked tarball. */
let unpacked: string

beforeAll(async () => {
  await execa('tar', ['-xzf', packageFile(`linux-${machine()}.tar.gz`), '-C', work])
  unpacked = join(work, readdirSync(work)[0] ?? '')
})
afterAll(() => rmSync(work, { recursive: true, force: true }))

const read = (name: string): string => readFileSync(join(unpacked, name), 'utf8')
const digest = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')

describe('npm run package', () => {
  test('SHA256SUMS tells every file beside it', async () => {
    const { stdout } = await execa('sha256sum', ['-c', '--strict', 'SHA256SUMS'], { cwd: folder })
    expect(stdout.split('\n')).toHaveLength(readdirSync(folder).length - 1)
  })

  test('another umask, time zone and folder give the same bytes', async () => {
    const again = join(work, '../', `${work.split('/').at(-1)}-again`)
    const script = `umask 077; exec ${join(root, 'node_modules/.bin/tsx')} ${join(root, 'scripts/package.ts')} ${again}`
    try {
      await execa('sh', ['-c', script], { cwd: '/', env: { TZ: 'Asia/Tokyo', LC_ALL: 'C' } })
      expect(readFileSync(join(again, 'SHA256SUMS'), 'utf8')).toBe(
        readFileSync(`${folder}SHA256SUMS`, 'utf8'),
      )
    } finally {
      rmSync(again, { recursive: true, force: true })
    }
  })

  test('the tarball lists every file it holds but install.sh, which is a plain POSIX script', async () => {
    await execa('sha256sum', ['-c', '--strict', 'SHA256SUMS'], { cwd: unpacked })
    const { stdout } = await execa('find', ['.', '-type', 'f', '-printf', '%P\n'], { cwd: unpacked })
    const listed = read('SHA256SUMS')
      .trim()
      .split('\n')
      .map((line) => line.slice(66))
    expect(stdout.split('\n').toSorted()).toEqual([...listed, 'SHA256SUMS', 'install.sh'].toSorted())
    await execa(
      'shellcheck',
      ['--shell=sh', 'install.sh', 'share/lintel/in-use.sh', 'share/lintel/selinux.sh'],
      { cwd: unpacked },
    )
  })

  test('no script of a package writes below an engine’s folder', async () => {
    const scripts = [
      (await execa('rpm', ['-qp', '--scripts', '--dbpath', join(work, 'none'), packageFile('.rpm')])).stdout,
      ...(await Promise.all(
        ['postinst', 'prerm', 'postrm'].map(
          async (name) => (await execa('dpkg-deb', ['--info', packageFile('.deb'), name])).stdout,
        ),
      )),
      read('install.sh'),
      read('share/lintel/selinux.sh'),
    ]
    for (const text of scripts)
      expect(text).not.toMatch(/docker|containerd|crio|containers|buildkit|systemctl|kill /)
    // The only one that names them reads.
    expect(read('share/lintel/in-use.sh')).not.toMatch(/>[^&]*\$|\b(rm|mv|cp|tee|sed -i|install)\b -/)
  })
})

describe('the bill of materials', () => {
  interface Bill {
    readonly serialNumber: string
    readonly metadata: {
      readonly component: {
        readonly version: string
        readonly hashes: readonly { readonly content: string }[]
      }
    }
    readonly components: readonly {
      readonly name: string
      readonly version: string
      readonly purl: string
      readonly licenses: readonly { readonly expression: string }[]
    }[]
    readonly dependencies: readonly { readonly dependsOn: readonly string[] }[]
  }
  const bill: Bill = JSON.parse(readFileSync(packageFile('.cdx.json'), 'utf8'))

  test('is CycloneDX 1.5 of this very executable', () => {
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5', version: 1 })
    expect(bill.serialNumber).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    )
    expect(bill.metadata.component.version).toBe(version)
    expect(bill.metadata.component.hashes[0]?.content).toBe(digest(join(unpacked, 'bin/lintel')))
  })

  test('tells each component once, with version, licence and package URL', () => {
    const purls = bill.components.map(({ purl }) => purl)
    expect(new Set(purls).size).toBe(purls.length)
    expect(bill.dependencies[0]?.dependsOn).toEqual(purls)
    for (const { name, version: of, purl, licenses } of bill.components) {
      expect(purl).toMatch(/^pkg:(cargo|npm|generic|github)\/[^@]+@v?[0-9][^ ]*$/)
      expect([name, of]).not.toContain('')
      expect(licenses[0]?.expression).toMatch(/^\(?[A-Za-z0-9.-]+( (OR|AND|WITH) \(?[A-Za-z0-9.-]+\)?)*$/)
    }
  })

  test('names what is linked and bundled, and nothing that only builds or tests', () => {
    const names = bill.components.map(({ name }) => name)
    for (const name of [
      'rquickjs',
      'quickjs-ng',
      'sha2',
      'tar',
      'toml',
      'yargs',
      'yargs-parser',
      'cliui',
      'musl',
      'rust-std',
    ])
      expect(names).toContain(name)
    for (const name of ['proptest', 'serde_json', 'cc', 'esbuild', 'typescript', 'jest', 'lintel'])
      expect(names).not.toContain(name)
    const lock = readFileSync(join(root, 'native/Cargo.lock'), 'utf8')
    for (const { name, version: of, purl } of bill.components)
      if (purl.startsWith('pkg:cargo/')) expect(lock).toContain(`name = "${name}"\nversion = "${of}"`)
  })

  test('the licence texts of all of them are in the packages', () => {
    const texts = gunzipSync(
      readFileSync(join(unpacked, 'share/doc/lintel/third-party-licences.gz')),
    ).toString()
    for (const { name, version: of } of bill.components) expect(texts).toContain(`${name} ${of}: `)
    expect(texts).toContain('Fabrice Bellard')
    expect(texts).toContain('Permission is hereby granted, free of charge')
  })
})

describe('man pages', () => {
  const page = (name: string): string =>
    gunzipSync(readFileSync(join(unpacked, 'share/man', name))).toString()

  test.each(['man1/lintel.1.gz', 'man5/lintel-policy.5.gz'])(
    '%s: mandoc and groff find nothing wrong',
    async (name) => {
      const file = join(work, name.replaceAll('/', '-').replace('.gz', ''))
      writeFileSync(file, page(name))
      expect(
        (await execa('mandoc', ['-T', 'lint', '-W', 'all', file], { reject: false, all: true })).all,
      ).toBe('')
      expect((await execa('groff', ['-man', '-ww', '-z', '-Tutf8', file], { all: true })).all).toBe('')
    },
  )

  test('lintel(1) tells every command and option of the help', async () => {
    const text = page('man1/lintel.1.gz').replaceAll('\\:', '').replaceAll('\\-', '-')
    const help = async (...words: readonly string[]): Promise<string> =>
      (await execa(join(root, 'dist/lintel'), [...words, '--help'])).stdout
    const told = [...(await help()).matchAll(/^ {2}lintel (\S+)/gm)].map(([, name]) => name ?? '')
    expect(told.length).toBeGreaterThan(5)
    for (const name of told) {
      expect(text).toMatch(new RegExp(`(lintel |^\\.B )${name}\\b`, 'm'))
      for (const [, option] of (await help(name)).matchAll(/^ +--([a-z-]+) /gm))
        expect(text).toContain(`.B --${option}`)
    }
  })

  test('lintel-policy(5) tells every rule with its parameters', () => {
    const text = page('man5/lintel-policy.5.gz').replaceAll('\\:', '').replaceAll('\\-', '-')
    for (const { id, parameters } of rules) {
      expect(text).toContain(`.SS [rules.${id}]\n`)
      for (const name of Object.keys(parameters)) expect(text).toContain(`.B ${name} = `)
    }
  })
})

describe('completion', () => {
  const path = (): string => `${join(unpacked, 'bin')}:${process.env['PATH']}`

  const inBash = async (line: string): Promise<readonly string[]> => {
    const script = `. share/bash-completion/completions/lintel
      read -ra COMP_WORDS <<< "$1"; [[ $1 != *' ' ]] || COMP_WORDS+=('')
      COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _lintel_yargs_completions; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout } = await execa('bash', ['-c', script, 'bash', line], {
      cwd: unpacked,
      env: { PATH: path() },
    })
    return stdout.split('\n')
  }

  test('in a real bash: commands, commands of commands, options, choices', async () => {
    expect(await inBash('lintel po')).toEqual(['policy'])
    expect(await inBash('lintel policy ')).toEqual(['check', 'test'])
    expect(await inBash('lintel lint --fail')).toEqual(['--fail-on'])
    expect(await inBash('lintel rules --profile cis')).toEqual(['cis-docker-1.13.0', 'cis-docker-1.7.0'])
  })

  test('bash registers it for lintel', async () => {
    const { stdout } = await execa(
      'bash',
      ['-c', '. share/bash-completion/completions/lintel; complete -p lintel'],
      { cwd: unpacked },
    )
    expect(stdout).toContain('-F _lintel_yargs_completions lintel')
  })

  test('in a real zsh: its completion system loads it by name, and gets words with what they mean', async () => {
    const script = `fpath=($PWD/share/zsh/site-functions $fpath); autoload -Uz compinit; compinit -D -u
      print -r -- $_comps[lintel]; words=(lintel po); CURRENT=2
      _describe() { print -rl -- $reply }; autoload +X _lintel; _lintel; _lintel_yargs_completions`
    const { stdout } = await execa('zsh', ['-fc', script], {
      cwd: unpacked,
      env: { PATH: path(), SHELL: '/bin/zsh', HOME: work },
    })
    expect(stdout.split('\n')[0]).toBe('_lintel')
    expect(stdout).toContain('policy:check the policy, or test it with cases')
  })
})

describe('logrotate', () => {
  test('turns the log over by rename, and makes none: the next call does; one that had it open writes to the old file', async () => {
    const log = join(work, 'decisions.jsonl')
    const configuration = join(work, 'logrotate.conf')
    writeFileSync(configuration, read('share/lintel/logrotate').replace('/var/log/lintel', work), {
      mode: 0o644,
    })
    await execa('install', ['-m', '0600', '/dev/null', log])
    const late = await execa('sh', [
      '-c',
      `exec 3>>${log}; echo '{"early":1}' >> ${log}
       logrotate --force --state ${work}/state ${configuration}
       test ! -e ${log} && echo '{"late":1}' >&3; echo '{"next":1}' >> ${log}`,
    ])
    expect(late.stderr).toBe('')
    const rotated = readdirSync(work).filter((name) => /^decisions\.jsonl-\d{18}$/.test(name))
    expect(rotated).toHaveLength(1)
    expect(readFileSync(join(work, rotated[0] ?? ''), 'utf8')).toBe('{"early":1}\n{"late":1}\n')
    expect(readFileSync(log, 'utf8')).toBe('{"next":1}\n')
    expect(read('share/lintel/logrotate')).not.toContain('copytruncate')
  })
})

describe('the SELinux module', () => {
  const base = fileURLToPath(new URL('support/selinux-base.cil', import.meta.url))

  /** Compiles it on a policy with these types, for the policy version of CentOS 7.0's kernel (28). */
  const compile = async (name: string, more: string) => {
    const extra = join(work, `${name}.cil`)
    writeFileSync(extra, more)
    const contexts = join(work, `${name}.contexts`)
    const files = [base, extra, join(unpacked, 'share/lintel/lintel.cil')]
    const { exitCode } = await execa(
      'secilc',
      ['-c', '28', '-o', join(work, `${name}.policy`), '-f', contexts, ...files],
      { reject: false },
    )
    return { compiled: exitCode === 0, contexts }
  }
  const types = (...names: readonly string[]): string =>
    names.map((name) => `(type ${name})(roletype object_r ${name})\n`).join('')
  const labelOf = async (contexts: string, path: string): Promise<string> =>
    (await execa('matchpathcon', ['-n', '-m', 'file', '-f', contexts, path])).stdout

  const red = types('container_runtime_t', 'container_runtime_exec_t')
  const files = [
    '/etc/lintel/policy.toml',
    '/var/log/lintel/decisions.jsonl',
    '/var/log/lintel/decisions.jsonl.head',
    '/var/lib/lintel/policy/x',
    '/usr/bin/lintel',
    '/usr/local/bin/lintel',
  ]

  test.each([
    ['no containers', '', '<<none>>'],
    ['container-selinux (CentOS, RHEL, Fedora)', red, 'system_u:object_r:container_runtime_exec_t:s0'],
    [
      'refpolicy (Debian)',
      types('container_engine_t', 'container_engine_exec_t', 'dockerd_t'),
      'system_u:object_r:container_engine_exec_t:s0',
    ],
  ])(
    'on a policy of %s: the binary has the label of a runtime, log and policy their own',
    async (name, more, label) => {
      const { compiled, contexts } = await compile(name.replaceAll(/\W/g, '-'), more)
      expect(compiled).toBe(true)
      expect(await Promise.all(files.map((path) => labelOf(contexts, path)))).toEqual([
        ...['conf', 'log', 'head', 'state'].map((part) => `system_u:object_r:lintel_${part}_t:s0`),
        label,
        label,
      ])
    },
  )

  test.each([
    ['appends to the log', 'lintel_log_t (file (append))', true],
    ['reads the policy', 'lintel_conf_t (file (read))', true],
    ['cannot overwrite the log', 'lintel_log_t (file (write))', false],
    ['cannot take the log away', 'lintel_log_t (file (unlink))', false],
    ['cannot write the policy', 'lintel_conf_t (file (write))', false],
  ])('by this module an engine %s', async (name, access, allowed) => {
    const { compiled } = await compile(
      name.replaceAll(' ', '-'),
      `${red}(neverallow container_runtime_t ${access})`,
    )
    expect(compiled).toBe(!allowed)
  })

  test.each([
    ['Podman', 'podman_t', 'podman_conmon_t'],
    ['CRI-O', 'crio_t', 'crio_conmon_t'],
  ])('by this module conmon is known as the caller, in %s’s domain for it', async (name, engine, conmon) => {
    const known = `${types(engine, conmon)}(neverallow ${engine} ${conmon} (file (read)))`
    expect((await compile(`conmon-of-${name}`, known)).compiled).toBe(false)
  })

  /** Programs that only note how they were called. */
  const noting = async (enabled: boolean, words: readonly string[]): Promise<readonly string[]> => {
    const programs = mkdtempSync(join(work, 'noting-'))
    for (const [name, status] of [
      ['selinuxenabled', enabled ? 0 : 1],
      ['semodule', 0],
      ['restorecon', 0],
    ] as const)
      writeFileSync(
        join(programs, name),
        `#!/bin/sh\necho ${name} "$@" >> ${programs}/calls\nexit ${status}\n`,
        { mode: 0o755 },
      )
    await execa('sh', ['share/lintel/selinux.sh', ...words], {
      cwd: unpacked,
      env: { PATH: `${programs}:${process.env['PATH']}` },
    })
    return readFileSync(join(programs, 'calls'), 'utf8').trim().split('\n')
  }

  test('it is loaded and files are labelled only where SELinux is on, and unloaded on removal', async () => {
    expect(await noting(false, ['load', 'lintel.cil', '/etc'])).toEqual(['selinuxenabled'])
    expect(await noting(true, ['load', 'lintel.cil', '/etc', '/nonexistent'])).toEqual([
      'selinuxenabled',
      'semodule -X 300 -i lintel.cil',
      'restorecon -RF /etc',
    ])
    expect(await noting(true, ['unload', 'lintel.cil'])).toEqual([
      'selinuxenabled',
      'semodule -X 300 -r lintel',
    ])
  })

  test('nothing happens where no SELinux tools are', async () => {
    const loaded = await execa('/bin/sh', ['share/lintel/selinux.sh', 'load', 'lintel.cil', '/etc'], {
      cwd: unpacked,
      all: true,
      env: { PATH: work },
      extendEnv: false,
    })
    expect([loaded.exitCode, loaded.all]).toEqual([0, ''])
  })
})
