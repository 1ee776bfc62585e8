/** The cold module: loaded by the runtime only when the compiled policy on disk is stale or missing. */
import { ok } from '../core/result.ts'
import type { Host } from '../host/host.ts'
import { builtIn, handsOnEverything } from './built-in.ts'
import { keptText } from './kept-policy.ts'
import { loadPolicy } from './load.ts'
import { readPassThrough } from './pass-through.ts'
import type { Watched } from './sources.ts'

/** A policy as the runtime keeps it. */
export interface CompiledPolicy {
  readonly runtimePaths: readonly string[]
  /** As of `keptText`. */
  readonly text: string
  /** What it was read from, to notice a change. */
  readonly watched: readonly Watched[]
}

/** Compiles the policy at `file` (undefined: the site's default): a result the runtime narrows. */
export const main = (host: Host, file: unknown): unknown => {
  const loaded = loadPolicy(host, typeof file === 'string' ? file : undefined)
  if (typeof file !== 'string' && readPassThrough(host)?.ok === true) {
    const { runtimePaths } = loaded.ok ? loaded.value.policy : (host.readKept(undefined) ?? builtIn)
    return ok({ runtimePaths, text: handsOnEverything, watched: [] })
  }
  if (!loaded.ok) return loaded
  const { policy, watched } = loaded.value
  const compiled: CompiledPolicy = { runtimePaths: policy.runtimePaths, text: keptText(policy), watched }
  return ok(compiled)
}
