/** Roots with next to nothing in them, entered without network: what lintel's packages meet on a new host. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

const project = fileURLToPath(new URL('../..', import.meta.url))
const cache = join(project, 'node_modules/.cache/lintel')
const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

export interface Outcome {
  readonly status: number
  readonly all: string
}

export interface EmptyRoot {
  /** Its path outside. */
  readonly folder: string
  /** Runs shell lines inside, as root, without network; an exit status is an answer. */
  run(script: string): Promise<Outcome>
  /** Every path inside but those of /proc, sorted; folders end in `/`. */
  paths(): readonly string[]
  close(): void
}

const emptyRoot = (folder: string): EmptyRoot => ({
  folder,
  run: async (script) => {
    const isolated = ['--net', '--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child']
    const enter = ['chroot', folder, '/bin/sh', '-euc', script]
    const { exitCode = -1, all } = await execa('unshare', [...isolated, ...enter], {
      env: { PATH: searchPath, HOME: '/root', LANG: 'C' },
      extendEnv: false,
      reject: false,
      all: true,
      timeout: 60_000,
    })
    return { status: exitCode, all }
  },
  paths: () =>
    execFileSync(
      'find',
      [
        '.',
        '-mindepth',
        '1',
        '(',
        '-path',
        './proc',
        '-prune',
        '-o',
        '-type',
        'd',
        '-printf',
        '/%P/\\n',
        '-o',
        '-printf',
        '/%P\\n',
        ')',
      ],
      {
        cwd: folder,
        encoding: 'utf8',
        maxBuffer: 1 << 26,
      },
    )
      .split('\n')
      .filter((path) => path !== '')
      .toSorted(),
  close: () => rmSync(folder, { recursive: true, force: true }),
})

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'lintel-root-'))

/** A root of busybox alone. */
export const openBusyboxRoot = (): EmptyRoot => {
  const folder = newFolder()
  for (const name of [
    'bin',
    'sbin',
    'usr/bin',
    'usr/sbin',
    'etc',
    'var/lib',
    'var/log',
    'tmp',
    'root',
    'dev',
  ])
    mkdirSync(join(folder, name), { recursive: true })
  execFileSync('cp', ['/bin/busybox', join(folder, 'bin/busybox')])
  execFileSync('chroot', [folder, '/bin/busybox', '--install', '-s', '/bin'])
  writeFileSync(join(folder, 'dev/null'), '')
  return emptyRoot(folder)
}

const debianPackages = [
  'base-files',
  'base-passwd',
  'dash',
  'coreutils',
  'diffutils',
  'grep',
  'sed',
  'tar',
  'gzip',
  'xz-utils',
  'libc-bin',
  'dpkg',
]

/** Debian's own files of a shell, dpkg and what they need, unpacked and never configured; fetched once a checkout. */
export const openDebianRoot = async (): Promise<EmptyRoot> => {
  const archive = join(cache, `debian-root-${debianPackages.length}.tar`)
  if (!existsSync(archive)) {
    mkdirSync(cache, { recursive: true })
    // Two suites may come here at once.
    const fresh = `${archive}.${process.pid}.tar`
    const suite = /^VERSION_CODENAME=(.*)$/m.exec(
      execFileSync('cat', ['/etc/os-release'], { encoding: 'utf8' }),
    )?.[1]
    await execa('mmdebstrap', [
      '--mode=root',
      '--variant=extract',
      `--include=${debianPackages.join(',')}`,
      suite ?? '',
      fresh,
    ])
    renameSync(fresh, archive)
  }
  const folder = newFolder()
  execFileSync('tar', ['-xf', archive, '-C', folder, '--exclude=./dev/*'])
  mkdirSync(join(folder, 'dev'), { recursive: true })
  execFileSync(
    'sh',
    [
      '-c',
      ': > dev/null; mkdir -p var/lib/dpkg/info var/lib/dpkg/updates; : > var/lib/dpkg/status; ln -sf dash bin/sh',
    ],
    {
      cwd: folder,
    },
  )
  return emptyRoot(folder)
}
