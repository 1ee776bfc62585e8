/** The cold module: loaded by the runtime only when the compiled policy on disk is stale or missing. */
import type { Host } from '../host/host.ts'
import { loadPolicy } from './load.ts'

/** Compiles the policy at `file` (undefined: the site's default); the runtime narrows the answer. */
export const main = (host: Host, file: unknown): unknown =>
  loadPolicy(host, typeof file === 'string' ? file : undefined)
