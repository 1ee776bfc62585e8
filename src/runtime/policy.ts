/**
 * The policy that serves a call: the compiled one kept in the state folder while its sources are unchanged,
 * else compiled anew; the last good one when an edit broke the sources (DESIGN section 3).
 */
import { isJsonObject, type Json } from '../core/json.ts'
import type { Policy } from '../core/policy.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Host } from '../host/host.ts'
import type { LoadedPolicy } from '../policy/load.ts'
import { type PolicyProblem, watch } from '../policy/sources.ts'

export const stateFolder = '/var/lib/lintel'
const maxStateBytes = 4 * 1024 * 1024

/** Replaced at build time by a digest of the sources, so that no other build's compiled policy is believed. */
declare const BUILD_ID: string

export interface ServingPolicy {
  readonly policy: Policy
  /** Set when the sources are broken and an earlier policy serves: what is wrong, with file and line. */
  readonly broken: string | undefined
}

interface KeptPolicy extends LoadedPolicy {
  readonly build: string
  /** Milliseconds since the epoch when it was compiled. */
  readonly compiled: number
}

/**
 * The policy for this call; `file` is what `--lintel-policy` names.
 * Errors: `insecure` sources, or `invalid` ones with no earlier policy to serve instead.
 */
export const servingPolicy = (host: Host, file: string | undefined): Result<ServingPolicy, PolicyProblem> => {
  const state = stateFile(host, file)
  const kept = readKept(host, state)
  if (kept !== undefined && isFresh(host, kept)) return ok({ policy: kept.policy, broken: undefined })
  const loaded = host.coldModule('policy', file ?? null, host)
  if (!isLoadResult(loaded)) return err({ kind: 'invalid', message: 'the policy module gave no policy' })
  if (loaded.ok) {
    keep(host, state, loaded.value)
    return ok({ policy: loaded.value.policy, broken: undefined })
  }
  const { error } = loaded
  if (error.kind === 'insecure' || kept === undefined) return err(error)
  return ok({ policy: kept.policy, broken: error.message })
}

const stateFile = (host: Host, file: string | undefined): string =>
  file === undefined
    ? `${stateFolder}/policy/site.json`
    : `${stateFolder}/policy/${host.sha256(file).slice(0, 16)}.json`

const readKept = (host: Host, path: string): KeptPolicy | undefined => {
  const text = host.readText(path, maxStateBytes, false)
  if (!text.ok) return undefined
  const parsed = host.parseJson(text.value, { maxDepth: 16, memberNames: '', mapNames: '' })
  return parsed.ok && isKept(parsed.value) && parsed.value.build === BUILD_ID ? parsed.value : undefined
}

/** A file changed within the clock's grain of the compilation may have changed again unseen. */
const settledMilliseconds = 2000

const isFresh = (host: Host, { watched, compiled }: KeptPolicy): boolean =>
  watched.every(({ path, stamp }) => {
    const changed = Number(stamp.slice(stamp.lastIndexOf(' ') + 1)) / 1e6
    return (
      watch(host, path).stamp === stamp && (stamp === 'absent' || changed + settledMilliseconds < compiled)
    )
  })

const keep = (host: Host, path: string, { policy, watched }: LoadedPolicy): void => {
  if (host.process.effectiveUid !== 0 || !host.process.initialUserNamespace) return
  const kept: KeptPolicy = { policy, watched, build: BUILD_ID, compiled: host.clock().epochMilliseconds }
  // Not being able to keep it only costs time at the next call.
  host.writeFile(path, JSON.stringify(kept), 0o600)
}

// The state folder is root's alone and BUILD_ID is ours: the shape is what this build wrote.
const isKept = (value: Json): value is Json & KeptPolicy =>
  isJsonObject(value) && isJsonObject(value['policy'] ?? null) && Array.isArray(value['watched'])

const isLoadResult = (value: unknown): value is Result<LoadedPolicy, PolicyProblem> =>
  typeof value === 'object' && value !== null && 'ok' in value
