/** Points in time as people type them. */
import { err, ok, type Result } from '../core/result.ts'

const units = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 } as const

/**
 * The beginning of an RFC 3339 time, UTC, without its zone (records compare with it as text), of `2h`, `90m`, `7d`,
 * `1d12h` before `now` (milliseconds since the epoch), of `2027-03-31`, or of an RFC 3339 time, UTC where it has no zone.
 * Errors: what `text` is not; `option` is what the sentence calls it.
 */
export const instantOf = (option: string, text: string, now: number): Result<string, string> => {
  const milliseconds = spanOf(text) ?? dateOf(text)
  const instant = milliseconds === undefined || milliseconds > 0 ? milliseconds : now + milliseconds
  if (instant === undefined || Number.isNaN(instant) || instant < 0 || instant > latest)
    return err(
      `${option} ${JSON.stringify(text)} is no time; write 2h, 30m or 7d (ago), 2027-03-31 or 2027-03-31T12:00:00Z`,
    )
  return ok(new Date(instant).toISOString().slice(0, -1))
}

/** The year 9999: later ones are written in another way. */
const latest = Date.parse('9999-12-31T23:59:59Z')

/** Negative, or zero. */
const spanOf = (text: string): number | undefined => {
  if (!/^(?:\d{1,6}[smhdw])+$/.test(text)) return undefined
  let seconds = 0
  for (const [, count, unit] of text.matchAll(/(\d+)([smhdw])/g))
    seconds += Number(count) * (unit === undefined || !isUnit(unit) ? 0 : units[unit])
  return -seconds * 1000
}

const isUnit = (unit: string): unit is keyof typeof units => Object.hasOwn(units, unit)

const dateOf = (text: string): number | undefined => {
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return Date.parse(`${text}T00:00:00Z`)
  const time = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)([Zz]|[+-]\d\d:\d\d)?$/.exec(text)
  if (time === null) return undefined
  const [, date, clock, zone = 'Z'] = time
  return Date.parse(`${date}T${clock?.length === 5 ? `${clock}:00` : clock}${zone.toUpperCase()}`)
}
