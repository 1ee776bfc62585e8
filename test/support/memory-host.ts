/** A host in memory: files, links, processes and what programs print, as src/host tells of them. */
import { createHash } from 'node:crypto'
import { parse as parseToml } from 'smol-toml'
import type { AdministratorHost } from '../../src/host/administrator.ts'
import type { BreakGlass, FileStat, HostError, SpawnResult } from '../../src/host/host.ts'

/** A file; text alone is root's and 0644. */
export type MemoryFile =
  | string
  | {
      readonly text?: string
      readonly uid?: number
      readonly mode?: number
      /** Milliseconds since the epoch. */
      readonly modified?: number
      readonly size?: number
      /** Another path of the same file. */
      readonly same?: string
    }

export interface MemoryProcess {
  readonly pid: number
  readonly exe: string
  readonly argv?: readonly string[]
  readonly parent?: number
  readonly uid?: number
  readonly cwd?: string
  readonly environ?: readonly string[]
  /** True for one with a root file system of its own. */
  readonly inContainer?: boolean
  /** Seconds after boot. */
  readonly started?: number
}

export interface MemoryHost {
  readonly files?: { readonly [path: string]: MemoryFile }
  /** Executable files, root's, 0755. */
  readonly programs?: readonly string[]
  /** Programs that are lintel itself. */
  readonly lintel?: readonly string[]
  readonly processes?: readonly MemoryProcess[]
  /** What a command line, joined by spaces, prints; one not named ends with 127. */
  readonly prints?: { readonly [command: string]: string }
  readonly breakGlass?: BreakGlass
  readonly uid?: number
}

export const now = Date.parse('2027-03-01T12:00:00Z')
/** When the machine was booted. */
const boot = now - 86_400_000

const failure = (code: string, path: string): { readonly ok: false; readonly error: HostError } => ({
  ok: false,
  error: { code, syscall: 'memory', path },
})

const processFiles = (each: MemoryProcess): { readonly [path: string]: string } => {
  const { pid, argv = [each.exe], parent = 1, uid = 0, environ = [], started = 10 } = each
  return {
    [`/proc/${pid}/cmdline`]: argv.map((word) => `${word}\0`).join(''),
    [`/proc/${pid}/status`]: `Name:\tx\nPPid:\t${parent}\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n`,
    [`/proc/${pid}/environ`]: environ.map((word) => `${word}\0`).join(''),
    [`/proc/${pid}/stat`]: `${pid} (x (y) z) S ${parent} ${'0 '.repeat(17)}${started * 100} 0`,
  }
}

