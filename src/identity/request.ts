/** What the judge asks of the module that proves requesters, and what that answers. */
import type { IdentitySettings } from '../core/identity-settings.ts'
import type { Json } from '../core/json.ts'
import type { OperationName } from '../core/oci.ts'
import type { Requester } from '../core/requester.ts'

/** What is proven of the container; a token's claims are held against nothing else. */
export interface ContainerFacts {
  readonly operation: OperationName
  readonly id: string
  readonly name: string | undefined
  readonly image: string | undefined
  readonly namespace: string | undefined
  readonly pod: string | undefined
  /** Id of the pod's sandbox. */
  readonly sandboxId: string | undefined
}

export interface RequesterQuestion {
  readonly settings: IdentitySettings
  readonly container: ContainerFacts
  /** The document judged (a configuration, or an exec's process) and its text. */
  readonly document: Json
  readonly text: string
  /** False where lintel cannot write the document: the words of the call are it. */
  readonly writable: boolean
  /** Environment of an exec asked for by flags, which is in no document. */
  readonly environment: readonly string[]
  /** Labels that the proven engine keeps beside. */
  readonly labels: Json | undefined
  /** True where nothing may be noted. */
  readonly dryRun: boolean
  /** When the proven engine made the container, as it wrote it down: RFC 3339. */
  readonly created: string | undefined
}

export interface RequesterAnswer {
  readonly requester: Requester
  /** The text without the token; undefined where it held none. */
  readonly text: string | undefined
}
