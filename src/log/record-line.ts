/** A record as one line for people. */
import type { LoggedRecord } from './logged-record.ts'
import { printable } from './printable.ts'

/** How each kind of finding is called in a line, worst first. */
const outcomes = [
  ['refused', 'refused'],
  ['fixed', 'repaired'],
  ['repairable', 'repairable'],
  ['unknown', 'unknown'],
  ['warned', 'warned'],
  ['exempted', 'exempted'],
] as const

/** Paints a verdict; the identity where there is no colour. */
export type Paint = (verdict: string) => string

/** Time, verdict, engine, operation, container, for whom, and which rules found something. Nothing in it is obeyed by a terminal. */
export const recordLine = (record: LoggedRecord, paint: Paint): string => {
  const time = record.time.replace(/\.\d+Z$/, 'Z')
  if (record.event !== undefined)
    return printable(`${time} ${record.event}${breakGlassWords(record)}${sealWords(record)}`)
  const { engine, operation = '', proven, user, breakGlass } = record
  const unproven = proven || engine === 'none' ? '' : ' (unproven)'
  const whose = user === undefined ? '' : ` for ${user}`
  const found = findingWords(record)
  const glass = breakGlass === undefined ? '' : ' [break-glass]'
  const rest = ` ${engine}${unproven} ${operation} ${subject(record)}${whose}${found === '' ? '' : `: ${found}`}${glass}`
  return `${printable(time)} ${paint(printable(record.verdict ?? ''))}${printable(rest)}`
}

const subject = ({ container: { id, name, image, namespace, pod } }: LoggedRecord): string => {
  const place = [namespace, pod].filter((each) => each !== undefined)
  const own = name ?? id.slice(0, 12)
  return [...place, own].join('/') + (image === undefined ? '' : ` (${image})`)
}

const findingWords = ({ findings, failure }: LoggedRecord): string => {
  const groups = outcomes.flatMap(([outcome, word]) => {
    const rules = findings.filter((finding) => finding.outcome === outcome).map(({ rule }) => rule)
    return rules.length === 0 ? [] : [`${word} ${[...new Set(rules)].join(', ')}`]
  })
  return [...(failure === undefined ? [] : [failure]), ...groups].join('; ')
}

const sealWords = ({ seal }: LoggedRecord): string =>
  seal === undefined ? '' : ` up to record ${seal.sequence} of ${seal.host}, with key ${seal.key}`

const breakGlassWords = ({ breakGlass }: LoggedRecord): string =>
  breakGlass === undefined ? '' : ` until ${breakGlass.until}, by ${breakGlass.by}: ${breakGlass.reason}`
