/** RFC 6902 operations (the three lintel uses) and their application to plain data. */
import { isJsonObject, type Json } from './json.ts'
import { err, ok, type Result } from './result.ts'

/** One JSON Patch operation; `path` is an RFC 6901 pointer. */
export type PatchOperation =
  | { readonly op: 'add'; readonly path: string; readonly value: Json }
  | { readonly op: 'replace'; readonly path: string; readonly value: Json }
  | { readonly op: 'remove'; readonly path: string }

/** RFC 6901 escaping of one reference token. */
const pointerToken = (token: string | number): string =>
  String(token).replaceAll('~', '~0').replaceAll('/', '~1')

/** RFC 6901 pointer of these tokens. */
export const pointer = (...tokens: readonly (string | number)[]): string =>
  tokens.map((token) => `/${pointerToken(token)}`).join('')

const tokensOf = (path: string): readonly string[] =>
  path
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))

/**
 * Applies operations to a document and returns the new document; the old one is left as it was.
 * The same operations are spliced into the file's text by the host, so that untouched bytes stay; this is
 * the in-memory twin a fixed configuration is checked again with.
 * Errors: the pointer that names nothing.
 */
export const applyPatch = (document: Json, operations: readonly PatchOperation[]): Result<Json, string> => {
  let current = document
  for (const operation of operations) {
    const next = applyAt(current, tokensOf(operation.path), operation)
    if (next === undefined) return err(`no place for ${operation.op} at ${operation.path}`)
    current = next
  }
  return ok(current)
}

const applyAt = (node: Json, tokens: readonly string[], operation: PatchOperation): Json | undefined => {
  const [token, ...rest] = tokens
  if (token === undefined) return operation.op === 'remove' ? undefined : operation.value
  if (Array.isArray(node)) return applyToArray(node, [token, ...rest], operation)
  if (!isJsonObject(node)) return undefined
  const child = Object.hasOwn(node, token) ? node[token] : undefined
  if (rest.length > 0) {
    const changed = child === undefined ? undefined : applyAt(child, rest, operation)
    return changed === undefined ? undefined : { ...node, [token]: changed }
  }
  if (operation.op === 'add') return { ...node, [token]: operation.value }
  if (child === undefined) return undefined
  if (operation.op === 'replace') return { ...node, [token]: operation.value }
  const { [token]: _removed, ...others } = node
  return others
}

const applyToArray = (
  node: readonly Json[],
  tokens: readonly string[],
  operation: PatchOperation,
): Json | undefined => {
  const [token = '', ...rest] = tokens
  const index = arrayIndex(token, node.length)
  if (index === undefined) return undefined
  const child = node[index]
  if (rest.length > 0) {
    const changed = child === undefined ? undefined : applyAt(child, rest, operation)
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
