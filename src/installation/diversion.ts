/** Which runtimes lintel takes the place of, and where the real ones are kept: from what lies on a host to a plan. Pure. */
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { err, ok, type Result } from '../core/result.ts'

/** Where real runtimes are kept. A call is handed on to the one of the same name or path. */
export const keepFolder = '/usr/libexec/lintel'

/** The runtimes that are diverted. */
export const runtimeNames: readonly string[] = ['runc', 'crun']

/** Names crun also goes by: it looks at the name it is called by to choose its handler (crun(1)). */
const otherNames: { readonly [name: string]: readonly string[] | undefined } = { crun: ['krun', 'crun-wasm'] }

/** Where engines look for a runtime, those of the built-in [runtime] path first. */
const folders = [
  '/usr/sbin',
  '/usr/bin',
  '/usr/local/sbin',
  '/usr/local/bin',
  '/sbin',
  '/bin',
  '/opt/containerd/bin',
]

/** Every path at which a runtime is looked for. */
export const candidates: readonly { readonly name: string; readonly path: string }[] = runtimeNames.flatMap(
  (name) => folders.map((folder) => ({ name, path: `${folder}/${name}` })),
)

/** One runtime whose place lintel has taken, or is to take. */
export interface Diversion {
  /** Absolute path of the runtime, links resolved: lintel lies there. */
  readonly path: string
  /** Absolute path of the real one. */
  readonly kept: string
  /** The path as dpkg lists it, where it is a Debian package's: dpkg is told where that file goes. */
  readonly dpkg: string | undefined
  /** Name of the package it came from; undefined where no package knows it. */
  readonly owner: string | undefined
  /** Size and modification time of the file when it was first diverted. */
  readonly stamp: string
}

/** What is kept on disk about diversions. */
export interface DivertRecord {
  /** True from the moment they are being undone. */
  readonly undoing: boolean
  readonly diversions: readonly Diversion[]
}

/** A file found at a candidate path. */
export interface FoundRuntime {
  /** The name it was looked for by. */
  readonly name: string
  /** Absolute path with all links resolved. */
  readonly path: string
}

/** The real runtimes among those found that are not diverted yet, each once, with the place where each is to be kept. */
export const planDiversion = (
  found: readonly FoundRuntime[],
  held: readonly Pick<Diversion, 'path' | 'kept'>[],
): readonly Pick<Diversion, 'path' | 'kept'>[] => {
  const planned: Pick<Diversion, 'path' | 'kept'>[] = []
  for (const { name, path } of found) {
    const known = [...held, ...planned]
    if (path.startsWith(`${keepFolder}/`) || known.some((each) => each.path === path)) continue
    const [byName = '', byPath = ''] = keptPaths(path, name)
    planned.push({ path, kept: known.some(({ kept }) => kept === byName) ? byPath : byName })
  }
  return planned
}

/** Where the real runtime of a path may be kept: under its name, or, beside another of that name, under its path. */
export const keptPaths = (path: string, name = baseName(path)): readonly string[] => {
  const own = runtimeNames.includes(baseName(path)) ? baseName(path) : name
  return [`${keepFolder}/${own}`, `${keepFolder}${path}`]
}

/** Links beside a kept runtime, for calls by its other names. */
export const linksBeside = (kept: string): readonly string[] =>
  (otherNames[baseName(kept)] ?? []).map((name) => `${folderOf(kept)}/${name}`)

/** The last component of a path. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** The folder of an absolute path. */
export const folderOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/')))

/** Folders below the keep folder that hold a kept runtime, innermost first, the keep folder last. */
export const foldersOf = (kept: string): readonly string[] => {
  const all: string[] = []
  for (let folder = folderOf(kept); folder.startsWith(keepFolder); folder = folderOf(folder)) all.push(folder)
  return all
}

const recordVersion = 1

/** The record as text. */
export const formatRecord = ({ undoing, diversions }: DivertRecord): string =>
  `${JSON.stringify({ version: recordVersion, undoing, diversions }, undefined, 2)}\n`

/** The record of a parsed text; the error says what is wrong with it. */
export const recordOf = (value: Json): Result<DivertRecord, string> => {
  if (!isJsonObject(value) || value['version'] !== recordVersion)
    return err(`is not of version ${recordVersion}: another version of lintel wrote it`)
  const listed = value['diversions']
  const read = Array.isArray(listed) ? listed.map(diversionOf) : [undefined]
  const diversions = read.filter((each) => each !== undefined)
  if (diversions.length !== read.length) return err('holds a diversion that is incomplete')
  return ok({ undoing: value['undoing'] === true, diversions })
}

const diversionOf = (value: Json): Diversion | undefined => {
  if (!isJsonObject(value)) return undefined
  const [path, kept, stamp] = [text(value, 'path'), text(value, 'kept'), text(value, 'stamp')]
  if (path?.startsWith('/') !== true || kept?.startsWith(`${keepFolder}/`) !== true) return undefined
  if (stamp === undefined) return undefined
  return { path, kept, dpkg: text(value, 'dpkg'), owner: text(value, 'owner'), stamp }
}

const text = (object: JsonObject, name: string): string | undefined => {
  const value = object[name]
  return typeof value === 'string' ? value : undefined
}
