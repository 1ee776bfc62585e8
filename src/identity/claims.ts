/** What a token whose signature holds must say: for whom, by whom, when, for which container and operation. */
import type { IdentitySettings } from '../core/identity-settings.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { RequesterProblem, RequesterProblemKind } from '../core/requester.ts'
import { parseRange, type Range } from '../selinux/range.ts'
import type { ContainerFacts } from './request.ts'

/** What verified claims tell of the requester. */
export interface Claimed {
  readonly user: string
  readonly groups: readonly string[]
  /** Undefined where the token speaks of none. */
  readonly clearance: Range | undefined
}

/** What claims are held against. `seconds`: since the epoch. */
export interface ClaimContext {
  readonly settings: IdentitySettings
  readonly container: ContainerFacts
  /** The user that the annotation beside the token names. */
  readonly annotated: string | undefined
  readonly seconds: number
  /** The same of when the container was made, where that is known and counts. */
  readonly madeSeconds: number | undefined
}

/** Judges the claims: who it is, and everything that is wrong with them; believed only where nothing is. */
export const judgeClaims = (
  claims: JsonObject,
  context: ClaimContext,
): { readonly claimed: Claimed; readonly problems: readonly RequesterProblem[] } => {
  const { claims: names } = context.settings
  const groups = textsOf(claims[names.groups])
  const clearance = clearanceOf(claims[names.clearance])
  const user = claims[names.user]
  const claimed = {
    user: typeof user === 'string' ? user : '',
    groups: groups ?? [],
    clearance: clearance === 'unreadable' ? undefined : clearance,
  }
  const problems = [
    ...timeProblems(claims, context),
    ...partyProblems(claims, context.settings),
    ...userProblems(user, context),
    ...(groups === undefined ? [problem('malformed', `its claim ${names.groups} is no list of names`)] : []),
    ...(clearance === 'unreadable'
      ? [problem('clearance', `its claim ${names.clearance} is no range such as s0-s1:c0.c5`)]
      : []),
    ...bindingProblems(claims, context),
    ...operationProblems(claims, context),
  ]
  return { claimed, problems }
}

const problem = (kind: RequesterProblemKind, detail: string): RequesterProblem => ({ kind, detail })

/** NumericDate of RFC 7519: seconds, perhaps with a fraction. */
const timeOf = (value: Json | undefined): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined

const timeProblems = (claims: JsonObject, context: ClaimContext): readonly RequesterProblem[] => {
  const { settings, seconds, madeSeconds = seconds } = context
  const { exp, nbf, iat } = claims
  const wrong = ['exp', 'nbf', 'iat'].filter(
    (name) => claims[name] !== undefined && timeOf(claims[name]) === undefined,
  )
  if (wrong.length > 0) return [problem('malformed', `its claim ${wrong.join(', ')} is no time`)]
  const until = timeOf(exp)
  if (until === undefined) return [problem('malformed', 'it says no time until which it holds (exp)')]
  const found: RequesterProblem[] = []
  if (Math.min(madeSeconds, seconds) >= until + settings.clockSkew) {
    const ago = shortDuration(seconds - until)
    found.push(problem('expired', `it held until ${ago} ago`))
  }
  const from = Math.max(timeOf(nbf) ?? 0, timeOf(iat) ?? 0)
  if (from > seconds + settings.clockSkew)
    found.push(problem('early', `it holds only in ${shortDuration(from - seconds)}`))
  return found
}

const shortDuration = (seconds: number): string => {
  if (seconds < 120) return `${Math.ceil(seconds)} s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} days`
}

const partyProblems = (
  { iss, aud }: JsonObject,
  { issuer, audience }: IdentitySettings,
): readonly RequesterProblem[] => {
  const audiences = typeof aud === 'string' ? [aud] : (textsOf(aud) ?? [])
  return [
    ...(iss === issuer ? [] : [problem('issuer', `it was issued by another than ${issuer}`)]),
    ...(audiences.includes(audience)
      ? []
      : [problem('audience', `it is meant for another than ${audience}`)]),
  ]
}

// Printable ASCII: a name that only looks like another, or turns the line around, is none.
const isName = (value: string): boolean => /^[\x21-\x7e]{1,256}$/.test(value)

const userProblems = (
  user: Json | undefined,
  { settings, annotated }: ClaimContext,
): readonly RequesterProblem[] => {
  if (typeof user !== 'string' || !isName(user))
    return [problem('user', `its claim ${settings.claims.user} is no name in printable ASCII`)]
  return annotated === undefined || annotated === user
    ? []
    : [problem('user', `it is ${user}'s, and ${settings.names.user} names another`)]
}

/** A list of names; empty where there is none, undefined where it is something else. */
const textsOf = (value: Json | undefined): readonly string[] | undefined => {
  if (value === undefined) return []
  if (!Array.isArray(value) || value.length > 256) return undefined
  const names = value.filter((each) => typeof each === 'string')
  return names.length === value.length && names.every(isName) ? names : undefined
}

const clearanceOf = (value: Json | undefined): Range | 'unreadable' | undefined => {
  if (value === undefined) return undefined
  const range = typeof value === 'string' ? parseRange(value) : undefined
  return range?.ok === true ? range.value : 'unreadable'
}

/**
 * Which container the token is for, held against what the engine's own process and files prove. A namespace alone, or
 * a pod without its namespace, names no container.
 */
const bindingProblems = (claims: JsonObject, context: ClaimContext): readonly RequesterProblem[] => {
  const { settings, container } = context
  const bound = (['name', 'image', 'namespace', 'pod', 'id'] as const).filter(
    (fact) => claims[settings.claims[fact]] !== undefined,
  )
  const other = bound.filter((fact) => claims[settings.claims[fact]] !== container[fact])
  if (other.length > 0) {
    const facts = other.map((fact) => `${fact} is ${container[fact] ?? 'not proven'}`).join(', ')
    return [problem('other-container', `it is for another container; here the ${facts}`)]
  }
  const names = bound.some((fact) => fact === 'name' || fact === 'image' || fact === 'id')
  const pod = bound.includes('pod') && bound.includes('namespace')
  return names || pod || settings.binding === 'optional'
    ? []
    : [problem('unbound', 'it does not say for which container it is')]
}

/** A token of create lies open in labels and pods: it must not open an exec, so that one has to say so. */
const operationProblems = (claims: JsonObject, context: ClaimContext): readonly RequesterProblem[] => {
  const { settings, container } = context
  const value = claims[settings.claims.operation]
  const named = typeof value === 'string' ? [value] : (textsOf(value) ?? [''])
  const wanted = container.operation === 'exec' ? 'exec' : 'create'
  if (named.includes(wanted) || (value === undefined && wanted === 'create')) return []
  return [
    problem(
      'other-container',
      `its claim ${settings.claims.operation} does not say that it is for ${wanted}`,
    ),
  ]
}
