/**
 * `tsx scripts/import-captures.ts FOLDER`: turns a folder of recorded runtime calls into fixtures/, one folder an
 * invocation set. Documents are copied byte for byte; of a call's own record only what a replay needs is kept.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Descriptor, RecordedCall } from '../test/support/replay/fixture.ts'

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url))

/** One call as the recorder wrote it down; `capture` names the document it copied. */
interface Captured {
  readonly t0: number
  readonly cmd: string
  readonly argv: readonly string[]
  readonly env: readonly string[]
  readonly cwd: string
  readonly fds: readonly { readonly fd: number; readonly to: string; readonly acc: Descriptor['access'] }[]
  readonly parents: readonly { readonly cmd: string }[]
  readonly status: { readonly SigIgn: string; readonly oom_score_adj: string }
  readonly capture?: string
  readonly bundle_ls?: readonly string[]
  readonly bundle_side_files?: { readonly [name: string]: string }
  readonly pid_file_after?: string
}

interface ConfigDocument {
  readonly annotations?: { readonly [key: string]: string }
  readonly linux?: { readonly namespaces?: readonly { readonly type: string; readonly path?: string }[] }
}

/** A call on its way into a fixture. */
interface Incoming {
  /** Base name of the set's files in the folder of captures. */
  readonly set: string
  readonly time: number
  readonly call: RecordedCall
  readonly initPid: string
}

const documentNames = [
  'config.json',
  '1.config.json',
  'process.json',
  'resources.json',
  'resources.stdin.json',
  'config.v2.json',
  'hostconfig.json',
  'inspect.json',
]

/** The fixture of a set: CRI-O's recordings are one file a call, all others one file a set. */
const fixtureOf = (set: string): string => (steps.exec(set)?.[1] ?? set).replace('-cri-cri-', '-cri-')

/** `crio-1.37-default.07-exec`: the seventh call of the case, an exec. */
const steps = /^(crio-.+)\.((\d+)-(\w+))$/

/** Names of documents in the fixture: CRI-O's keep the number and name of their call. */
const documentName = (set: string, name: string): string => {
  const step = steps.exec(set)?.[2]
  return step === undefined ? name : `${step}.${name}`
}

/** `pipe:[304612]` says only which descriptors are one pipe: numbered anew from 1 in each call. */
const descriptorsOf = ({ fds }: Captured): readonly Descriptor[] => {
  const seen = new Map<string, string>()
  return fds.map(({ fd, to, acc }) => {
    const kind = /^(pipe|socket):/.exec(to)?.[1]
    if (kind !== undefined && !seen.has(to)) seen.set(to, `${kind}:${seen.size + 1}`)
    return { number: fd, to: seen.get(to) ?? to, access: acc }
  })
}

const bundleOf = ({ bundle_ls, bundle_side_files }: Captured): RecordedCall['bundle'] => {
  const work = bundle_ls?.map((line) => / work -> (.*)$/.exec(line)?.[1]).find((to) => to !== undefined)
  if (bundle_side_files === undefined && work === undefined) return undefined
  return { files: bundle_side_files ?? {}, ...(work === undefined ? {} : { work }) }
}

const documentsOf = (folder: string, captured: Captured, set: string): Partial<RecordedCall> => {
  const has = (name: string): boolean => existsSync(join(folder, `${set}.${name}`))
  const name = captured.capture?.slice(set.length + 1)
  if (name?.endsWith('config.json')) return { config: documentName(set, name) }
  if (name !== undefined) return { process: documentName(set, name) }
  if (captured.cmd !== 'update') return {}
  return has('resources.json') ? { resources: 'resources.json' } : { stdin: 'resources.stdin.json' }
}

const fromRecorder = (folder: string, set: string, captured: Captured): Incoming => {
  const bundle = bundleOf(captured)
  const adjustment = Number(captured.status.oom_score_adj)
  const call: RecordedCall = {
    command: captured.cmd,
    argv: captured.argv,
    env: captured.env,
    cwd: captured.cwd,
    parents: captured.parents.map(({ cmd }) => cmd),
    descriptors: descriptorsOf(captured),
    ...(captured.status.SigIgn === '0000000000001000' ? { ignoresPipe: true } : {}),
    ...(adjustment === 0 ? {} : { oomScoreAdjustment: adjustment }),
    ...documentsOf(folder, captured, set),
    ...(bundle === undefined ? {} : { bundle }),
  }
  return { set, time: captured.t0, call, initPid: captured.pid_file_after ?? '' }
}

/** CRI-O's recordings hold argv and environment only; the working directory stands in PWD. */
const fromCrio = (folder: string, set: string, argv: readonly string[]): Incoming => {
  const env: readonly string[] = JSON.parse(readFileSync(join(folder, `${set}.env.json`), 'utf8'))
  const [, , , step = '', command = ''] = steps.exec(set) ?? []
  const documents =
    command === 'create'
      ? { config: documentName(set, 'config.json') }
      : command === 'exec'
        ? { process: documentName(set, 'process.json') }
        : {}
  const cwd = env.find((entry) => entry.startsWith('PWD='))?.slice('PWD='.length) ?? '/'
  return { set, time: Number(step), call: { command, argv, env, cwd, ...documents }, initPid: '' }
}

