/** A signed JWT in compact form (RFC 7515, RFC 7519) as it is read before anything in it is believed. */
import { decodeBase64url } from '../core/base64url.ts'
import { isJsonObject, type JsonObject } from '../core/json.ts'
import type { RequesterProblem } from '../core/requester.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Host } from '../host/host.ts'

/** A token taken apart. Nothing in it is proven yet. */
export interface ParsedToken {
  /** As the header names it: any text. */
  readonly algorithm: string
  readonly keyId: string | undefined
  readonly claims: JsonObject
  /** What the signature is over. */
  readonly signed: string
  readonly signature: readonly number[]
}

/** Longest token read, in characters; identity services stay far below it. */
const longestToken = 8192

const deepest = 8

/**
 * Header members that are refused: those with which a token brings its own key or names where to fetch one, and those
 * that change how it is to be read. None of them is ever followed.
 */
const refusedMembers = ['crit', 'b64', 'jwk', 'jku', 'x5c', 'x5u', 'enc', 'zip', 'epk'] as const

/** Takes a token apart, strictly. Errors: why it is none; never with any part of it. */
export const parseToken = (
  host: Pick<Host, 'parseJson'>,
  text: string,
): Result<ParsedToken, RequesterProblem> => {
  if (text.length > longestToken) return malformed(`it is longer than ${longestToken} characters`)
  const parts = text.split('.')
  const [head = '', body = '', tail = ''] = parts
  if (parts.length !== 3) return malformed('it does not consist of three parts with a dot between them')
  const signature = decodeBase64url(tail)
  if (signature === undefined) return malformed('its signature is no base64url')
  const header = readPart(host, head, 'header')
  if (!header.ok) return header
  const claims = readPart(host, body, 'payload')
  if (!claims.ok) return claims
  const { alg, kid } = header.value
  const refused = refusedMembers.find((name) => Object.hasOwn(header.value, name))
  if (refused !== undefined) return malformed(`its header holds ${refused}, which is not followed`)
  if (typeof alg !== 'string' || (kid !== undefined && typeof kid !== 'string'))
    return malformed('its header does not say alg and kid as text')
  return ok({ algorithm: alg, keyId: kid, claims: claims.value, signed: `${head}.${body}`, signature })
}

const malformed = (detail: string): Result<never, RequesterProblem> => err({ kind: 'malformed', detail })

const readPart = (
  host: Pick<Host, 'parseJson'>,
  part: string,
  name: 'header' | 'payload',
): Result<JsonObject, RequesterProblem> => {
  const bytes = decodeBase64url(part)
  const text = bytes === undefined || bytes.length === 0 ? undefined : textOf(bytes)
  if (text === undefined) return malformed(`its ${name} is no base64url of UTF-8`)
  const parsed = host.parseJson(text, deepest, '')
  return parsed.ok && isJsonObject(parsed.value)
    ? ok(parsed.value)
    : malformed(`its ${name} is no JSON object, or one with a member twice`)
}

/** Bytes as UTF-8; undefined where they are none. */
const textOf = (bytes: readonly number[]): string | undefined => {
  const escaped = bytes.map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
  try {
    return decodeURIComponent(escaped)
  } catch {
    return undefined
  }
}
