/** A private host: namespaces in which a real engine runs with its default paths, and nothing outside sees it. */

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { requirePrograms } from './prerequisites.ts'

const script = fileURLToPath(new URL('private-host.sh', import.meta.url))
const binary = fileURLToPath(new URL('../../../dist/lintel', import.meta.url))
const searchPath = '/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin'
const commandTimeout = 60_000

/** What a command did. `all` is both streams in the order they came. */
export interface Outcome {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  readonly all: string
}

export interface CommandOptions {
  readonly environment?: Readonly<Record<string, string>>
  readonly input?: string
  /** Leaves standard input open and silent: on a terminal an end of file would be echoed into the output. */
  readonly openInput?: boolean
}

/** A running private host. */
export interface PrivateHost {
  /** Folder for the test's own files, the same path inside and outside. */
  readonly workspace: string
  /** Name of the cgroup all containers of the host are put under, with its leading slash. */
  readonly cgroup: string
  /** The installed runtime under test, as engines are told of it. */
  readonly runtime: string
  /** Runs a command inside to its end; an exit status is an answer, not an error. */
  run(command: string, args: readonly string[], options?: CommandOptions): Promise<Outcome>
  /** Starts a command inside that stays, with its output in `<workspace>/<name>.log`. */
  launch(name: string, command: string, args: readonly string[], options?: CommandOptions): void
  /** The path by which the outside reaches a file of the inside. */
  path(inside: string): string
  /** Ends every process of the host, takes its cgroups and files away. */
  close(): Promise<void>
}

/** Opens a private host. `cgroups`: `v1` hides the v2 mount of a hybrid machine, `any` leaves all as it is. */
export const openPrivateHost = async (
  programs: readonly string[],
  cgroups: 'v1' | 'any' = 'any',
): Promise<PrivateHost> => {
  requirePrograms(programs, binary)
  const workspace = mkdtempSync('/tmp/lintel-e2e-')
  mkdirSync(join(workspace, 'state'))
  copyFileSync(binary, join(workspace, 'lintel'))
  symlinkSync('lintel', join(workspace, 'lintel-runtime'))
  const namespaces = ['--mount', '--pid', '--net', '--uts', '--ipc', '--fork', '--kill-child', '--mount-proc']
  const holder = execa('unshare', [...namespaces, 'sh', script, workspace, cgroups], {
    env: { PATH: searchPath },
    extendEnv: false,
    reject: false,
    stderr: 'inherit',
  })
  const closed = async (): Promise<void> => {
    holder.stdin.end()
    holder.kill('SIGKILL')
    await holder
    await removeCgroups(basename(workspace))
    rmSync(workspace, { recursive: true, force: true })
  }
  const ready = await Promise.race([firstOutput(holder.stdout), holder.then(() => undefined)])
  if (ready === undefined || holder.pid === undefined) {
    await closed()
    throw new Error('the private host did not start; its messages are above')
  }
  return privateHost({ workspace, init: childOf(holder.pid), close: closed })
}

const privateHost = (inner: {
  readonly workspace: string
  readonly init: number
  readonly close: () => Promise<void>
}): PrivateHost => {
  const { workspace, init } = inner
  const enter = ['-t', String(init), '-m', '-p', '-n', '-u', '-i', '--']
  const environmentOf = (options: CommandOptions = {}) => ({
    env: { PATH: searchPath, HOME: workspace, LANG: 'C.UTF-8', TERM: 'xterm', ...options.environment },
    extendEnv: false as const,
    reject: false as const,
  })
  return {
    workspace,
    cgroup: `/${basename(workspace)}`,
    runtime: join(workspace, 'lintel-runtime'),
    run: async (command, args, options) => {
      const result = await execa('nsenter', [...enter, command, ...args], {
        ...environmentOf(options),
        ...(options?.openInput === true ? { stdin: 'pipe' as const } : { input: options?.input ?? '' }),
        all: true,
        timeout: commandTimeout,
      })
      const { exitCode = -1, stdout, stderr, all } = result
      return { exitCode, stdout, stderr, all }
    },
    launch: (name, command, args, options) => {
      const file = join(workspace, `${name}.log`)
      const log = { file, append: true } as const
      void execa('nsenter', [...enter, command, ...args], {
        ...environmentOf(options),
        stdin: 'ignore',
        stdout: log,
        stderr: log,
      })
    },
    path: (inside) => `/proc/${init}/root${inside}`,
    close: inner.close,
  }
}

const firstOutput = (stream: NodeJS.ReadableStream): Promise<string> =>
  new Promise((resolve) => {
    stream.once('data', (data: Buffer) => resolve(data.toString()))
  })

const childOf = (pid: number): number => {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return Number(children.split(' ')[0])
}

/** Removes the cgroups of this name: each once its last process is reaped, a moment after it was killed. */
export const removeCgroups = async (name: string): Promise<void> => {
  const hierarchies = [
    '/sys/fs/cgroup',
    ...readdirSync('/sys/fs/cgroup').map((each) => `/sys/fs/cgroup/${each}`),
  ]
  for (const folder of hierarchies.map((hierarchy) => join(hierarchy, name))) {
    await until(() => removeTree(folder), `${folder} to be empty`)
  }
}

const removeTree = (folder: string): boolean => {
  if (!existsSync(folder)) return true
  const children = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const emptied = children.map(({ name }) => removeTree(join(folder, name))).every(Boolean)
  if (!emptied) return false
  try {
    rmdirSync(folder)
    return true
  } catch {
    return false
  }
}

/** Shell commands that print what a container may do: privileges, filter, limits (cgroup v1 or v2), writable places. */
export const probe = [
  'grep -E "NoNewPrivs|Seccomp:" /proc/self/status',
  'echo memory $(cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max)',
  'echo pids $(cat /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids.max)',
  'echo root $(touch /made 2>/dev/null && echo writable || echo read-only)',
  'echo tmp $(touch /tmp/made 2>/dev/null && echo writable || echo read-only)',
].join('; ')

/** Polls until the condition holds; throws, saying for what it waited, after the limit. */
export const until = async (
  holds: () => boolean | Promise<boolean>,
  what: string | (() => string),
  limitMilliseconds = 15_000,
): Promise<void> => {
  const end = Date.now() + limitMilliseconds
  while (!(await holds())) {
    if (Date.now() > end) {
      const words = typeof what === 'string' ? what : what()
      throw new Error(`waited ${limitMilliseconds} ms in vain for ${words}`)
    }
    await pause(20)
  }
}