/** Builds it. Commands that ran are listed in `ran`. */
export const memoryHost = (told: MemoryHost = {}): { host: AdministratorHost; ran: string[] } => {
  const { processes = [], programs = [], lintel = ['/usr/bin/lintel'], prints = {} } = told
  const files = new Map<string, Exclude<MemoryFile, string>>()
  const add = (path: string, file: MemoryFile): void => {
    files.set(path, typeof file === 'string' ? { text: file } : file)
  }
  add('/proc/stat', `cpu 1\nbtime ${boot / 1000}\n`)
  for (const each of processes) for (const [path, text] of Object.entries(processFiles(each))) add(path, text)
  for (const path of programs) add(path, { text: '', mode: 0o755 })
  for (const path of lintel) add(path, { text: '', mode: 0o755, same: '/proc/self/exe' })
  add('/proc/self/exe', { text: '', mode: 0o755 })
  for (const [path, file] of Object.entries(told.files ?? {})) add(path, file)
  const links = new Map<string, string>(
    processes.flatMap(({ pid, exe, cwd = '/' }): [string, string][] => [
      [`/proc/${pid}/exe`, exe],
      [`/proc/${pid}/cwd`, cwd],
    ]),
  )
  const roots = new Map(
    processes.map(({ pid, inContainer }): [string, string] => [
      `/proc/${pid}/root`,
      inContainer === true ? `root of ${pid}` : '/',
    ]),
  )
  const isFolder = (path: string): boolean =>
    path === '/' || [...files.keys(), ...links.keys()].some((each) => each.startsWith(`${path}/`))
  const stat = (path: string): FileStat | undefined => {
    const file = files.get(path)
    const root = roots.get(path)
    if (file === undefined && root === undefined && !isFolder(path)) return undefined
    const modified = String(BigInt(file?.modified ?? boot) * 1_000_000n)
    return {
      id: root ?? file?.same ?? path,
      device: '1',
      represents: '0',
      kind: file === undefined ? 'directory' : 'file',
      mode: file?.mode ?? (file === undefined ? 0o755 : 0o644),
      uid: file?.uid ?? 0,
      gid: 0,
      size: file?.size ?? file?.text?.length ?? 0,
      modified,
      changed: modified,
    }
  }
  const ran: string[] = []
  /** What was opened to be read by lines. */
  const opened: string[] = []
  const spawned = (argv: readonly string[]): SpawnResult => {
    const command = argv.join(' ')
    ran.push(command)
    const stdout = prints[command]
    return stdout === undefined
      ? { status: 127, stdout: '', stderr: `${command}: not told\n`, timedOut: false }
      : { status: 0, stdout, stderr: '', timedOut: false }
  }
  const none: AdministratorHost = JSON.parse('{}')
  const host = Object.assign(none, {
    process: {
      argv: ['lintel'],
      pid: 1000,
      parentPid: 1,
      effectiveUid: told.uid ?? 0,
      initialUserNamespace: true,
      hostname: 'here',
      architecture: 'x86_64',
    },
    clock: () => ({
      epochMilliseconds: now,
      timestamp: new Date(now).toISOString(),
      elapsedMicroseconds: 0,
    }),
    environment: () => undefined,
    readText: (path: string, maxBytes: number) => {
      const text = files.get(path)?.text
      if (text === undefined) return failure(isFolder(path) ? 'EISDIR' : 'ENOENT', path)
      return text.length > maxBytes ? failure('EFBIG', path) : { ok: true as const, value: text }
    },
    listDirectory: (asked: string) => {
      const path = asked.length > 1 ? asked.replace(/\/$/, '') : asked
      if (!isFolder(path)) return failure('ENOENT', path)
      const start = path === '/' ? '/' : `${path}/`
      const names = [...files.keys(), ...links.keys()]
        .filter((each) => each.startsWith(start))
        .map((each) => each.slice(start.length).split('/')[0] ?? '')
      return { ok: true as const, value: [...new Set(names)].toSorted() }
    },
    openLines: (path: string) => {
      const text = files.get(path)?.text
      if (text === undefined) return failure('ENOENT', path)
      opened.push(text)
      const value = { handle: opened.length - 1, id: path, size: text.length, isPacked: path.endsWith('.gz') }
      return { ok: true as const, value }
    },
    closeLines: () => {},
    // In one piece, and all of them: what is wanted is asked of each again.
    linesAfter: (handle: number) => {
      const lines = (opened[handle] ?? '').split('\n')
      const tail = lines.pop() ?? ''
      const objects = lines.filter((line) => line.startsWith('{') && line.endsWith('}'))
      const value = { lines: objects, starts: objects.map(() => 0), next: 0, ended: true, tail: tail.length }
      return {
        ok: true as const,
        value: { ...value, foreign: lines.length - objects.length, firstForeign: 0 },
      }
    },
    stat: (path: string) => {
      const found = stat(path)
      return found === undefined ? failure('ENOENT', path) : { ok: true as const, value: found }
    },
    stamps: (paths: readonly string[]) => paths.map((path) => JSON.stringify(stat(path) ?? 'absent')),
    readLink: (path: string) => {
      const target = links.get(path)
      return target === undefined ? failure('ENOENT', path) : { ok: true as const, value: target }
    },
    realPath: (path: string) => ({
      ok: true as const,
      value: path === '/proc/self/exe' ? (lintel[0] ?? path) : path,
    }),
    spawn: (argv: readonly string[]) => ({ ok: true as const, value: spawned(argv) }),
    isLintel: (path: string) => lintel.includes(path),
    findRuntime: (paths: readonly string[]) =>
      paths.find((path) => programs.includes(path) && !lintel.includes(path)),
    readBreakGlass: () => told.breakGlass,
    sha256: (text: string) => createHash('sha256').update(text).digest('hex'),
    parseJson: (text: string) => {
      try {
        return { ok: true as const, value: JSON.parse(text) }
      } catch (error) {
        return { ok: false as const, error: { message: String(error), line: 1, column: 1 } }
      }
    },
    parseToml: (text: string) => {
      try {
        return { ok: true as const, value: { value: JSON.parse(JSON.stringify(parseToml(text))), lines: {} } }
      } catch (error) {
        return { ok: false as const, error: { message: String(error), line: 1, column: 1 } }
      }
    },
  })
  return { host, ran }
}
