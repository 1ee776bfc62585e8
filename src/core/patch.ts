/** RFC 6902 operations (the three lintel uses) and their application to plain data. */
import { isJsonObject, type Json } from './json.ts'
import { err, ok, type Result } from './result.ts'

/** One JSON Patch operation; `path` is an RFC 6901 pointer. */
export type PatchOperation =
  | { readonly op: 'add'; readonly path: string; readonly value: Json }
  | { readonly op: 'replace'; readonly path: string; readonly value: Json }
  | { readonly op: 'remove'; readonly path: string }

// Almost no name holds what RFC 6901 escapes; replacing costs more in an interpreter than looking.
const pointerToken = (token: string | number): string => {
  const text = String(token)
  return text.includes('~') || text.includes('/') ? text.replaceAll('~', '~0').replaceAll('/', '~1') : text
}

/** RFC 6901 pointer of these tokens. */
export const pointer = (...tokens: readonly (string | number)[]): string => {
  let path = ''
  for (const token of tokens) path += `/${pointerToken(token)}`
  return path
}

const tokensOf = (path: string): readonly string[] => {
  const tokens = path.slice(1).split('/')
  if (path === '') return []
  return path.includes('~')
    ? tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
    : tokens
}

/**
 * Applies operations to a document and returns the new document; the old one is left as it was.
 * The same operations are spliced into the file's text by the host, so that untouched bytes stay; this is
 * the in-memory twin a fixed configuration is checked again with.
 * Errors: the pointer that names nothing.
 */
export const applyPatch = (document: Json, operations: readonly PatchOperation[]): Result<Json, string> => {
  let current = document
  for (const operation of operations) {
    const next = applyAt(current, { tokens: tokensOf(operation.path), operation }, 0)
    if (next === undefined) return err(`no place for ${operation.op} at ${operation.path}`)
    current = next
  }
  return ok(current)
}

interface Step {
  readonly tokens: readonly string[]
  readonly operation: PatchOperation
}

const applyAt = (node: Json, step: Step, depth: number): Json | undefined => {
  const { tokens, operation } = step
  const token = tokens[depth]
  if (token === undefined) return operation.op === 'remove' ? undefined : operation.value
  if (Array.isArray(node)) return applyToArray(node, step, depth)
  if (!isJsonObject(node)) return undefined
  const child = Object.hasOwn(node, token) ? node[token] : undefined
  if (depth + 1 < tokens.length) {
    const changed = child === undefined ? undefined : applyAt(child, step, depth + 1)
    return changed === undefined ? undefined : { ...node, [token]: changed }
  }
  if (operation.op === 'add') return { ...node, [token]: operation.value }
  if (child === undefined) return undefined
  if (operation.op === 'replace') return { ...node, [token]: operation.value }
  const { [token]: _removed, ...others } = node
  return others
}

const applyToArray = (node: readonly Json[], step: Step, depth: number): Json | undefined => {
  const { tokens, operation } = step
  const index = arrayIndex(tokens[depth] ?? '', node.length)
  if (index === undefined) return undefined
  const child = node[index]
  if (depth + 1 < tokens.length) {
    const changed = child === undefined ? undefined : applyAt(child, step, depth + 1)
    return changed === undefined ? undefined : node.with(index, changed)
  }
  if (operation.op === 'add') return node.toSpliced(index, 0, operation.value)
  if (child === undefined) return undefined
  return operation.op === 'replace' ? node.with(index, operation.value) : node.toSpliced(index, 1)
}

const arrayIndex = (token: string, length: number): number | undefined => {
  if (token === '-') return length
  if (!/^(0|[1-9][0-9]*)$/.test(token)) return undefined
  const index = Number(token)
  return index <= length ? index : undefined
}

/**
 * The operation that gives the member at `path` this value whether or not it, or objects above it, exist yet:
 * missing parents are created in the same operation.
 */
export const place = (document: unknown, path: string, value: Json): PatchOperation => {
  const tokens = tokensOf(path)
  let node = document
  for (const [depth, token] of tokens.entries()) {
    const next = isJsonObject(node) && Object.hasOwn(node, token) ? node[token] : undefined
    if (next === undefined || next === null) {
      const whole = tokens.slice(depth + 1).reduceRight<Json>((inner, name) => ({ [name]: inner }), value)
      return { op: 'add', path: pointer(...tokens.slice(0, depth + 1)), value: whole }
    }
    node = next
  }
  return { op: 'replace', path, value }
}
