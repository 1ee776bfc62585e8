/** A case of `lintel policy test` as written, after validation against schemas/policy-case.schema.json. */
import type { Outcome, Verdict } from '../core/decision.ts'
import type { Identity } from '../core/identity.ts'
import type { Json } from '../core/json.ts'
import type { OperationName } from '../core/oci.ts'
import type { RequesterProblemKind } from '../core/requester.ts'

type JsonTable = { readonly [name: string]: Json }

export interface PolicyCase {
  readonly title: string
  readonly profile?: string
  readonly policy?: string
  readonly operation?: OperationName
  readonly base?: 'example'
  readonly bundle?: string
  readonly config?: string
  readonly remove?: readonly string[]
  readonly change?: JsonTable
  readonly add?: JsonTable
  readonly process?: JsonTable
  readonly resources?: JsonTable
  readonly identity?: Partial<
    Pick<Identity, 'engine' | 'proven' | 'image' | 'name' | 'namespace' | 'sandbox'>
  >
  readonly requester?: {
    readonly user?: string
    readonly groups?: readonly string[]
    readonly clearance?: string
    readonly problem?: RequesterProblemKind
  }
  readonly today?: string
  readonly expect: Expectation
}

/** What must come out; a list names rules completely, in any order. */
export type Expectation = {
  readonly verdict: Verdict
  /** Every rule that finds something. */
  readonly findings?: readonly string[]
} & { readonly [outcome in Outcome]?: readonly string[] }
