/**
 * What an engine's own files say of a container and the OCI configuration does not: ports, restart policy, health
 * check, networks. A fact that cannot be had is said to be unknown, never taken for a pass.
 */

/** A fact, or why there is none. `inapplicable`: the question makes no sense for this engine or container. */
export type Told<Value> =
  | { readonly status: 'known'; readonly value: Value }
  | { readonly status: 'unknown'; readonly reason: string }
  | { readonly status: 'inapplicable'; readonly reason: string }

/** One published port. */
export interface PublishedPort {
  /** As engines write it, e.g. `80/tcp`. */
  readonly container: string
  /** Address it is bound to on the host; empty: the engine's default, which is every address unless configured. */
  readonly hostIp: string
  /** Port or range (`8000-8010`) on the host; empty or `0`: any free one. */
  readonly hostPort: string
}

export interface EngineContext {
  readonly ports: Told<readonly PublishedPort[]>
  /** Whether every exposed port is published (`docker run -P`). */
  readonly publishesAll: Told<boolean>
  /** `name` as Docker writes it: `no`, `on-failure`, `always`, `unless-stopped`; `retries` 0: without end. */
  readonly restart: Told<{ readonly name: string; readonly retries: number }>
  /** The check's command (`CMD`, `CMD-SHELL` or `NONE` first); empty where there is no check. */
  readonly healthCheck: Told<readonly string[]>
  /** Names of the engine's networks the container is attached to; Docker's default bridge is `bridge`. */
  readonly networks: Told<readonly string[]>
  /** The reference of the image as the person wrote it. */
  readonly image: Told<string>
}

export type ContextFact = keyof EngineContext

/** The fact is this. */
export const known = <Value>(value: Value): Told<Value> => ({ status: 'known', value })

/** The fact cannot be had; `reason` ends the sentence "… is not known: ". */
export const unknown = (reason: string): Told<never> => ({ status: 'unknown', reason })

/** The question makes no sense here. */
export const inapplicable = (reason: string): Told<never> => ({ status: 'inapplicable', reason })

/** A context in which every fact is told by the same word. */
export const everyFact = (told: Told<never>): EngineContext => ({
  ports: told,
  publishesAll: told,
  restart: told,
  healthCheck: told,
  networks: told,
  image: told,
})

/** Nobody looked: a configuration judged where it lies, or an engine that is not proven. */
export const unseenContext = everyFact(unknown('no engine was seen'))
