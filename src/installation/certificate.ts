/** What of an X.509 certificate (RFC 5280) matters before a daemon is told to serve with it. Pure; DER as binary text. */
import { err, ok, type Result } from '../core/result.ts'

declare const atob: (base64: string) => string

export interface Certificate {
  /** RFC 3339, UTC. */
  readonly notBefore: string
  readonly notAfter: string
  /** Encoded names, to compare. */
  readonly issuer: string
  readonly subject: string
  /** DNS names and IP addresses it is made out to. */
  readonly names: readonly string[]
  /** Object identifiers (encoded) of what it may be used for; undefined: for anything. */
  readonly uses: readonly string[] | undefined
  /** RSA: the modulus; undefined for other keys. */
  readonly modulus: string | undefined
}

/** id-kp-serverAuth, 1.3.6.1.5.5.7.3.1. */
export const serverUse = '\x2b\x06\x01\x05\x05\x07\x03\x01'

const tags = {
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  sequence: 0x30,
  extensions: 0xa3,
  version: 0xa0,
} as const

interface Element {
  readonly tag: number
  readonly content: string
  /** With its head. */
  readonly whole: string
}

/** The bytes of the first PEM block whose label ends so. Errors: what is missing. */
export const pemBytes = (text: string, label: string): Result<string, string> => {
  const block = new RegExp(`-----BEGIN [A-Z ]*${label}-----([A-Za-z0-9+/=\\s]+)-----END`).exec(text)?.[1]
  return block === undefined ? err(`holds no PEM ${label}`) : ok(atob(block.replaceAll(/\s/g, '')))
}

/** Reads a certificate's DER bytes. Errors: what is wrong. */
export const readCertificate = (der: string): Result<Certificate, string> => {
  const [outer] = elements(der)
  const [inner] = elements(outer?.content ?? '')
  const fields = elements(inner?.content ?? '').filter(({ tag }) => tag !== tags.version)
  const [, , issuer, validity, subject, key, ...rest] = fields
  const [from, until] = elements(validity?.content ?? '')
  if (from === undefined || until === undefined || issuer === undefined || subject === undefined)
    return err('is no X.509 certificate')
  const extensions = elements(
    elements(rest.find(({ tag }) => tag === tags.extensions)?.content ?? '')[0]?.content ?? '',
  )
  return ok({
    notBefore: timeOf(from),
    notAfter: timeOf(until),
    issuer: issuer.whole,
    subject: subject.whole,
    names: elements(extension(extensions, '\x55\x1d\x11') ?? '').flatMap(alternativeName),
    uses: optional(extension(extensions, '\x55\x1d\x25'), (list) =>
      elements(list).map(({ content }) => content),
    ),
    modulus: modulusOf(key?.content ?? ''),
  })
}

const optional = <Value, Other>(
  value: Value | undefined,
  then: (value: Value) => Other,
): Other | undefined => (value === undefined ? undefined : then(value))

/** The elements that stand one after the other; what is cut short is left out. */
const elements = (der: string): readonly Element[] => {
  const found: Element[] = []
  for (let start = 0; start + 2 <= der.length; ) {
    const first = der.charCodeAt(start + 1)
    const extra = first < 0x80 ? 0 : first - 0x80
    let length = extra === 0 ? first : 0
    for (let index = 0; index < extra; index += 1) length = length * 256 + der.charCodeAt(start + 2 + index)
    const begin = start + 2 + extra
    const end = begin + length
    if (!(end <= der.length)) break
    found.push({ tag: der.charCodeAt(start), content: der.slice(begin, end), whole: der.slice(start, end) })
    start = end
  }
  return found
}

/** Content of the sequence that an extension's octets hold, by its identifier. */
const extension = (extensions: readonly Element[], identifier: string): string | undefined => {
  const fields = extensions.map(({ content }) => elements(content))
  const value = fields.find(([name]) => name?.content === identifier)?.find(({ tag }) => tag === tags.octets)
  return value === undefined ? undefined : elements(value.content)[0]?.content
}

/** [2] dNSName, [7] iPAddress. */
const alternativeName = ({ tag, content }: Element): readonly string[] => {
  if (tag === 0x82) return [content]
  const bytes = [...content].map((each) => each.charCodeAt(0))
  if (tag !== 0x87) return []
  if (bytes.length === 4) return [bytes.join('.')]
  const groups = bytes.flatMap((byte, index) =>
    index % 2 === 0 ? [byte * 256 + (bytes[index + 1] ?? 0)] : [],
  )
  return [groups.map((group) => group.toString(16)).join(':')]
}

/** UTCTime has two digits for the year, those of 1950 to 2049. */
const timeOf = ({ content }: Element): string => {
  const digits = content.replace('Z', '')
  const full = digits.length > 12 ? digits : `${Number(digits.slice(0, 2)) < 50 ? '20' : '19'}${digits}`
  return full.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d).*$/, '$1-$2-$3T$4:$5:$6Z')
}

const modulusOf = (key: string): string | undefined => {
  const bits = elements(key).find(({ tag }) => tag === tags.bits)
  // The first byte counts unused bits.
  const [inner] = elements(bits?.content.slice(1) ?? '')
  if (inner?.tag !== tags.sequence) return undefined
  const [modulus] = elements(inner.content)
  return modulus?.tag === tags.integer ? modulus.content : undefined
}
