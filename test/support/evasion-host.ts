/** Makes every attempt's call on one private host, dry, and reads what lintel says. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { exampleBase, layer } from '../../src/core/example.ts'
import { isJsonObject, type Json } from '../../src/core/json.ts'
import type { DecisionRecord } from '../../src/core/record.ts'
import { rules } from '../../src/rules/index.ts'
import { until } from '../e2e/support/private-host.ts'
import type { Attempt, Unread } from './evasion.ts'
import { type Surroundings, surroundings } from './evasion-callers.ts'
import { asDryRun } from './record-schema.ts'
import type { Shim } from './shim.ts'

/** What lintel said to one call. */
export interface Said {
  readonly record: DecisionRecord
  readonly stderr: string
  readonly status: number
}

/** An attempt with its place on the host. */
interface Placed {
  readonly attempt: Attempt | Unread
  readonly id: string
  readonly here: string
  readonly around: Surroundings
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`

/** The profile with all rules switched off but the one that must find the attempt: no other catches it instead. */
const policyOf = (shim: Shim, attempt: Attempt | Unread): string => {
  const runtime = `[runtime]\npath = ["${join(shim.host.workspace, attempt.runtime ?? 'runc')}"]\n`
  const head = `version = 1\nprofile = "cis-docker-1.13.0"\n${runtime}`
  if (!('by' in attempt)) return head
  const action = attempt.action ?? (attempt.verdict === 'fix' ? 'fix' : 'deny')
  const others = rules.filter(({ id }) => id !== attempt.by).map(({ id }) => `${id}.action = "off"\n`)
  return `${head}[rules]\n${others.join('')}[rules.${attempt.by}]\naction = "${action}"\n${attempt.policy ?? ''}\n`
}

const harmlessProcess: Json = {
  args: ['true'],
  cwd: '/',
  noNewPrivileges: true,
  user: { uid: 1000, gid: 1000 },
}

const configOf = ({ attempt, around }: Placed): string => {
  if (attempt.text !== undefined) return attempt.text
  const engines = layer(exampleBase, around.config)
  const mounts = isJsonObject(engines) && Array.isArray(engines['mounts']) ? engines['mounts'] : []
  const all = layer(engines, { mounts: [...mounts, ...around.mounts, ...(attempt.mounts ?? [])] })
  return JSON.stringify(layer(all, attempt.config ?? {}))
}

/** The words after the command. */
const wordsOf = ({ attempt, id, here, around }: Placed): readonly string[] => {
  const { operation = 'create', flags = [] } = attempt
  switch (operation) {
    case 'create':
      return [operation, '--bundle', around.bundle, ...flags, id]
    case 'run':
      return [operation, '--detach', '--bundle', around.bundle, ...flags, id]
    case 'restore':
      return [operation, '--bundle', around.bundle, '--image-path', `${here}/checkpoint`, ...flags, id]
    case 'exec':
      return attempt.process === undefined
        ? [operation, ...flags, id, 'true']
        : [operation, '--process', `${here}/process.json`, ...flags, id]
    default:
      return attempt.resources === undefined
        ? [operation, ...flags, id]
        : [operation, '--resources', '-', ...flags, id]
  }
}

/** The shell line of the call; `extra` goes before the command. */
const lineOf = (shim: Shim, placed: Placed, extra: readonly string[]): string => {
  const { attempt, around, here } = placed
  const globals = ['--lintel-policy', `${here}/policy.toml`, ...extra, '--root', around.root]
  const words = [shim.host.runtime, ...globals, ...(attempt.globals ?? []), ...wordsOf(placed)]
  const call = `${attempt.behind ?? ''} ${words.map(quoted).join(' ')}`.replaceAll('@here', here).trim()
  if (around.parent === undefined) return call
  const { program, argv } = around.parent
  return [join(shim.host.workspace, program), '-c', `${call}; exit $?`, 'x', ...argv].map(quoted).join(' ')
}

/** Folders, policy and what else lies there before the shell lines of an attempt. */
const writeBefore = (shim: Shim, { attempt, here, around }: Placed): void => {
  mkdirSync(join(here, 'checkpoint'), { recursive: true })
  mkdirSync(join(shim.path(around.bundle), 'rootfs'), { recursive: true })
  writeFileSync(join(here, 'policy.toml'), policyOf(shim, attempt).replaceAll('@here', here))
  writeFileSync(join(here, 'input'), JSON.stringify(attempt.resources ?? {}))
  if (around.parent === undefined) return
  const program = join(shim.host.workspace, around.parent.program)
  if (!existsSync(program)) copyFileSync('/bin/dash', program)
}

/** Configuration, engine files and documents, which may name what the shell lines made. */
const writeAfter = (shim: Shim, placed: Placed): void => {
  const { attempt, id, here, around } = placed
  const pid = existsSync(join(here, 'pid')) ? readFileSync(join(here, 'pid'), 'utf8').trim() : '@pid'
  const put = (path: string, text: string): void => {
    const filled = (each: string): string =>
      each.replaceAll('@here', here).replaceAll('@pid', pid).replaceAll('@id', id)
    const file = shim.path(filled(path))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, filled(text))
  }
  put(`${around.bundle}/config.json`, configOf(placed))
  const asked = Object.entries(attempt.files ?? {}).map(([path, content]) => [
    path.replaceAll('@id', id),
    content,
  ])
  const files = layer(around.files, Object.fromEntries(asked))
  for (const [path, content] of Object.entries(isJsonObject(files) ? files : {}))
    put(path, JSON.stringify(content))
  if (attempt.operation === 'exec' || attempt.operation === 'update')
    put(
      `${around.root}/${id}/state.json`,
      JSON.stringify({ id, config: { labels: [`bundle=${around.bundle}`] } }),
    )
  const processes = { 'process.json': attempt.process, 'earlier.json': attempt.before?.process }
  for (const [name, process] of Object.entries(processes))
    if (process !== undefined) put(`${here}/${name}`, JSON.stringify(layer(harmlessProcess, process)))
}

/** Starts one process that listens on all of them. */
const listen = async (shim: Shim, sockets: readonly string[]): Promise<void> => {
  for (const socket of sockets) mkdirSync(dirname(shim.path(socket)), { recursive: true })
  const program = `for (const path of process.argv.slice(1)) require('node:net').createServer().listen(path)`
  shim.host.launch('listeners', process.execPath, ['-e', program, ...sockets])
  await until(() => sockets.every((path) => existsSync(shim.path(path))), 'the listeners')
}

const runScript = async (shim: Shim, name: string, lines: readonly string[]): Promise<void> => {
  const file = join(shim.host.workspace, `${name}.sh`)
  writeFileSync(file, `${lines.join('\n')}\n`)
  const { exitCode, all } = await shim.host.run('sh', [file])
  if (exitCode !== 0) throw new Error(`${name}: ${all}`)
}

/** Everything the calls need, made at once. */
const prepare = async (shim: Shim, all: readonly Placed[]): Promise<void> => {
  for (const placed of all) writeBefore(shim, placed)
  const sockets = all.flatMap(({ attempt, here }) =>
    (attempt.listens ?? []).map((path) => path.replaceAll('@here', here)),
  )
  if (sockets.length > 0) await listen(shim, [...new Set(sockets)])
  const scripts = all.flatMap(({ attempt: { shell }, here }) =>
    shell === undefined
      ? []
      : [`( set -eu; cd ${here}\n${shell.replaceAll('@here', here)}\n) || { echo ${here} failed; exit 1; }`],
  )
  await runScript(shim, 'prepare', scripts)
  for (const placed of all) writeAfter(shim, placed)
}

/** The shell lines of a call, with what it says put beside it. */
const callLines = (shim: Shim, placed: Placed): readonly string[] => {
  const { attempt, here } = placed
  const earlier =
    attempt.before === undefined
      ? []
      : [
          'mv process.json later.json; mv earlier.json process.json',
          `${lineOf(shim, placed, [])} < input > earlier.out 2>&1`,
          'mv later.json process.json',
        ]
  const dry = `${lineOf(shim, placed, ['--dry-run'])} < input > out 2> err || echo $? > status`
  return [`cd ${here}`, ...earlier, dry]
}

const readSaid = (here: string): Said => {
  const text = (name: string): string =>
    existsSync(join(here, name)) ? readFileSync(join(here, name), 'utf8') : ''
  const out = text('out')
  if (out === '') throw new Error(`no record: ${text('err')}`)
  return { record: asDryRun(JSON.parse(out)), stderr: text('err'), status: Number(text('status')) }
}

/** Makes the calls of all these attempts, each in surroundings of its own, and gives what lintel said to each, to be read. */
export const attemptAll = async (
  shim: Shim,
  attempts: readonly (Attempt | Unread)[],
): Promise<readonly (() => Said)[]> => {
  const all = attempts.map((attempt, index): Placed => {
    const id = index.toString(16).padStart(64, 'e')
    const here = join(shim.host.workspace, `attempt-${index}`)
    const around = surroundings(attempt.as ?? 'nobody', id)
    return { attempt, id, here, around: { ...around, bundle: around.bundle.replaceAll('@here', here) } }
  })
  // Which of them it is tells lintel how the flags of an exec are read.
  for (const name of ['runc', 'crun']) copyFileSync(shim.runtime, join(shim.host.workspace, name))
  await prepare(shim, all)
  await runScript(
    shim,
    'calls',
    all.flatMap((placed) => callLines(shim, placed)),
  )
  return all.map(
    ({ here }) =>
      () =>
        readSaid(here),
  )
}
