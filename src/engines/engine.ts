/** What an engine adapter is: it recognises its own calls and reads what its side files say. */
import { type EngineContext, everyFact, inapplicable } from '../core/engine-context.ts'
import type { EngineId, Identity } from '../core/identity.ts'
import { isJsonObject, type Json } from '../core/json.ts'
import type { Config, OperationName } from '../core/oci.ts'
import type { Host } from '../host/host.ts'

/** What is known of a call before anyone asks which engine made it. */
export interface CallSite {
  readonly operation: OperationName
  readonly containerId: string
  /** Absolute bundle folder; empty where the operation has none and none could be found. */
  readonly bundle: string
  /** `--root` as given. */
  readonly root: string
  readonly pidFile: string
  readonly config: Config | undefined
  /** The calling process: base name of its executable (by /proc, not by what it says) and its arguments. */
  readonly parent: { readonly program: string; readonly argv: readonly string[] }
}

/** One engine. `recognise` is pure; `describe` may read the engine's own files, never call the engine. */
export interface Engine {
  readonly id: EngineId
  /**
   * The ways containers come from this engine, each with the facts it never tells a runtime and why; those not named
   * are read from the engine's own files or annotations (docs/coverage.md is made of this).
   */
  readonly ways: { readonly [name: string]: Partial<EngineContext> }
  /** Undefined: not this engine's call. `proven`: process, root and bundle path agree. */
  recognise(site: CallSite): { readonly proven: boolean } | undefined
  describe(site: CallSite, host: Host): Described
}

export type Described = Pick<
  Identity,
  'speaker' | 'name' | 'image' | 'namespace' | 'pod' | 'sandboxId' | 'sandbox' | 'buildStep' | 'ownFolders'
> & { readonly context: EngineContext; readonly kept?: KeptByEngine }

/** What the engine's own files say and no rule looks at: labels, and when the container was made (RFC 3339). */
export interface KeptByEngine {
  readonly labels: Json | undefined
  readonly created: string | undefined
}

/** The context of a step of an image build: nothing of it outlives the step. */
export const buildContext: EngineContext = everyFact(inapplicable('a build step is not a service'))

/** What is left to say where the engine tells nothing. */
export const undescribed: Omit<Described, 'context'> = {
  speaker: 'bundle',
  name: undefined,
  image: undefined,
  namespace: undefined,
  pod: undefined,
  sandboxId: undefined,
  sandbox: false,
  buildStep: false,
  ownFolders: [],
}

/** The value after an option in an engine's own argv (`-n NAME`), if it is there. */
export const optionValue = (argv: readonly string[], option: string): string | undefined => {
  const index = argv.indexOf(option)
  return index < 0 ? undefined : argv[index + 1]
}

/** A side file of the engine as JSON; undefined where it cannot be read. */
export const sideFile = (host: Host, path: string, maxBytes: number): Json | undefined => {
  const text = host.readText(path, maxBytes, false)
  if (!text.ok) return undefined
  const parsed = host.parseJson(text.value, 64, '')
  return parsed.ok ? parsed.value : undefined
}

/** What stands at these member names of a document. */
export const valueAt = (document: Json | undefined, ...names: readonly string[]): Json | undefined => {
  let node = document
  for (const name of names) node = node !== undefined && isJsonObject(node) ? node[name] : undefined
  return node
}

/** The text at these member names of a document, if it is text and not empty. */
export const textAt = (document: Json | undefined, ...names: readonly string[]): string | undefined => {
  const node = valueAt(document, ...names)
  return typeof node === 'string' && node !== '' ? node : undefined
}
