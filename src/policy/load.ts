/** A site's policy from its files: read, checked, validated, compiled. */
import type { Policy } from '../core/policy.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Host } from '../host/host.ts'
import { profiles } from '../profiles/index.ts'
import { rules } from '../rules/index.ts'
import { compilePolicy, mergeFiles } from './compile.ts'
import type { PolicyFile } from './policy-file.ts'
import { type PolicyProblem, readSources, type SourceChecks, type Watched } from './sources.ts'
import { validateSource } from './validate.ts'

export interface LoadedPolicy {
  readonly policy: Policy
  /** What the policy was read from, to notice a change. */
  readonly watched: readonly Watched[]
}

/**
 * The policy at `file`, or the site's default one; the built-in default where there is none.
 * Errors: the first thing wrong, as one line with file and line.
 */
export const loadPolicy = (
  host: Host,
  file: string | undefined,
  checks: SourceChecks = { ownership: true },
): Result<LoadedPolicy, PolicyProblem> => {
  const sources = readSources(host, file, checks)
  if (!sources.ok) return sources
  const files: PolicyFile[] = []
  for (const source of sources.value.files) {
    const valid = validateSource(host, source)
    if (!valid.ok) return valid
    files.push(valid.value)
  }
  const texts = sources.value.files.map(({ text }) => text)
  const digest = texts.length === 0 ? 'built-in' : host.sha256(texts.join('\n'))
  const policy = compilePolicy(mergeFiles(files), { rules, profiles, digest })
  return ok({ policy, watched: sources.value.watched })
}

/** The policy of a profile alone, as `lint --profile` wants it. */
export const profilePolicy = (profile: string): Result<Policy, string> =>
  Object.hasOwn(profiles, profile)
    ? ok(compilePolicy({ profile }, { rules, profiles, digest: 'built-in' }))
    : err(`there is no profile ${JSON.stringify(profile)}; known are: ${Object.keys(profiles).join(', ')}`)
