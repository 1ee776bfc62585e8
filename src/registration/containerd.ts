/** containerd: every handler of the runc shim calls lintel; in place for 1.x, by a drop-in for 2.x. */
import { err, ok } from '../core/result.ts'
import {
  type CriSettings,
  criDisabled,
  criSettings,
  handlerPaths,
  importedFolder,
  managedFolder,
  placesToRead,
  runcShim,
  usualHandler,
} from './containerd-files.ts'
import { isRancher, rancherPlaces, templateBinary, templatePlan } from './containerd-managed.ts'
import { type Layer, lastOf, placeIn, textOf, unlessOverruled } from './layered-toml.ts'
import { baseName, dropInBegin, dropInName, folderOf } from './names.ts'
import {
  type FilePlan,
  fromPlans,
  type Operation,
  type Planner,
  rendered,
  settingsPlan,
} from './operations.ts'
import type { Handler, Installation, Registration, Wanted } from './registration.ts'
import { tomlText } from './toml-edit.ts'

/** The old shim of containerd 1.x names its runtime in the handler itself. */
const oldShim = 'io.containerd.runtime.v1.linux'

/** Runtimes lintel can stand in for; another one (nvidia's, youki) is somebody's choice and stays. */
const plainRuntimes = ['runc', 'crun']

const binaryPath = (handler: readonly string[], shim: string | undefined): readonly string[] =>
  shim === oldShim ? [...handler, 'runtime_engine'] : [...handler, 'options', 'BinaryName']

/** The shim a handler names by its path, where it is not that of runc: then it calls what it will. */
const otherShim = (layers: readonly Layer[], handler: readonly string[]): string | undefined => {
  const path = textOf(layers, [...handler, 'runtime_path'])
  return path === undefined || /^containerd-shim-runc-v[12]$/.test(baseName(path)) ? undefined : path
}

const isOurs = (layers: readonly Layer[], handler: readonly string[], { runtime }: Wanted): boolean => {
  const shim = textOf(layers, [...handler, 'runtime_type'])
  if (shim !== undefined && shim !== runcShim && shim !== 'io.containerd.runc.v1' && shim !== oldShim)
    return false
  if (otherShim(layers, handler) !== undefined) return false
  const binary = textOf(layers, binaryPath(handler, shim))
  return binary === undefined || binary === runtime || plainRuntimes.includes(baseName(binary))
}

/** What makes a handler call lintel; all else of it is kept. */
const operationsOf = (
  layers: readonly Layer[],
  handler: readonly string[],
  { runtime }: Wanted,
): readonly Operation[] => {
  const shim = textOf(layers, [...handler, 'runtime_type'])
  return [
    { kind: 'set', path: [...handler, 'runtime_type'], raw: rendered(shim ?? runcShim) },
    { kind: 'set', path: binaryPath(handler, shim), raw: rendered(runtime) },
  ]
}

const planner: Planner = (installation, texts, wanted) => {
  const read = criSettings(installation, texts, false)
  if (!read.ok) return read
  const settings = read.value
  if (criDisabled(settings)) return ok([])
  const operations = handlerPaths(settings)
    .filter((handler) => isOurs(settings.layers, handler, wanted))
    .flatMap((handler) => operationsOf(settings.layers, handler, wanted))
  const managed = managedFolder(installation, texts)
  if (managed !== undefined) return ok([dropIn(managed, settings.version, operations)])
  const imported = importedFolder(installation, texts)
  if (isRancher(installation) && !(settings.merges && imported !== undefined)) {
    return templatePlan(installation, texts, { settings, runtime: wanted.runtime })
  }
  return settings.merges
    ? beside(installation, { settings, imported }, operations)
    : inPlace(installation, settings, operations)
}

/** containerd 1.x takes the CRI table whole from the last file that has it: that one is edited. */
const inPlace = (
  { configuration, program, version }: Installation,
  { layers: [layer], version: written }: CriSettings,
  operations: readonly Operation[],
): ReturnType<Planner> => {
  const file = layer?.path ?? configuration
  if (written > 2 && version !== undefined) {
    const line = tomlText.find(layer?.text ?? '', ['version'])?.line ?? 1
    return err(
      `${file}:${line}:1: ${program} is containerd ${version}, which ignores a version ${written} file; begin anew from \`containerd config default\``,
    )
  }
  return ok([settingsPlan(file, { format: tomlText, fresh: 'version = 2\n' }, operations)])
}

/** containerd 2.x merges imported files deeply, if they are of the same version as the main one. */
const beside = (
  { configuration }: Installation,
  { settings, imported }: { readonly settings: CriSettings; readonly imported: string | undefined },
  operations: readonly Operation[],
): ReturnType<Planner> => {
  const old = settings.version < 2
  if (old && settings.all.some(({ text }) => tomlText.find(text, ['plugins']) !== undefined)) {
    return err(
      `${configuration}:1:1: containerd 2 ignores the CRI settings of a version 1 file, and its migration drops them; write them anew from \`containerd config default\``,
    )
  }
  const folder = imported ?? `${folderOf(configuration)}conf.d/`
  const imports: Operation = { kind: 'include', path: ['imports'], element: `${folder}*.toml` }
  const main = settingsPlan(configuration, { format: tomlText, fresh: 'version = 3\n' }, [imports])
  const file = dropIn(folder, old ? 3 : settings.version, operations)
  const separate = unlessOverruled(file, operations, { later: readAfter(settings, file.path) })
  return ok(imported === undefined ? [main, separate] : [separate])
}

/** containerd reads what a folder holds in the order of names, and files beside it in the order they are named in. */
const readAfter = ({ all }: CriSettings, file: string): readonly Layer[] => {
  const isLater = ({ path }: Layer): boolean => folderOf(path) === folderOf(file) && path > file
  const first = all.findIndex(isLater)
  return first < 0 ? [] : all.slice(first)
}

const dropIn = (folder: string, version: number, operations: readonly Operation[]): FilePlan =>
  settingsPlan(
    `${folder}${dropInName}.toml`,
    { format: tomlText, fresh: `${dropInBegin}version = ${version}\n` },
    operations,
  )

const handlers: Registration['handlers'] = (installation, texts, { runtime }) => {
  const read = criSettings(installation, texts, true)
  if (!read.ok) return read
  if (criDisabled(read.value)) return ok([])
  const { layers } = read.value
  const usual = usualHandler(read.value)
  const templated = templateBinary(installation, texts, read.value)
  return ok(
    handlerPaths(read.value).map((handler): Handler => {
      const name = handler.at(-1) ?? ''
      const shim = textOf(layers, [...handler, 'runtime_type'])
      const path = binaryPath(handler, shim)
      const other = otherShim(layers, handler)
      const { binary, place } = (name === 'runc' ? templated : undefined) ?? {
        binary: other ?? textOf(layers, path),
        place: placeIn(lastOf(layers, path) ?? lastOf(layers, handler)),
      }
      return { name, binary, isDefault: name === usual, shim, throughLintel: binary === runtime, place }
    }),
  )
}

/** config.toml of versions 1 to 3 and what it imports; a restart makes it count. */
export const containerdRegistration: Registration = {
  engine: 'containerd',
  reads: (installation, texts = {}) => [
    ...new Set([...placesToRead(installation, texts), ...rancherPlaces(installation)]),
  ],
  ...fromPlans(planner),
  handlers,
}
