/** What registration sets in a file, made and taken back setting by setting. */
import { err, ok, type Result } from '../core/result.ts'
import { dropInBegin, runtimeName } from './names.ts'
import type { FileChange, Installation, Registration, Texts, Undoing, Wanted } from './registration.ts'
import {
  appendElement,
  type Fault,
  type Format,
  type Found,
  isTable,
  removeElement,
  splice,
} from './text-edit.ts'

/** One setting as it is to be. `name`: it defines the runtime name that containers stay pinned to. */
export type Operation = { readonly path: readonly string[]; readonly name?: boolean } & (
  | { readonly kind: 'set'; readonly raw: string }
  /** `implied`: the engine had it without being told; it stays where somebody has added to the list since. */
  | { readonly kind: 'include'; readonly element: string; readonly implied?: boolean }
  | { readonly kind: 'remove' }
)

/** One file's part in a registration. */
export interface FilePlan {
  readonly path: string
  /** The text that is wanted instead of this one; undefined: no file. */
  readonly make: (text: string | undefined) => Result<string | undefined, Fault>
  /** The text without what `make` did to `before`, whatever else has changed in it since. */
  readonly undo: (text: string, past: Past) => string | undefined
}

export interface Past {
  readonly before: string | undefined
  /** False where nobody knows what was before: then only what names lintel is taken back. */
  readonly known: boolean
  readonly keepName: boolean
  /** Executable that was registered. */
  readonly runtime: string
}

/** Strings, booleans, numbers and arrays of strings as both JSON and TOML write them. */
export const rendered = (value: string | boolean | number | readonly string[]): string =>
  typeof value === 'object'
    ? `[${value.map((each) => JSON.stringify(each)).join(', ')}]`
    : JSON.stringify(value)

/** A fault in a file, as one line. */
export const faultLine = (file: string, { message, line, column }: Fault): string =>
  `${file}:${line}:${column}: ${message}`

/** A plan that makes the operations in a file of that format; `fresh` is what a new file begins with. */
export const settingsPlan = (
  path: string,
  { format, fresh }: { readonly format: Format; readonly fresh: string },
  operations: readonly Operation[],
): FilePlan => ({
  path,
  make: (text) => {
    if (text === undefined && operations.length === 0) return ok(undefined)
    const start = text === undefined || text.trim() === '' ? fresh : text
    const fault = format.fault(start)
    if (fault !== undefined) return err({ ...fault, message: `${fault.message}; mend it` })
    if (operations.every((operation) => holds(start, format, operation))) return ok(text)
    const made = operations.reduce((at, operation) => done(at, format, operation), start)
    const missed = operations.find((operation) => !holds(made, format, operation))
    if (missed === undefined && format.fault(made) === undefined) return ok(made)
    const key = (missed ?? operations[0])?.path.join('.') ?? ''
    const line = format.find(start, missed?.path.slice(0, 1) ?? [])?.line ?? 1
    return err({
      message: `${key} cannot be set in what is written here; write it as a table`,
      line,
      column: 1,
    })
  },
  undo: (text, past) => undone(text, { format, fresh, operations }, past),
})

/** Whether a text says already what the operation would make it say. */
export const holds = (text: string, format: Format, operation: Operation): boolean => {
  const found = format.find(text, operation.path)
  if (operation.kind === 'remove') return found === undefined
  if (operation.kind === 'include') return indexIn(found, operation.element) >= 0
  return (
    found?.raw === operation.raw || (found !== undefined && sameValue(found.value, meaningOf(operation.raw)))
  )
}

const sameValue = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

/** What our own notation stands for; text copied from elsewhere only equals itself. */
const meaningOf = (raw: string): unknown => {
  try {
    return JSON.parse(raw)
  } catch {
    return undefined
  }
}

const indexIn = (found: Found | undefined, element: string): number =>
  Array.isArray(found?.value) ? found.value.indexOf(element) : -1

const done = (text: string, format: Format, operation: Operation): string => {
  if (holds(text, format, operation)) return text
  if (operation.kind === 'set') return format.set(text, operation.path, operation.raw)
  if (operation.kind === 'remove') return format.remove(text, operation.path)
  const array = format.elements(text, operation.path)
  if (array !== undefined) return appendElement(text, array, rendered(operation.element))
  return format.find(text, operation.path)
    ? text
    : format.set(text, operation.path, rendered([operation.element]))
}

interface Settings {
  readonly format: Format
  readonly fresh: string
  readonly operations: readonly Operation[]
}

const undone = (text: string, { format, fresh, operations }: Settings, past: Past): string | undefined => {
  if (format.fault(text) !== undefined) return text
  const before = past.known && past.before !== undefined && past.before.trim() !== '' ? past.before : fresh
  const ours = operations.filter(
    (operation) =>
      !(past.keepName && operation.name === true) && (past.known || namesLintel(operation, past)),
  )
  const result = ours
    .toReversed()
    .reduce((at, operation) => takenBack(at, before, { format, operation }), text)
  return past.known && past.before === undefined && result.trim() === fresh.trim() ? undefined : result
}

