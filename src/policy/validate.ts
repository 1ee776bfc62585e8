/** Text of a TOML document to what it stands for, or the lines that say where it is wrong and what to write. */
import type { Json } from '../core/json.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Host, TomlDocument } from '../host/host.ts'
import validatePolicy, { type Complaint } from './generated/policy-validator.js'
import type { PolicyFile } from './policy-file.ts'
import type { PolicySource } from './sources.ts'

/** A validator made by `npm run gen` from a schema. */
export interface Validator<Value> {
  (value: unknown): value is Value
  readonly errors?: readonly Complaint[] | null
}

/** Parses and validates one source against schemas/policy.schema.json. Errors: as {@link validateToml}. */
export const validateSource = (
  host: Pick<Host, 'parseToml'>,
  source: PolicySource,
): Result<PolicyFile, readonly string[]> =>
  validateToml(host, source, { is: validatePolicy, name: 'the policy' })

/**
 * Parses and validates a document; `name` is what messages call the whole of it.
 * Errors: all that is wrong, at least one, each as one line with file and line.
 */
export const validateToml = <Value>(
  host: Pick<Host, 'parseToml'>,
  { path, text }: PolicySource,
  { is, name }: { readonly is: Validator<Value>; readonly name: string },
): Result<Value, readonly string[]> => {
  const parsed = host.parseToml(text)
  if (!parsed.ok) {
    const { line, column, message } = parsed.error
    return err([`${path}:${line}:${column}: ${message}`])
  }
  const { value } = parsed.value
  if (is(value)) return ok(value)
  const complaints = is.errors ?? []
  if (complaints.length === 0) return err([`${path}:1: ${name} is not written as it must be`])
  const wrong = complaints
    .map((complaint) => ({ complaint, line: lineOf(parsed.value, complaint) }))
    .toSorted((a, b) => a.line - b.line)
  return err(
    wrong.map(({ complaint, line }) => `${path}:${line}: ${describe(complaint, { document: value, name })}`),
  )
}

const lineOf = ({ lines }: TomlDocument, complaint: Complaint): number => {
  const extra = complaint.params['additionalProperty']
  let pointer = typeof extra === 'string' ? `${complaint.instancePath}/${extra}` : complaint.instancePath
  while (pointer !== '') {
    const line = lines[pointer]
    if (line !== undefined) return line
    pointer = pointer.slice(0, pointer.lastIndexOf('/'))
  }
  return 1
}

const describe = (
  { instancePath, keyword, message, params }: Complaint,
  { document, name }: { readonly document: Json; readonly name: string },
): string => {
  const place = instancePath === '' ? name : instancePath.slice(1).replaceAll('/', '.')
  const value = JSON.stringify(valueAt(document, instancePath)) ?? ''
  const short = value.length > 60 ? `${[...value].slice(0, 60).join('')}…` : value
  switch (keyword) {
    case 'additionalProperties':
      return `${place} has no member ${JSON.stringify(params['additionalProperty'])}`
    case 'required':
      return `${place} lacks ${JSON.stringify(params['missingProperty'])}`
    case 'enum': {
      const allowed = Array.isArray(params['allowedValues']) ? params['allowedValues'].join(', ') : ''
      return `${place} is ${short}; it can be one of: ${allowed}`
    }
    case 'pattern':
      if (/^" *"$/.test(value)) return `${place} is empty; it must be filled in`
      return `${place} is ${short}, which is not written as it must be (${String(params['pattern'])})`
    default:
      return `${place} is ${short}; it ${message ?? 'is wrong'}`
  }
}

const valueAt = (document: Json, pointer: string): unknown => {
  let node: unknown = document
  for (const token of pointer.split('/').slice(1)) {
    if (typeof node !== 'object' || node === null) return undefined
    node = Reflect.get(node, token.replaceAll('~1', '/').replaceAll('~0', '~'))
  }
  return node
}
