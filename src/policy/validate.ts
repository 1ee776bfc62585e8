/** Text of one policy file to the file, or the one line that says where it is wrong and what to write. */
import type { Json } from '../core/json.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Host, TomlDocument } from '../host/host.ts'
import validatePolicy, { type Complaint } from './generated/policy-validator.js'
import type { PolicyFile } from './policy-file.ts'
import type { PolicyProblem, PolicySource } from './sources.ts'

/** Parses and validates one source against schemas/policy.schema.json. */
export const validateSource = (
  host: Pick<Host, 'parseToml'>,
  { path, text }: PolicySource,
): Result<PolicyFile, PolicyProblem> => {
  const parsed = host.parseToml(text)
  if (!parsed.ok) {
    const { line, column, message } = parsed.error
    return err({ kind: 'invalid', message: `${path}:${line}:${column}: ${message}` })
  }
  const { value } = parsed.value
  if (validatePolicy(value)) return ok(value)
  const complaint = validatePolicy.errors?.[0]
  const line = complaint === undefined ? 1 : lineOf(parsed.value, complaint)
  const words = complaint === undefined ? 'is not a policy' : describe(complaint, value)
  return err({ kind: 'invalid', message: `${path}:${line}: ${words}` })
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

const describe = ({ instancePath, keyword, message, params }: Complaint, document: Json): string => {
  const place = instancePath === '' ? 'the policy' : instancePath.slice(1).replaceAll('/', '.')
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