const namesLintel = (operation: Operation, { runtime }: Past): boolean =>
  operation.kind === 'set' &&
  [rendered(runtime), rendered([runtime]), rendered(runtimeName)].includes(operation.raw)

const takenBack = (
  text: string,
  past: string,
  { format, operation }: { readonly format: Format; readonly operation: Operation },
): string => {
  if (!holds(text, format, operation) || holds(past, format, operation)) return text
  const { path } = operation
  const before = format.find(past, path)
  if (operation.kind === 'remove') {
    return before?.raw === undefined ? text : format.set(text, path, before.raw)
  }
  if (operation.kind === 'include')
    return pruned(withoutElement(text, past, { format, operation }), past, { format, path })
  if (before?.raw !== undefined) return format.set(text, path, before.raw)
  return pruned(format.remove(text, path), past, { format, path })
}

const withoutElement = (
  text: string,
  past: string,
  { format, operation }: { readonly format: Format; readonly operation: Include },
): string => {
  const { path, element, implied } = operation
  const array = format.elements(text, path)
  const index = indexIn(format.find(text, path), element)
  if (array === undefined || index < 0) return text
  const before = format.find(past, path)
  const without = removeElement(text, array, index)
  const left = format.find(without, path)
  if (before === undefined) {
    if (sameValue(left?.value, [])) return format.remove(without, path)
    return implied === true ? text : without
  }
  const place = format.elements(without, path)
  return place && before.raw !== undefined && sameValue(left?.value, before.value)
    ? splice(without, place, before.raw)
    : without
}

type Include = Extract<Operation, { kind: 'include' }>

/** Takes away the tables around a setting that are empty now and were not there before. */
const pruned = (
  text: string,
  past: string,
  { format, path }: { readonly format: Format; readonly path: readonly string[] },
): string => {
  let result = text
  for (let depth = path.length - 1; depth >= 0; depth -= 1) {
    const at = path.slice(0, depth)
    const now = format.find(result, at)
    if (!isTable(now?.value) || Object.keys(now.value).length > 0) continue
    const before = format.find(past, at)
    if (before === undefined) result = format.removeEmpty(result, at)
    else if (before.raw !== undefined && isTable(before.value) && Object.keys(before.value).length === 0) {
      result = format.set(result, at, before.raw)
    }
  }
  return result
}

/** The plans of an engine for the texts of a host, and what stands in the way of them as one line. */
export type Planner = (
  installation: Installation,
  texts: Texts,
  wanted: Wanted,
) => Result<readonly FilePlan[], string>

/** `register` and `unregister` of an engine, from its plans. */
export const fromPlans = (planner: Planner): Pick<Registration, 'register' | 'unregister'> => ({
  register: (installation, texts, wanted) => {
    const plans = planner(installation, texts, wanted)
    return plans.ok ? made(plans.value, texts) : plans
  },
  unregister: (installation, texts, undoing) => {
    const then = { ...texts, ...ownFiles(texts), ...undoing.before }
    const plans = planner(installation, then, undoing.wanted)
    if (!plans.ok) return plans
    return ok(plans.value.flatMap((plan) => takeOut(plan, { texts, then, undoing })))
  },
})

/** Drop-ins of lintel's own, which are known not to have been there before. */
const ownFiles = (texts: Texts): Texts =>
  Object.fromEntries(
    Object.entries(texts).flatMap(([path, text]) =>
      text?.startsWith(dropInBegin) ? [[path, undefined]] : [],
    ),
  )

const made = (plans: readonly FilePlan[], texts: Texts): Result<readonly FileChange[], string> => {
  const changes: FileChange[] = []
  for (const { path, make } of plans) {
    const before = texts[path]
    const after = make(before)
    if (!after.ok) return err(faultLine(path, after.error))
    if (after.value !== before) changes.push({ path, before, after: after.value })
  }
  return ok(changes)
}

const takeOut = (
  { path, make, undo }: FilePlan,
  { texts, then, undoing }: { readonly texts: Texts; readonly then: Texts; readonly undoing: Undoing },
): readonly FileChange[] => {
  const now = texts[path]
  if (now === undefined) return []
  const before = then[path]
  const known = path in undoing.before || before === undefined
  const keepName = undoing.keepName === true
  const made = known && !keepName ? make(before) : undefined
  const left =
    made?.ok && made.value === now
      ? before
      : undo(now, { before, known, keepName, runtime: undoing.wanted.runtime })
  return left === now ? [] : [{ path, before: now, after: left }]
}