const incoming = (folder: string): readonly Incoming[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.argv.json'))
    .toSorted()
    .flatMap((name) => {
      const set = name.slice(0, -'.argv.json'.length)
      const recorded: readonly (Captured | string)[] = JSON.parse(readFileSync(join(folder, name), 'utf8'))
      const words = recorded.filter((entry) => typeof entry === 'string')
      if (words.length > 0) return [fromCrio(folder, set, words)]
      return recorded.flatMap((entry) =>
        typeof entry === 'string' ? [] : [fromRecorder(folder, set, entry)],
      )
    })

const engineOf = ({ set }: Incoming): string => /^[a-z]+-[\w.]+/.exec(fixtureOf(set))?.[0] ?? ''

const containerOf = ({ call }: Incoming): string =>
  call.command === 'kill' || call.command === 'checkpoint' ? '' : (call.argv.at(-1) ?? '')

/**
 * The configuration the container had at this call, as `fixture/file`: that of its last creation before, or, where
 * only a later start of the same container was recorded, of that one (engines write it anew, and the same).
 */
const admittedOf = (one: Incoming, all: readonly Incoming[]): string | undefined => {
  if (one.call.command !== 'exec' && one.call.command !== 'update') return undefined
  const created = all
    .filter(({ call }) => call.config !== undefined)
    .filter((other) => engineOf(other) === engineOf(one) && containerOf(other) === containerOf(one))
    .toSorted((a, b) => a.time - b.time)
  const last = created.findLast(({ time }) => time < one.time) ?? created[0]
  return last === undefined ? undefined : `${fixtureOf(last.set)}/${last.call.config}`
}

/**
 * Whose each namespace joined by path was. Only a sandbox's init process and dockerd's own network can be the
 * host's; the sandbox's configuration says whether it had a namespace of its own.
 */
const namespacesOf = (
  folder: string,
  one: Incoming,
  all: readonly Incoming[],
): RecordedCall['namespaces'] => {
  const config = configOf(folder, one)
  const joined = (config?.linux?.namespaces ?? []).flatMap(({ type, path }) =>
    path === undefined ? [] : [{ type, path }],
  )
  if (joined.length === 0) return undefined
  return Object.fromEntries(
    joined.map(({ type, path }) => {
      const pid = /^\/proc\/(\d+)\/ns\//.exec(path)?.[1]
      const owner = all.find((other) => other.initPid === pid && engineOf(other) === engineOf(one))
      const own = owner === undefined ? [{ type }] : (configOf(folder, owner)?.linux?.namespaces ?? [])
      const host = path.endsWith('/docker/netns/default') || !own.some((entry) => entry.type === type)
      return [path, host ? 'host' : 'own']
    }),
  )
}

const configOf = (folder: string, { set, call }: Incoming): ConfigDocument | undefined => {
  if (call.config === undefined) return undefined
  const name = call.config.replace(/^\d+-\w+\./, '')
  return JSON.parse(readFileSync(join(folder, `${set}.${name}`), 'utf8'))
}

/** One member a line: readable, and a change of one call is a change of few lines. */
const textOf = (calls: readonly RecordedCall[]): string => {
  const shown = calls.map((call) => {
    const members = Object.entries(call).map(
      ([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`,
    )
    return `  {\n${members.join(',\n')}\n  }`
  })
  return `[\n${shown.join(',\n')}\n]\n`
}

const write = (folder: string, name: string, sets: readonly Incoming[], all: readonly Incoming[]): void => {
  const target = join(fixtures, name)
  mkdirSync(target, { recursive: true })
  const calls = sets.map((one): RecordedCall => {
    const admitted = admittedOf(one, all)
    const namespaces = namespacesOf(folder, one, all)
    return {
      ...one.call,
      ...(admitted === undefined ? {} : { admitted }),
      ...(namespaces === undefined ? {} : { namespaces }),
    }
  })
  writeFileSync(join(target, 'calls.json'), textOf(calls))
  for (const set of new Set(sets.map((one) => one.set))) {
    for (const document of documentNames) {
      const from = join(folder, `${set}.${document}`)
      // The bytes, not the mode: captures may be kept read-only.
      if (existsSync(from)) writeFileSync(join(target, documentName(set, document)), readFileSync(from))
    }
  }
}

const main = (folder: string): void => {
  const all = incoming(folder)
  const names = new Set(all.map(({ set }) => fixtureOf(set)))
  for (const name of names) {
    const sets = all.filter(({ set }) => fixtureOf(set) === name)
    write(folder, name, sets, all)
  }
  console.log(`${all.length} calls in ${names.size} fixtures`)
}

const [, , folder] = process.argv
if (folder === undefined) {
  console.error('usage: tsx scripts/import-captures.ts FOLDER')
  process.exitCode = 2
} else {
  main(folder)
}
