/** The three small C programs of the replay, compiled where they are used, and the root folder they play in. */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

const sources = fileURLToPath(new URL('.', import.meta.url))
const lintel = fileURLToPath(new URL('../../../dist/lintel', import.meta.url))

/** Paths inside the replay's root. */
export const lintelPath = '/usr/local/libexec/lintel/lintel-runtime'
export const runtimePath = '/opt/recorder/recording-runtime'
export const policyPath = '/etc/lintel/replay.toml'
export const decisionLog = '/var/log/lintel/decisions.jsonl'

/** Engines' processes that call a runtime, by the name of their executable. */
export const enginePrograms = [
  'containerd-shim-runc-v2',
  'conmon',
  'podman',
  'dockerd',
  'crio',
  'dash',
] as const

const policy = `version = 1
profile = "cis-docker-1.13.0"
mode = "enforce"

[runtime]
path = ["${runtimePath}"]

[log]
file = "${decisionLog}"
syslog = false
`

/** Files that recorded calls expect on any host. */
const hostFiles = [
  'etc/hosts',
  'etc/resolv.conf',
  'etc/passwd',
  'usr/bin/docker-init',
  'usr/bin/catatonit',
  'usr/libexec/podman/catatonit',
]

/** Compiles one of the programs here; `out` is the executable. */
export const compile = async (name: 'driver' | 'caller' | 'recorder', out: string): Promise<void> => {
  mkdirSync(dirname(out), { recursive: true })
  await execa('cc', ['-static', '-O1', '-Wall', '-Wextra', '-Werror', '-o', out, join(sources, `${name}.c`)])
}

/** Where the tools of one replay lie. */
export interface Tools {
  readonly folder: string
  readonly driver: string
  /** Becomes `/` of the small host. */
  readonly root: string
}

/** Compiles the tools and lays out the root; needs root's rights only when played. */
export const makeTools = async (): Promise<Tools> => {
  const folder = mkdtempSync(join(tmpdir(), 'lintel-replay-'))
  const root = join(folder, 'root')
  const inside = (path: string): string => join(root, path)
  const driver = join(folder, 'driver')
  const caller = join(folder, 'caller')
  await Promise.all([
    compile('driver', driver),
    compile('caller', caller),
    compile('recorder', inside(runtimePath)),
  ])
  for (const name of ['proc', 'dev', 'sys', 'root', 'usr/bin', 'var/lib/lintel', 'opt/recorder/records'])
    mkdirSync(inside(name), { recursive: true })
  for (const name of enginePrograms) copyFileSync(caller, inside(`usr/bin/${name}`))
  for (const [path, text] of [
    ...hostFiles.map((file) => [file, ''] as const),
    [policyPath, policy] as const,
  ]) {
    mkdirSync(dirname(inside(path)), { recursive: true })
    writeFileSync(inside(path), text)
  }
  mkdirSync(dirname(inside(lintelPath)), { recursive: true })
  copyFileSync(lintel, inside(lintelPath))
  chmodSync(root, 0o755)
  symlinkSync('/run', inside('var/run'))
  return { folder, driver, root }
}
