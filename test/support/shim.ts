/** lintel as an engine finds it: on a private host, over a runtime that only notes that it ran and what it saw. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DecisionRecord } from '../../src/core/record.ts'
import { openPrivateHost, type PrivateHost } from '../e2e/support/private-host.ts'
import { parseRecords } from './record-schema.ts'

export const policyFile = '/etc/lintel/policy.toml'
export const decisionLog = '/var/log/lintel/decisions.jsonl'

/** What came of one call. */
export interface Called {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
  /** The runtime's arguments; undefined where none ran. */
  readonly ran: readonly string[] | undefined
  /** What the decision log held when the runtime began. */
  readonly logThen: string
}

export interface CallOptions {
  readonly environment?: Readonly<Record<string, string>>
  readonly input?: string
  readonly cwd?: string
  /** A command the call is put behind, such as `prlimit --as=…`. */
  readonly behind?: readonly string[]
}

export interface Shim {
  readonly host: PrivateHost
  /** Path of the noting runtime. */
  readonly runtime: string
  call(words: readonly string[], options?: CallOptions): Promise<Called>
  /** The command line, by its own name. */
  lintel(words: readonly string[], options?: CallOptions): Promise<Called>
  /** Any other command that ends in a call. */
  command(argv: readonly string[], options?: CallOptions): Promise<Called>
  /** Runs shell lines inside; throws where they fail. */
  shell(script: string): Promise<string>
  /** Path on the test's side of an absolute path inside. */
  path(inside: string): string
  /** Writes a file inside, its folders too. */
  write(inside: string, text: string | Buffer): void
  /** Writes the policy: `version`, the noting runtime, then the text. Without text there is none. */
  policy(text?: string): void
  /** Makes a bundle with this config.json and returns its folder. */
  bundle(name: string, config: object | string): string
  /** Makes a container known to the runtime as created from this bundle. */
  container(id: string, bundle: string): void
  /** All records so far, each held to the schema. */
  records(): readonly DecisionRecord[]
  /** Takes away policy, kept policy, reports and records. */
  clear(): void
  close(): Promise<void>
}

const noting = (folder: string): string => `#!/bin/busybox sh
[ ! -f ${decisionLog} ] || /bin/busybox cat ${decisionLog} > ${folder}/log-then
printf '%s\\n' "$@" > ${folder}/ran
`

/** Opens a private host with lintel and the noting runtime on it. */
export const openShim = async (): Promise<Shim> => {
  const host = await openPrivateHost([])
  const { workspace } = host
  const runtime = join(workspace, 'runc-noting')
  writeFileSync(runtime, noting(workspace))
  chmodSync(runtime, 0o755)
  const caller = callerOf(host)
  const path = host.path
  const write: Shim['write'] = (inside, text) => {
    mkdirSync(dirname(path(inside)), { recursive: true })
    rmSync(path(inside), { force: true, recursive: true })
    writeFileSync(path(inside), text)
  }
  return {
    host,
    runtime,
    call: (words, options) => caller([host.runtime, ...words], options),
    lintel: (words, options) => caller([join(workspace, 'lintel'), ...words], options),
    command: caller,
    shell: async (script) => {
      const { exitCode, all, stdout } = await host.run('sh', ['-euc', script])
      if (exitCode !== 0) throw new Error(`${script}\nended with ${exitCode}: ${all}`)
      return stdout
    },
    path,
    write,
    policy: (text) => {
      rmSync(path(policyFile), { force: true, recursive: true })
      if (text !== undefined) write(policyFile, `version = 1\nruntime.path = ["${runtime}"]\n${text}`)
    },
    ...places(host, write),
    close: host.close,
  }
}

const places = (
  { workspace, path }: PrivateHost,
  write: Shim['write'],
): Pick<Shim, 'bundle' | 'container' | 'records' | 'clear'> => ({
  bundle: (name, config) => {
    const folder = join(workspace, name)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(join(folder, 'rootfs'), { recursive: true })
    const text = typeof config === 'string' ? config : JSON.stringify(config)
    writeFileSync(join(folder, 'config.json'), text)
    return folder
  },
  container: (id, bundle) =>
    write(`/run/runc/${id}/state.json`, JSON.stringify({ id, config: { labels: [`bundle=${bundle}`] } })),
  records: () => (existsSync(path(decisionLog)) ? parseRecords(readFileSync(path(decisionLog), 'utf8')) : []),
  clear: () => {
    for (const name of ['/etc/lintel', '/var/lib/lintel', '/var/log/lintel', '/run/runc'])
      rmSync(path(name), { recursive: true, force: true })
    mkdirSync(path('/etc/lintel'), { mode: 0o755 })
  },
})

const callerOf =
  (host: PrivateHost) =>
  async (argv: readonly string[], options: CallOptions = {}): Promise<Called> => {
    const { cwd, behind = [], ...rest } = options
    const notes = ['ran', 'log-then'].map((name) => join(host.workspace, name))
    for (const note of notes) rmSync(note, { force: true })
    const inFolder = cwd === undefined ? [] : ['/bin/busybox', 'sh', '-c', 'cd "$0" && exec "$@"', cwd]
    const [program = '', ...words] = [...inFolder, ...behind, ...argv]
    const { exitCode, stdout, stderr } = await host.run(program, words, rest)
    const [ran, logThen] = notes.map((note) => (existsSync(note) ? readFileSync(note, 'utf8') : undefined))
    return {
      status: exitCode,
      stdout,
      stderr,
      ran: ran?.split('\n').slice(0, -1),
      logThen: logThen ?? '',
    }
  }
