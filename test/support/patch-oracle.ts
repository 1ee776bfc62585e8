/** RFC 6902 add, replace and remove, written apart from src/core/patch.ts and changing a copy in place. */
import type { Json } from '../../src/core/json.ts'
import type { PatchOperation } from '../../src/core/patch.ts'

type Node = { [name: string]: Json } | Json[]

const child = (node: unknown, token: string): unknown => {
  if (Array.isArray(node)) return /^(0|[1-9]\d*)$/.test(token) ? node[Number(token)] : undefined
  return typeof node === 'object' && node !== null
    ? Object.getOwnPropertyDescriptor(node, token)?.value
    : undefined
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null

/** The patched document; undefined where an operation has no place. */
export const patchedByHand = (document: Json, operations: readonly PatchOperation[]): Json | undefined => {
  const holder: { root: Json } = structuredClone({ root: document })
  for (const operation of operations) {
    const tokens = operation.path.split('/').map((token) => token.replace(/~1/g, '/').replace(/~0/g, '~'))
    tokens[0] = 'root'
    const last = tokens.pop() ?? ''
    const parent = tokens.reduce<unknown>(child, holder)
    if (!isNode(parent) || !change(parent, last, operation)) return undefined
  }
  return 'root' in holder ? holder.root : undefined
}

const change = (parent: Node, token: string, operation: PatchOperation): boolean => {
  const there = child(parent, token) !== undefined
  if (operation.op !== 'add' && !there) return false
  if (!Array.isArray(parent)) {
    if (operation.op === 'remove') return delete parent[token]
    Object.defineProperty(parent, token, {
      value: operation.value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
    return true
  }
  const index = token === '-' ? parent.length : /^(0|[1-9]\d*)$/.test(token) ? Number(token) : -1
  if (index < 0 || index > parent.length) return false
  if (operation.op === 'add') parent.splice(index, 0, operation.value)
  else if (operation.op === 'replace') parent[index] = operation.value
  else parent.splice(index, 1)
  return true
}
