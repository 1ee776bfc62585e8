/** Times as engines write them down (RFC 3339), where the machine has no Date. */

const written = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|([+-])(\d\d):(\d\d))$/

/** Seconds since the epoch, without the fraction; undefined where it is no such time. */
export const epochSeconds = (text: string): number | undefined => {
  const [, ...fields] = written.exec(text) ?? []
  if (fields.length === 0) return undefined
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = fields.slice(0, 6).map(Number)
  const [sign = '+', hours = '0', minutes = '0'] = fields.slice(6)
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60 : 60)
  return dayNumber(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
}

/** Days from 1970-01-01 in the Gregorian calendar; years begin in March, so that the leap day is the last. */
const dayNumber = (year: number, month: number, day: number): number => {
  const years = month > 2 ? year : year - 1
  const days = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  return (
    years * 365 + Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400) + days - 719_468
  )
}
