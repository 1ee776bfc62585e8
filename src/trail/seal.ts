/** A seal: a key's word for what the log was up to a record. Pure. */
import { type Json, memberOf, textOf } from '../core/json.ts'
import type { SealRecord } from '../core/record.ts'

/** What a seal says. */
export type Seal = Pick<SealRecord, 'sealed' | 'time' | 'key' | 'signature'>

/**
 * The text that is signed. Its first line is that of nothing else, no value holds a line feed: one text, one meaning
 * (docs/trail.md).
 */
export const sealText = ({ sealed, time }: Pick<Seal, 'sealed' | 'time'>): string =>
  `lintel log seal 1\nhost ${sealed.host}\nsequence ${sealed.sequence}\nhash ${sealed.hash}\ntime ${sealed.time}\nsealed ${time}\n`

/** Reads a parsed line; undefined where it is no seal. */
export const sealOf = (value: Json): Seal | undefined => {
  const sealed = memberOf(value, 'sealed')
  const [host, hash, at] = ['host', 'hash', 'time'].map((name) => textOf(sealed, name))
  const sequence = memberOf(sealed, 'sequence')
  const [time, key, signature] = ['time', 'key', 'signature'].map((name) => textOf(value, name))
  if (host === undefined || hash === undefined || at === undefined || typeof sequence !== 'number')
    return undefined
  if (time === undefined || key === undefined || signature === undefined) return undefined
  const isWhole =
    Number.isSafeInteger(sequence) && sequence > 0 && !/\p{Cc}/u.test(`${host}${hash}${at}${time}`)
  return isWhole ? { sealed: { host, sequence, hash, time: at }, time, key, signature } : undefined
}
