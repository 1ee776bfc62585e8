/** A site's policy from its files: read, checked, validated, compiled. */
import type { Policy } from '../core/policy.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Host } from '../host/host.ts'
import { profiles, sandboxProfile } from '../profiles/index.ts'
import { rules } from '../rules/index.ts'
import { compilePolicy, mergeFiles } from './compile.ts'
import { type CompiledIdentity, compileIdentity } from './identity.ts'
import type { PolicyFile } from './policy-file.ts'
import {
  type PolicyProblem,
  type PolicySource,
  readSources,
  type SourceChecks,
  surveySources,
  type Watched,
} from './sources.ts'
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
  const read = readFiles(host, sources.value.files)
  const [problem] = read.problems
  if (problem !== undefined) return err(problem)
  const merged = mergeFiles(read.files)
  const identity = identityFor(host, merged, checks)
  if (!identity.ok) return identity
  const { settings } = identity.value
  const texts = [...sources.value.files.map(({ text }) => text), ...identity.value.texts]
  const digest = texts.length === 0 ? 'built-in' : host.sha256(texts.join('\n'))
  const policy = compilePolicy(merged, { rules, profiles, sandbox: sandboxProfile, digest })
  return ok({
    policy: settings === undefined ? policy : { ...policy, identity: settings },
    watched: [...sources.value.watched, ...identity.value.watched],
  })
}

/** A policy that enforces nothing proves nobody: its keys need not lie here. */
const identityFor = (
  host: Host,
  { identity, ...file }: PolicyFile,
  { ownership }: SourceChecks,
): Result<CompiledIdentity, PolicyProblem> =>
  compileIdentity(host, ownership && identity !== undefined ? { ...file, identity } : file)

/** All that is wrong with the policy at `file`, or the site's default one: ownership, reading, syntax, members. */
export const policyProblems = (
  host: Host,
  file: string | undefined,
  checks: SourceChecks,
): readonly PolicyProblem[] => {
  const { files, problems } = surveySources(host, file, checks)
  const read = readFiles(host, files)
  const found = [...problems, ...read.problems]
  const identity = found.length === 0 ? identityFor(host, mergeFiles(read.files), checks) : undefined
  return identity?.ok === false ? [identity.error] : found
}

const readFiles = (
  host: Host,
  sources: readonly PolicySource[],
): { readonly files: readonly PolicyFile[]; readonly problems: readonly PolicyProblem[] } => {
  const files: PolicyFile[] = []
  const problems: PolicyProblem[] = []
  for (const source of sources) {
    const valid = validateSource(host, source)
    if (valid.ok) files.push(valid.value)
    else problems.push(...valid.error.map((message) => ({ kind: 'invalid', message }) as const))
  }
  return { files, problems }
}

/** The policy of a profile alone, as `lint --profile` wants it. */
export const profilePolicy = (profile: string): Result<Policy, string> =>
  Object.hasOwn(profiles, profile)
    ? ok(compilePolicy({ profile }, { rules, profiles, sandbox: sandboxProfile, digest: 'built-in' }))
    : err(`there is no profile ${JSON.stringify(profile)}; known are: ${Object.keys(profiles).join(', ')}`)
