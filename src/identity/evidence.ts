/** Where a requester's token and name stand in a call, and the call's text without the token. */
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts'
import { type PatchOperation, pointer } from '../core/patch.ts'
import type { Host } from '../host/host.ts'
import type { RequesterQuestion } from './request.ts'

/** What was brought to prove a requester. */
export interface Evidence {
  /** The user that an annotation or label names. */
  readonly user: string | undefined
  /** Each token once; more than one proves nothing. */
  readonly tokens: readonly string[]
  /** Why the token cannot be kept from the container, as the end of a sentence. */
  readonly exposed: string | undefined
  /** The document's text without any token; undefined where it held none. */
  readonly text: string | undefined
}

/** Reads the evidence of a call. A token of create proves nothing to an exec: whoever sees the container sees it. */
export const evidenceOf = (host: Pick<Host, 'patchJson'>, question: RequesterQuestion): Evidence =>
  question.container.operation === 'exec' ? ofExec(host, question) : ofBundle(host, question)

const ofBundle = (host: Pick<Host, 'patchJson'>, question: RequesterQuestion): Evidence => {
  const { document, labels, settings } = question
  const { names } = settings
  const annotations = member(document, 'annotations')
  const token = textOf(annotations, names.token)
  const variables = tokensIn(member(document, 'process'), names.environment)
  const tokens = [token, textOf(member(labels), names.token), ...variables.map(({ value }) => value)]
  const given = [...new Set(tokens.filter((each) => each !== undefined))]
  const operations = [
    ...(token === undefined ? [] : [removal('annotations', names.token)]),
    ...copies(annotations, given, names.token),
    ...variables.map(({ index }) => removal('process', 'env', index)).toReversed(),
  ]
  const cleaned = withoutTokens(host, question.text, operations)
  const inEnvironment =
    variables.length === 0
      ? undefined
      : `it stands in the environment (${names.environment}), which every command of the container gets`
  return {
    user: textOf(annotations, names.user) ?? textOf(member(labels), names.user),
    tokens: given,
    exposed: inEnvironment ?? leftIn(cleaned ?? question.text, given),
    text: cleaned,
  }
}

const ofExec = (host: Pick<Host, 'patchJson'>, question: RequesterQuestion): Evidence => {
  const { document, writable, environment, settings } = question
  const { names } = settings
  const variables = tokensIn(writable ? member(document) : { env: environment }, names.environment)
  const tokens = [...new Set(variables.map(({ value }) => value))]
  if (!writable) {
    const exposed = 'it stands in the words of the call, from which lintel cannot take it'
    return { user: undefined, tokens, exposed: tokens.length === 0 ? undefined : exposed, text: undefined }
  }
  const operations = variables.map(({ index }) => removal('env', index)).toReversed()
  const cleaned = withoutTokens(host, question.text, operations)
  return { user: undefined, tokens, exposed: leftIn(cleaned ?? question.text, tokens), text: cleaned }
}

const member = (document: Json | undefined, ...names: readonly string[]): JsonObject => {
  let node = document
  for (const name of names) node = node !== undefined && isJsonObject(node) ? node[name] : undefined
  return node !== undefined && isJsonObject(node) ? node : {}
}

const textOf = (object: JsonObject, name: string): string | undefined => {
  const value = Object.hasOwn(object, name) ? object[name] : undefined
  return typeof value === 'string' ? value : undefined
}

const tokensIn = (
  { env }: JsonObject,
  name: string,
): readonly { readonly index: number; readonly value: string }[] =>
  (Array.isArray(env) ? env : []).flatMap((entry, index) =>
    typeof entry === 'string' && entry.startsWith(`${name}=`)
      ? [{ index, value: entry.slice(name.length + 1) }]
      : [],
  )

const removal = (...tokens: readonly (string | number)[]): PatchOperation => ({
  op: 'remove',
  path: pointer(...tokens),
})

/** Short texts could stand anywhere by chance, and are no token. */
const isToken = (text: string): boolean => text.length >= 32

/** Other annotations that hold a token too: CRI-O keeps all of a pod's once more, as JSON in one value. */
const copies = (annotations: JsonObject, tokens: readonly string[], own: string): readonly PatchOperation[] =>
  Object.entries(annotations).flatMap(([key, value]): readonly PatchOperation[] => {
    if (key === own || typeof value !== 'string') return []
    const cleaned = tokens.filter(isToken).reduce((text, token) => text.replaceAll(token, ''), value)
    return cleaned === value ? [] : [{ op: 'replace', path: pointer('annotations', key), value: cleaned }]
  })

const withoutTokens = (
  host: Pick<Host, 'patchJson'>,
  text: string,
  operations: readonly PatchOperation[],
): string | undefined => {
  const patched = operations.length === 0 ? undefined : host.patchJson(text, operations)
  return patched?.ok === true ? patched.value : undefined
}

const leftIn = (text: string, tokens: readonly string[]): string | undefined =>
  tokens.some((token) => isToken(token) && text.includes(token))
    ? 'it stands in the configuration in another place too'
    : undefined
