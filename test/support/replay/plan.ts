/** Writes plans for the driver and reads its results: texts that each end with a NUL. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import type { Descriptor } from './fixture.ts'
import type { Tools } from './tools.ts'

/** One step of a scene, as the driver's texts. */
export type Step = readonly string[]

/** What the stand-in for the engine starts lintel with. */
export interface CallPlan {
  readonly parent: { readonly program: string; readonly argv: readonly string[] }
  readonly program: string
  readonly argv: readonly string[]
  readonly env: readonly string[]
  readonly cwd: string
  readonly descriptors: readonly Descriptor[]
  readonly input: string
  readonly ignoresPipe: boolean
  readonly oomScoreAdjustment: number
}

const list = (words: readonly string[]): Step => [String(words.length), ...words]

/** The step that makes a call. */
export const callStep = (call: CallPlan): Step => {
  const told = [
    ...['program', call.program, 'argv', ...list(call.argv), 'env', ...list(call.env), 'cwd', call.cwd],
    ...call.descriptors.flatMap(({ number, to, access }) => ['descriptor', String(number), to, access]),
    ...['input', call.input],
    ...(call.ignoresPipe ? ['ignore-pipe'] : []),
    ...(call.oomScoreAdjustment === 0 ? [] : ['oom', String(call.oomScoreAdjustment)]),
    'go',
  ]
  return ['call', call.parent.program, ...list(call.parent.argv), String(told.length), ...told]
}

/** An open descriptor as seen from inside the process. */
interface OpenDescriptor {
  readonly number: number
  readonly target: string
  readonly flags: string
  readonly file: string
}

/** What the runtime was started with, as the recording runtime wrote it down. */
export interface RuntimeRecord {
  readonly argv: readonly string[]
  readonly env: readonly string[]
  readonly cwd: string
  readonly descriptors: readonly OpenDescriptor[]
  readonly umask: string
  readonly ignored: string
  readonly blocked: string
  readonly oom: string
  readonly pid: string
  readonly input: string
}

export interface CallResult {
  /** Descriptors as the engine opened them. */
  readonly given: readonly OpenDescriptor[]
  readonly status: number
  readonly pid: string
  readonly stdout: string
  readonly stderr: string
  /** Absent where no runtime ran. */
  readonly runtime?: RuntimeRecord
}

export interface FileResult {
  readonly mode: string
  readonly owner: string
  readonly text: string
}

/** What came of a scene: its calls in order, and what was read after each, by path. */
export interface SceneResult {
  readonly calls: readonly (CallResult & { readonly files: ReadonlyMap<string, FileResult | undefined> })[]
}

/** Reads texts one after another. */
class Texts {
  private at = 0
  private readonly texts: readonly string[]

  constructor(texts: readonly string[]) {
    this.texts = texts
  }

  next(): string {
    const text = this.texts[this.at++]
    if (text === undefined) throw new Error('the results end too early')
    return text
  }

  /** The next one if it is this word. */
  take(word: string): boolean {
    const taken = this.texts[this.at] === word
    if (taken) this.at++
    return taken
  }

  expect(word: string): string {
    const found = this.next()
    if (found !== word) throw new Error(`expected ${word}, found ${found}`)
    return this.next()
  }

  words(word: string): readonly string[] {
    const count = Number(this.expect(word))
    return Array.from({ length: count }, () => this.next())
  }

  get ended(): boolean {
    return this.at >= this.texts.length - 1
  }
}

const descriptors = (texts: Texts): readonly OpenDescriptor[] => {
  const found: OpenDescriptor[] = []
  while (texts.take('descriptor')) {
    const [number, target, flags, file] = [texts.next(), texts.next(), texts.next(), texts.next()]
    found.push({ number: Number(number), target, flags, file })
  }
  return found
}

const runtimeRecord = (texts: Texts): RuntimeRecord => {
  const record = {
    argv: texts.words('argv'),
    env: texts.words('env'),
    cwd: texts.expect('cwd'),
    descriptors: descriptors(texts),
    umask: texts.expect('umask'),
    ignored: texts.expect('ignored'),
    blocked: texts.expect('blocked'),
    oom: texts.expect('oom'),
    pid: texts.expect('pid'),
    input: texts.expect('input'),
  }
  if (!texts.take('end')) throw new Error('the record of the runtime is cut')
  return record
}

/** A record file of the recording runtime; latin1 keeps every byte. */
export const readRecord = (path: string): RuntimeRecord =>
  runtimeRecord(new Texts(readFileSync(path, 'latin1').split('\0')))

const callResult = (texts: Texts): SceneResult['calls'][number] => {
  const given = descriptors(texts)
  const status = Number(texts.expect('status'))
  const pid = texts.expect('pid')
  const stdout = texts.expect('stdout')
  const stderr = texts.expect('stderr')
  const runtime = texts.take('recorded') ? { runtime: runtimeRecord(texts) } : {}
  if (!('runtime' in runtime)) texts.take('unrecorded')
  if (!texts.take('done')) throw new Error('the result of a call is cut')
  const files = new Map<string, FileResult | undefined>()
  for (;;) {
    if (texts.take('absent')) files.set(texts.next(), undefined)
    else if (texts.take('file')) {
      const [path, mode, owner, text] = [texts.next(), texts.next(), texts.next(), texts.next()]
      files.set(path, { mode, owner, text })
    } else break
  }
  return { given, status, pid, stdout, stderr, ...runtime, files }
}

const sceneResult = (texts: Texts): SceneResult => {
  const calls: SceneResult['calls'][number][] = []
  while (texts.take('call')) calls.push(callResult(texts))
  if (!texts.take('end')) throw new Error(`a scene is cut after ${calls.length} calls`)
  return { calls }
}

/** Plays scenes in order on one small host; its lasting state (the kept policy) lasts from call to call. */
export const play = async (
  { folder, driver, root }: Tools,
  scenes: readonly (readonly Step[])[],
): Promise<readonly SceneResult[]> => {
  const plan = join(folder, 'plan')
  const results = join(folder, 'results')
  const texts = scenes.flatMap((steps) => ['scene', ...steps.flat(), 'end'])
  if (texts.some((text) => text.includes('\0'))) throw new Error('a text of the plan holds a NUL')
  writeFileSync(plan, `${texts.join('\0')}\0\0`)
  await execa(driver, [plan, results, root], { stdin: 'ignore', timeout: 300_000 })
  const reader = new Texts(readFileSync(results, 'utf8').split('\0'))
  const played: SceneResult[] = []
  while (!reader.ended) played.push(sceneResult(reader))
  return played
}
