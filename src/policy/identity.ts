/** Compiles what a policy says of requesters: the tables `identity` and `clearances`, and the key sets they name. */
import {
  type Clearance,
  type IdentitySettings,
  type TokenKey,
  tokenAlgorithms,
} from '../core/identity-settings.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Host } from '../host/host.ts'
import { parseRange } from '../selinux/range.ts'
import { parseKeySet } from './key-set.ts'
import type { PolicyFile } from './policy-file.ts'
import { type PolicyProblem, readSource, type Watched, writableFolder } from './sources.ts'

/** Settings compiled, with what they were read from besides the policy's own files. */
export interface CompiledIdentity {
  readonly settings: IdentitySettings | undefined
  readonly watched: readonly Watched[]
  /** The key sets as text, for the policy's digest. */
  readonly texts: readonly string[]
}

/** Claims by their registered or usual names. */
const usualClaims = {
  user: 'sub',
  groups: 'groups',
  clearance: 'clearance',
  operation: 'operation',
  name: 'container',
  image: 'image',
  namespace: 'namespace',
  pod: 'pod',
  id: 'container_id',
} as const

/** The settings of a merged policy; none where it has no `[identity]`. Errors: the first thing wrong, in one line. */
export const compileIdentity = (
  host: Host,
  { identity, clearances = [] }: PolicyFile,
): Result<CompiledIdentity, PolicyProblem> => {
  const rows = clearancesOf(clearances)
  if (!rows.ok) return err({ kind: 'invalid', message: rows.error })
  if (identity === undefined) return ok({ settings: undefined, watched: [], texts: [] })
  const algorithms = identity.algorithms ?? tokenAlgorithms
  const read = readKeys(host, identity.jwks ?? [], algorithms)
  if (!read.ok) return read
  const { keys, watched, texts } = read.value
  const settings: IdentitySettings = {
    keys,
    algorithms,
    issuer: identity.issuer ?? '',
    audience: identity.audience ?? '',
    clockSkew: identity['clock-skew'] ?? 30,
    names: {
      user: identity['user-annotation'] ?? 'io.lintel.user',
      token: identity['token-annotation'] ?? 'io.lintel.token',
      environment: identity['token-environment'] ?? 'LINTEL_TOKEN',
    },
    claims: { ...usualClaims, ...identity.claims },
    binding: identity.binding ?? 'required',
    tokenClearance: identity['token-clearance'] ?? 'narrow',
    readmit: identity.readmit ?? false,
    once: identity.once ?? false,
    hostUsers: identity['host-users'] ?? true,
    seusers: identity.seusers ?? '',
    clearances: rows.value,
  }
  return ok({ settings, watched, texts })
}

type Rows = NonNullable<PolicyFile['clearances']>

const clearancesOf = (rows: Rows): Result<readonly Clearance[], string> => {
  const found: Clearance[] = []
  for (const { range: text, ...who } of rows) {
    const range = parseRange(text)
    const name = who.user ?? who.group ?? ''
    if (!range.ok)
      return err(`clearances: the range ${JSON.stringify(text)} of ${name} is none: ${range.error}`)
    if ((who.user === undefined) === (who.group === undefined))
      return err(`clearances: the range ${text} needs a user or a group, and not both`)
    found.push({ ...who, range: range.value })
  }
  return ok(found)
}

interface Keys {
  readonly keys: readonly TokenKey[]
  readonly watched: readonly Watched[]
  readonly texts: readonly string[]
}

const readKeys = (
  host: Host,
  paths: readonly string[],
  algorithms: IdentitySettings['algorithms'],
): Result<Keys, PolicyProblem> => {
  const folders = [...new Set(paths.map((path) => path.slice(0, path.lastIndexOf('/')) || '/'))]
  const insecure = folders.map((folder) => writableFolder(host, folder)).find((each) => each !== undefined)
  if (insecure !== undefined) return err(insecure)
  // As in surveySources: stamps first, so that a change in between is not unnoticed.
  const watching = [...paths, ...folders]
  const stamps = host.stamps(watching)
  const keys: TokenKey[] = []
  const texts: string[] = []
  for (const path of paths) {
    const source = readSource(host, path, true)
    if (!source.ok) return source
    if (source.value === undefined) return err(invalid(`${path}: there is no such file of keys`))
    const parsed = parseKeySet(host, source.value.text, algorithms)
    if (!parsed.ok) return err(invalid(`${path}:${parsed.error}`))
    keys.push(...parsed.value)
    texts.push(source.value.text)
  }
  const watched = watching.map((path, index) => ({ path, stamp: stamps[index] ?? '' }))
  return ok({ keys, watched, texts })
}

const invalid = (message: string): PolicyProblem => ({ kind: 'invalid', message })
