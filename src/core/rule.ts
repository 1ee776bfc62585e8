/** What a rule is: identity, sources, parameters, words, check, fix and examples in one value (DESIGN 7). */
import type { CallFlags } from './call.ts'
import type { ContextFact, EngineContext } from './engine-context.ts'
import type { HostFacts, Probe } from './facts.ts'
import type { Identity, Speaker } from './identity.ts'
import type { Config, OperationName, Process, Resources } from './oci.ts'
import {
  hasParameters,
  type ParametersOf,
  type ParametersSchema,
  type ParameterValues,
} from './parameters.ts'
import type { PatchOperation } from './patch.ts'
import type { Requester } from './requester.ts'

export type Severity = 'low' | 'medium' | 'high' | 'critical'

/** What a rule is about. The order is the order rules run and fix in: later fixes build on earlier ones. */
export const categories = [
  'integrity',
  'privilege',
  'namespaces',
  'mounts',
  'user',
  'capabilities',
  'new-privileges',
  'syscalls',
  'lsm',
  'filesystem',
  'devices',
  'resources',
  'process',
  'engine',
] as const
export type Category = (typeof categories)[number]

/** Where a benchmark or standard asks for this rule; each benchmark with its own number. */
export type Reference = { readonly benchmark: string; readonly item: string } | { readonly url: string }

/**
 * The parts of a message: what was found (`{actual}` and `{expected}` are replaced), why it matters, and what
 * the person changes, in the words of the engine that was used; `default` serves those not listed.
 */
export interface Message {
  readonly what: string
  readonly why: string
  readonly remedy: { readonly [speaker in Speaker]?: string } & { readonly default: string }
}

/** One thing a rule saw. `pointer` is an RFC 6901 pointer into the document judged. */
export interface Observation<Key extends string = string> {
  readonly message: Key
  readonly pointer: string
  readonly actual: string
  readonly expected: string
  /** Set when the fact could not be had: counted as unknown, never as a pass. */
  readonly unknown?: true
  /** exec: only what was repaired at create and the engine sends again; repaired again without a record. */
  readonly standing?: true
}

/** Everything a rule may look at: pure data, gathered before. */
export interface RuleInput {
  readonly operation: OperationName
  /** create, run, restore: the bundle's config. exec, update: the admitted one, where it could be read. */
  readonly config: Config | undefined
  /** create, run, restore: the config's process. exec: the process asked for. */
  readonly process: Process | undefined
  /** create, run, restore: the config's resources. update: the resources asked for. */
  readonly resources: Resources | undefined
  /**
   * exec: the process as the engine had asked for it at create, before lintel's repairs; engines build every exec from
   * that. Undefined where nothing was repaired.
   */
  readonly asked: Process | undefined
  readonly identity: Identity
  /** Who asks, and how that was proven; undefined where the policy asks for no identity (it has no `[identity]`). */
  readonly requester: Requester | undefined
  readonly engine: EngineContext
  readonly call: CallFlags
  readonly facts: HostFacts
}

/** Layer over the base example (`rules/example-base.ts`): merged member by member, arrays replaced, null removes. */
export interface Example {
  readonly name: string
  readonly operation?: OperationName
  readonly config?: object
  readonly process?: object
  readonly resources?: object
  readonly asked?: object
  readonly identity?: Partial<Identity>
  readonly requester?: Requester
  readonly engine?: Partial<EngineContext>
  readonly call?: Partial<CallFlags>
  readonly facts?: Partial<HostFacts>
  readonly parameters?: ParameterValues
}

export interface BadExample<Key extends string> extends Example {
  readonly message: Key
  /** False where the rule has a fix but this one must be refused; default: what the rule has. */
  readonly fixable?: boolean
}

export interface RuleDefinition<Schema extends ParametersSchema, Key extends string> {
  /** A slug that never changes meaning; never a benchmark's number. */
  readonly id: string
  readonly title: string
  readonly severity: Severity
  readonly category: Category
  readonly references: readonly Reference[]
  readonly rationale: string
  readonly appliesTo: readonly OperationName[]
  /** What the check needs of the engine's own files; where an engine does not tell, the finding is unknown. */
  readonly context?: readonly ContextFact[]
  readonly parameters: Schema
  readonly messages: { readonly [key in Key]: Message }
  /** Whether `probes` depends on `facts.listeners`, which are known only after a first round. */
  readonly listens?: true
  /** Host paths the check wants facts of. */
  readonly probes?: (input: RuleInput, parameters: ParametersOf<Schema>) => readonly Probe[]
  readonly check: (input: RuleInput, parameters: ParametersOf<Schema>) => readonly Observation<Key>[]
  /**
   * Operations that clear the observations, with pointers into the document judged: the config (create, run,
   * restore), the process (exec) or the resources (update). Observations it cannot clear stay and deny.
   */
  readonly fix?: (
    observations: readonly Observation[],
    input: RuleInput,
    parameters: ParametersOf<Schema>,
  ) => readonly PatchOperation[]
  readonly examples: { readonly good: readonly Example[]; readonly bad: readonly BadExample<Key>[] }
}

/** What a finding is told with. */
export interface RuleWords {
  readonly title: string
  readonly references: readonly Reference[]
  readonly messages: { readonly [key: string]: Message }
}

/** A rule with the types of its parameters folded away; what the registry holds. */
export interface Rule extends RuleWords {
  readonly id: string
  readonly severity: Severity
  readonly category: Category
  readonly rationale: string
  readonly appliesTo: readonly OperationName[]
  readonly context?: readonly ContextFact[]
  readonly listens?: true
  readonly parameters: ParametersSchema
  /** In builds where what only people read is left out (scripts/lean-rules.ts). */
  readonly words?: RuleWords
  readonly fixes: boolean
  readonly examples: { readonly good: readonly Example[]; readonly bad: readonly BadExample<string>[] }
  probes(input: RuleInput, values: ParameterValues): readonly Probe[]
  check(input: RuleInput, values: ParameterValues): readonly Observation[]
  fix(
    observations: readonly Observation[],
    input: RuleInput,
    values: ParameterValues,
  ): readonly PatchOperation[]
}

/**
 * Makes a rule of its definition.
 * The runtime's bundle is built without what only people read (scripts/lean-rules.ts): what decides may not read
 * rationale or examples, and takes title, references and messages from `wordsOf`. Parameter values that do not fit the schema are a bug (policy validation refuses them), so they throw.
 */
export const defineRule = <const Schema extends ParametersSchema, const Key extends string>(
  definition: RuleDefinition<Schema, Key>,
): Rule => {
  const { id, parameters, probes, check, fix } = definition
  // One policy serves a whole call, and all of a `lint`.
  let fitting: ParametersOf<Schema> | undefined
  const typed = (values: ParameterValues): ParametersOf<Schema> => {
    if (fitting !== undefined && fitting === values) return fitting
    if (!hasParameters(parameters, values)) throw new Error(`parameters of ${id} do not fit its schema`)
    fitting = values
    return values
  }
  return {
    ...definition,
    fixes: fix !== undefined,
    probes: (input, values) => probes?.(input, typed(values)) ?? [],
    check: (input, values) => check(input, typed(values)),
    fix: (observations, input, values) => fix?.(observations, input, typed(values)) ?? [],
  }
}

/** The words of a rule, wherever the build left them. */
export const wordsOf = (rule: Rule): RuleWords => rule.words ?? rule
