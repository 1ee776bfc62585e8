/** Reads a patched document back as the rule input it is part of. */
import type { Json } from './json.ts'
import type { RuleInput } from './rule.ts'
import { isConfig, isProcess, isResources } from './shape.ts'

/**
 * The input with another document in its place: the config, the exec process or the update's resources.
 * A document patched by a rule's fix is of the shape the original had; undefined where it is no object.
 */
export const rereadAs =
  (input: RuleInput) =>
  (document: Json): RuleInput | undefined => {
    if (input.operation === 'exec') return isProcess(document) ? { ...input, process: document } : undefined
    if (input.operation === 'update')
      return isResources(document) ? { ...input, resources: document } : undefined
    if (!isConfig(document)) return undefined
    return { ...input, config: document, process: document.process, resources: document.linux?.resources }
  }
