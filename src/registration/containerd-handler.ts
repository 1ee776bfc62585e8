/** A handler of lintel's own in containerd, beside the others: for pods whose RuntimeClass names it. */
import { err, ok, type Result } from '../core/result.ts'
import type { CriSettings } from './containerd-files.ts'
import { runcShim } from './containerd-files.ts'
import { type Layer, lastOf, namesBelow, textOf } from './layered-toml.ts'
import { faultLine, type Operation, rendered } from './operations.ts'
import { isTable } from './text-edit.ts'

/** What is to be made of which. */
export interface OwnHandler {
  readonly name: string
  readonly runtime: string
  /** Key path of the handler whose settings it takes over; undefined where none calls runc. */
  readonly source: readonly string[] | undefined
  /** Name of the handler of pods without a RuntimeClass. */
  readonly usual: string
  /** Key path, within a handler of that `runtime_type`, of the executable. */
  readonly binaryOf: (handler: readonly string[], shim: string | undefined) => readonly string[]
}

/** The settings that make the handler. The error is one line: another's handler has the name. */
export const ownHandler = (
  { layers, root, merges }: CriSettings,
  { name, runtime, source, usual, binaryOf }: OwnHandler,
): Result<readonly Operation[], string> => {
  const handler = [...root, 'containerd', 'runtimes', name]
  const shim = (source && textOf(layers, [...source, 'runtime_type'])) ?? runcShim
  const binary = binaryOf(handler, shim)
  const taken = lastOf(layers, handler)
  if (taken !== undefined && textOf(layers, binary) !== runtime) {
    const message = `a handler ${name} is written here already; name another`
    return err(faultLine(taken.file, { message, line: taken.line, column: 1 }))
  }
  const set = (path: readonly string[], raw: string): Operation => ({ kind: 'set', path, raw, name: true })
  const settings = source === undefined ? [] : leavesOf(layers, source)
  const copied = settings.map(([path, raw]) => set([...handler, ...path.slice(source?.length)], raw))
  const own = ['runtime_type', ...binary.slice(handler.length)]
  const handlers = handler.slice(0, -1)
  // containerd 1.x has its built-in one only while none is written, and CRI does not load without its default.
  const builtIn = !merges && usual === 'runc' && lastOf(layers, [...handlers, usual]) === undefined
  return ok([
    ...(builtIn ? [set([...handlers, usual, 'runtime_type'], rendered(runcShim))] : []),
    set([...handler, 'runtime_type'], rendered(shim)),
    ...copied.filter(({ path }) => !own.includes(path.at(-1) ?? '')),
    set(binary, rendered(runtime)),
  ])
}

/** Every setting at and below a table that is no table itself, as the last file that has it writes it. */
const leavesOf = (
  layers: readonly Layer[],
  table: readonly string[],
): readonly (readonly [path: readonly string[], raw: string])[] =>
  namesBelow(layers, table, () => true).flatMap((name) => {
    const path = [...table, name]
    const found = lastOf(layers, path)
    if (isTable(found?.value)) return leavesOf(layers, path)
    return found?.raw === undefined ? [] : [[path, found.raw] as const]
  })
