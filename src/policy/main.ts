/** The cold module: loaded by the runtime only when the compiled policy on disk is stale or missing. */
import type { Json } from '../core/json.ts'
import type { Host } from '../host/host.ts'
import { loadPolicy } from './load.ts'

/** Compiles the policy at `file` (null: the site's default); the runtime narrows the answer. */
export const main = (host: Host, file: Json): unknown =>
  loadPolicy(host, typeof file === 'string' ? file : undefined)
