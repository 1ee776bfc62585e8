/**
 * The policy that serves a call: the compiled one kept in the state folder while its sources are unchanged,
 * else compiled anew; the last good one when an edit broke the sources (DESIGN section 3).
 */
import { err, ok, type Result } from '../core/result.ts'
import type { Host, KeptPolicy } from '../host/host.ts'
import { handsOnEverything } from '../policy/built-in.ts'
import type { CompiledPolicy } from '../policy/main.ts'
import type { PolicyProblem } from '../policy/sources.ts'

/** What is known of the policy before its rules are looked at: enough for calls that pass. */
export interface ServingPolicy {
  readonly runtimePaths: readonly string[]
  /** The compiled policy as JSON text. */
  readonly text: string
  /** Set when the sources are broken and an earlier policy serves: what is wrong, with file and line. */
  readonly broken: string | undefined
}

/**
 * The policy for this call; `file` is what `--lintel-policy` names, `kept` what is kept of it.
 * Errors: `invalid` sources with no earlier policy to serve instead; `insecure` ones, unless the earlier policy
 * only warns and so never blocks.
 */
export const servingPolicy = (
  host: Host,
  file: string | undefined,
  kept: KeptPolicy | undefined,
): Result<ServingPolicy, PolicyProblem> => {
  // Engines call from any folder: what a relative path names would change from call to call.
  if (file?.startsWith('/') === false)
    return err({ kind: 'invalid', message: `${file}: --lintel-policy takes an absolute path` })
  if (kept?.fresh === true) return ok({ ...kept, broken: undefined })
  const loaded = host.callModule('policy', file, host)
  if (!isCompiled(loaded)) return err({ kind: 'invalid', message: 'the policy module gave no policy' })
  if (loaded.ok) {
    const { watched, ...compiled } = loaded.value
    // Never kept: it would be the last good policy for whoever takes lintel up again.
    const isKept = compiled.text !== handsOnEverything
    if (isKept && host.process.effectiveUid === 0 && host.process.initialUserNamespace)
      host.keep(file, { watched, ...compiled })
    return ok({ ...compiled, broken: undefined })
  }
  const { error } = loaded
  const serves = kept !== undefined && (error.kind === 'invalid' || onlyWarns(kept))
  return serves ? ok({ ...kept, broken: error.message }) : err(error)
}

/** The mode stands at the head of the compiled policy's text; parsing all of it is the judge's work. */
export const onlyWarns = ({ text }: Pick<ServingPolicy, 'text'>): boolean => text.startsWith('{"mode":"warn"')

/** True while lintel is uninstalled and containers made with it still call it: nothing is judged. */
export const handsOn = ({ text }: Pick<ServingPolicy, 'text'>): boolean => text === handsOnEverything

const isCompiled = (value: unknown): value is Result<CompiledPolicy, PolicyProblem> =>
  typeof value === 'object' && value !== null && 'ok' in value
