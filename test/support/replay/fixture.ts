/** What a fixture folder holds: the calls a real engine made of its runtime, and what lintel is to say to each. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const fixturesFolder = fileURLToPath(new URL('../../../fixtures', import.meta.url))

/** One open descriptor. `to`: a path, or `pipe:N` and `socket:N` where N tells pipes of one call apart. */
export interface Descriptor {
  readonly number: number
  readonly to: string
  readonly access: 'r' | 'w' | 'rw'
}

/** One runtime process, in the order of the recording. */
export interface RecordedCall {
  readonly command: string
  readonly argv: readonly string[]
  readonly env: readonly string[]
  readonly cwd: string
  /** Command lines of the parent and its parents, words joined by blanks; absent where none were recorded. */
  readonly parents?: readonly string[]
  readonly descriptors?: readonly Descriptor[]
  readonly ignoresPipe?: true
  readonly oomScoreAdjustment?: number
  /** Documents beside calls.json: the bundle's config.json, --process, --resources, and standard input. */
  readonly config?: string
  readonly process?: string
  readonly resources?: string
  readonly stdin?: string
  /** What lay in the bundle besides: files by name, and where the link `work` led. */
  readonly bundle?: { readonly files: { readonly [name: string]: string }; readonly work?: string }
  /** exec and update: the configuration the container was created with, as `fixture/file`. */
  readonly admitted?: string
  /** Whose the namespaces joined by path were. */
  readonly namespaces?: { readonly [path: string]: 'own' | 'host' }
}

/** A call with its place. */
export interface FixtureCall {
  readonly fixture: string
  readonly index: number
  readonly call: RecordedCall
}

/** Names of all fixture folders, sorted. */
export const fixtureNames = (): readonly string[] =>
  readdirSync(fixturesFolder)
    .filter((name) => existsSync(join(fixturesFolder, name, 'calls.json')))
    .toSorted()

/** The calls of one fixture. */
export const callsOf = (fixture: string): readonly FixtureCall[] => {
  const calls: readonly RecordedCall[] = JSON.parse(readDocument(`${fixture}/calls.json`))
  return calls.map((call, index) => ({ fixture, index, call }))
}

/** Text of a document given as `fixture/file`. */
export const readDocument = (document: string): string => readFileSync(join(fixturesFolder, document), 'utf8')

/** Text of a document of a fixture if it is there. */
export const optionalDocument = (fixture: string, name: string): string | undefined =>
  existsSync(join(fixturesFolder, fixture, name)) ? readDocument(`${fixture}/${name}`) : undefined
