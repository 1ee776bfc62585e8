/** What the conformance tests share: lintel under several names, policies, the recording runtime, a bundle. */
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { type RuntimeRecord, readRecord } from './replay/plan.ts'
import { compile } from './replay/tools.ts'

let home = ''

/** A path in the folder of this run. */
export const at = (...names: readonly string[]): string => join(home, ...names)

/** The recording runtime. */
export const recorder = (): string => at('recorder', 'recording-runtime')

const programFolders = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin', '/sbin', '/bin']

/** A real runtime's path; both are needed, and a missing one fails every test of it. */
export const realRuntime = (name: string): string =>
  programFolders.map((folder) => `${folder}/${name}`).find(existsSync) ?? `/nx/${name}`

/** Writes a policy with these runtime paths and returns its file. */
export const policyWith = (name: string, paths: readonly string[]): string => {
  const file = at(`${name}.toml`)
  const log = `[log]\nfile = "${at('decisions.jsonl')}"\nsyslog = false\n`
  const rules = '[rules.readonly-rootfs]\naction = "fix"\n'
  const runtime = `[runtime]\npath = ${JSON.stringify(paths)}\n`
  writeFileSync(file, `version = 1\nprofile = "minimal"\n${runtime}${rules}${log}`)
  return file
}

/** A container that needs no repair, so that what lintel does is hand on. */
export const config = {
  ociVersion: '1.0.2',
  process: { args: ['true'], cwd: '/', noNewPrivileges: true, capabilities: {} },
  root: { path: 'rootfs', readonly: true },
  linux: { namespaces: ['pid', 'network', 'ipc', 'uts', 'mount'].map((type) => ({ type })) },
}

/** Makes the folder: policies `runc`, `crun` and `recorder`, lintel's names under links/, a bundle, a state folder. */
export const begin = async (): Promise<void> => {
  if (process.getuid?.() !== 0) throw new Error('these tests need root: a policy that serves must be its own')
  home = mkdtempSync(join(tmpdir(), 'lintel-conformance-'))
  mkdirSync(at('recorder', 'records'), { recursive: true })
  mkdirSync(at('bundle', 'rootfs'), { recursive: true })
  mkdirSync(at('state'))
  mkdirSync(at('links'))
  await compile('recorder', recorder())
  copyFileSync(fileURLToPath(new URL('../../dist/lintel', import.meta.url)), at('lintel'))
  for (const name of ['lintel-runtime', 'runc', 'crun']) symlinkSync('../lintel', at('links', name))
  writeFileSync(at('bundle', 'config.json'), JSON.stringify(config))
  for (const name of ['runc', 'crun']) policyWith(name, [realRuntime(name)])
  policyWith('recorder', [recorder()])
}

/** Removes it, and what lintel keeps of its compiled policies. */
export const end = (): void => {
  if (home === '') return
  for (const name of readdirSync(home).filter((file) => file.endsWith('.toml'))) {
    const digest = createHash('sha256').update(at(name)).digest('hex').slice(0, 16)
    rmSync(`/var/lib/lintel/policy/${digest}.json`, { force: true })
  }
  rmSync(home, { recursive: true })
}

/** How a program ended; times in its log lines are taken out. */
export interface Ran {
  readonly stdout: string
  readonly stderr: string
  readonly status: number | undefined
}

/** Runs a program, under another argv[0] where `name` says so. Output as latin1: every byte counts. */
export const run = async (
  program: string,
  words: readonly string[],
  { cwd = home, name = program }: { readonly cwd?: string; readonly name?: string } = {},
): Promise<Ran> => {
  const options = {
    cwd,
    argv0: name,
    reject: false,
    stdin: 'ignore',
    timeout: 20_000,
    stripFinalNewline: false,
  } as const
  const { stdout, stderr, exitCode } = await execa(program, words, { ...options, encoding: 'latin1' })
  const timeless = stderr.replace(/time="[^"]*"|^\d{4}-\d\d-\d\dT[\d:.]+Z/gm, 'TIME')
  return { stdout, stderr: timeless, status: exitCode }
}

/** The record of the only runtime that ran since the last time; none if none did. */
export const takeRecord = (): RuntimeRecord | undefined => {
  const records = readdirSync(at('recorder', 'records'))
  const [name] = records
  if (name === undefined) return undefined
  if (records.length > 1) throw new Error(`${records.length} runtimes ran`)
  const record = readRecord(at('recorder', 'records', name))
  rmSync(at('recorder', 'records', name))
  return record
}
