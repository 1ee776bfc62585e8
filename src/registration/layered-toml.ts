/** Settings spread over several TOML files, the later of which win. */
import { err, ok, type Result } from '../core/result.ts'
import { type FilePlan, faultLine, holds, type Operation } from './operations.ts'
import type { Texts } from './registration.ts'
import { type Found, isTable } from './text-edit.ts'
import { tomlText } from './toml-edit.ts'

/** One file that is there, and its text. */
export interface Layer {
  readonly path: string
  readonly text: string
}

/** A setting and the file it stands in. */
export interface Layered extends Found {
  readonly file: string
}

/** Files directly in a folder (with its ending slash) whose name ends so, in the order of their names. */
export const filesIn = (texts: Texts, folder: string, ending: string): readonly string[] =>
  Object.keys(texts)
    .filter(
      (path) => path.startsWith(folder) && path.endsWith(ending) && !path.slice(folder.length).includes('/'),
    )
    .toSorted()

/** The files of these that are there, in their order; the first that is no TOML is an error line. */
export const layersOf = (texts: Texts, paths: readonly string[]): Result<readonly Layer[], string> => {
  const layers = paths.flatMap((path) => {
    const text = texts[path]
    return text === undefined ? [] : [{ path, text }]
  })
  for (const { path, text } of layers) {
    const fault = tomlText.fault(text)
    if (fault !== undefined) {
      return err(faultLine(path, { ...fault, message: `${fault.message}; mend it` }))
    }
  }
  return ok(layers)
}

/** A setting as the last file that has it says it. */
export const lastOf = (layers: readonly Layer[], path: readonly string[]): Layered | undefined => {
  const layer = layers.findLast(({ text }) => tomlText.find(text, path) !== undefined)
  const found = layer && tomlText.find(layer.text, path)
  return layer && found && { ...found, file: layer.path }
}

/** A setting that is text and not empty. */
export const textOf = (layers: readonly Layer[], path: readonly string[]): string | undefined => {
  const value = lastOf(layers, path)?.value
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Names of the members below a path that are tables (or what else is asked for), in the order they first come. */
export const namesBelow = (
  layers: readonly Layer[],
  path: readonly string[],
  wanted: (value: unknown) => boolean = isTable,
): readonly string[] => [
  ...new Set(
    layers.flatMap(({ text }) => {
      const value = tomlText.find(text, path)?.value
      return isTable(value) ? Object.keys(value).filter((name) => wanted(value[name])) : []
    }),
  ),
]

/** Where a setting stands, for people. */
export const placeIn = (
  found: Layered | undefined,
): { readonly file: string; readonly line: number } | undefined =>
  found && { file: found.file, line: found.line }

/**
 * The plan of a drop-in, which fails where a file that is read after it says otherwise of what it sets. `replaces`: how
 * much of a key path a later file sets anew as a whole; by default only what it writes.
 */
export const unlessOverruled = (
  plan: FilePlan,
  operations: readonly Operation[],
  {
    later,
    replaces = Number.POSITIVE_INFINITY,
  }: { readonly later: readonly Layer[]; readonly replaces?: number },
): FilePlan => {
  const fault = later
    .flatMap(({ path, text }) => {
      const operation = operations.find(
        (each) => says(text, each.path.slice(0, replaces)) && !holds(text, tomlText, each),
      )
      const found = operation && tomlText.find(text, operation.path.slice(0, replaces))
      const key = operation?.path.slice(0, replaces).join('.')
      return found === undefined
        ? []
        : [
            `${path}:${found.line} is read later and sets ${key} otherwise; have it read earlier, by another name, or take that out`,
          ]
    })
    .map((message) => ({ message, line: 1, column: 1 }))[0]
  return fault === undefined ? plan : { ...plan, make: () => err(fault) }
}

const says = (text: string, path: readonly string[]): boolean => tomlText.find(text, path) !== undefined
