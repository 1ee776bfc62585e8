/** Plays the recorded calls of all fixtures once and keeps what came of each. */
import { rmSync } from 'node:fs'
import { optionOf } from './engine.ts'
import { callsOf, type FixtureCall, fixtureNames } from './fixture.ts'
import type { DecisionRecord } from './golden.ts'
import { type CallResult, type FileResult, play } from './plan.ts'
import { type Admitted, askedPath, isGuarded, sceneOf, subjectOf } from './scene.ts'
import { makeTools, type Tools } from './tools.ts'

type Files = ReadonlyMap<string, FileResult | undefined>

/** A played call: the real one, its dry run before it where it is judged, and the files after each. */
export interface Played {
  readonly one: FixtureCall
  readonly call: CallResult
  readonly files: Files
  readonly dry?: CallResult & { readonly files: Files }
  /** The decision, by the dry run. */
  readonly record?: DecisionRecord
}

const results = new Map<string, Played>()

/** `fixture index`, as tests name a call. */
export const keyOf = ({ fixture, index }: FixtureCall): string => `${fixture} ${index}`

const playSome = async (tools: Tools, calls: readonly FixtureCall[]): Promise<void> => {
  const scenes = await play(
    tools,
    calls.map((one) => sceneOf(one, admittedOf(one))),
  )
  for (const [index, one] of calls.entries()) {
    const played = scenes[index]?.calls ?? []
    const last = played.at(-1)
    if (last === undefined) throw new Error(`${keyOf(one)} was not played`)
    const { files, ...call } = last
    const dry = isGuarded(one) ? played[0] : undefined
    const record = dry === undefined || dry.stdout === '' ? {} : { record: JSON.parse(dry.stdout) }
    results.set(keyOf(one), { one, call, files, ...(dry === undefined ? {} : { dry }), ...record })
  }
}

/** What lintel left at the creation of the container this call is for. */
const admittedOf = ({ call }: FixtureCall): Admitted | undefined => {
  const [fixture, document] = call.admitted?.split('/') ?? []
  const created = [...results.values()].find(
    ({ one }) => one.fixture === fixture && one.call.config === document,
  )
  const path = created === undefined ? undefined : subjectOf(created.one)?.path
  const config = path === undefined ? undefined : created?.files.get(path)?.text
  if (path === undefined || config === undefined) return undefined
  return { config, asked: created?.files.get(askedPath(path))?.text }
}

/** Plays everything: creations first, since what they leave is what later calls are held to. */
export const playAll = async (): Promise<void> => {
  if (process.getuid?.() !== 0) throw new Error('the replay needs root: it makes namespaces and mounts')
  const tools = await makeTools()
  try {
    const calls = allCalls()
    const creations = calls.filter(({ call }) => call.config !== undefined)
    await playSome(tools, creations)
    await playSome(
      tools,
      calls.filter((one) => !creations.includes(one)),
    )
  } finally {
    rmSync(tools.folder, { recursive: true })
  }
}

const allCalls = (): readonly FixtureCall[] => fixtureNames().flatMap(callsOf)

/** What came of one call. */
export const resultOf = (one: FixtureCall): Played => {
  const played = results.get(keyOf(one))
  if (played === undefined) throw new Error(`${keyOf(one)} was not played`)
  return played
}

/** Calls handed on unjudged. */
export const passed = (): readonly Played[] => [...results.values()].filter(({ one }) => !isGuarded(one))

/** Calls judged. */
export const guarded = (): readonly Played[] => [...results.values()].filter(({ one }) => isGuarded(one))

/** Calls that ended well. */
export const ran = (): readonly Played[] => [...results.values()].filter(({ call }) => call.status === 0)

/** Judged calls that did not. */
export const denied = (): readonly Played[] => guarded().filter(({ call }) => call.status !== 0)

/** Judged calls whose document was repaired. */
export const fixed = (): readonly Played[] => guarded().filter(({ record }) => record?.verdict === 'fix')

/** The document the call is about, as it was left; absent where it is no file. */
export const rewritten = ({ one, files }: Played): FileResult | undefined =>
  files.get(subjectOf(one)?.path ?? '')

/** What was written to the file of `--log`. */
export const logOf = ({ one, files }: Played): string | undefined =>
  files.get(optionOf(one.call.argv, '--log') ?? '')?.text

/** The refusal as the caller reads it; a pod's sandbox has no standard error to write to, only the log. */
export const toldTo = (played: Played): string => {
  const told = played.call.stderr || played.call.stdout
  const log = logOf(played)
  if (told !== '' || log === undefined) return told
  const { msg }: { readonly msg: string } = JSON.parse(log)
  return `${msg}\n`
}
