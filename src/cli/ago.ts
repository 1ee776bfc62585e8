/** How long ago something was, for people. */

const units = [
  { name: 'days', seconds: 86_400 },
  { name: 'h', seconds: 3_600 },
  { name: 'min', seconds: 60 },
] as const

/** `40 s ago`, `3 min ago`, `47 h ago`, `12 days ago`; `time` is RFC 3339, `now` milliseconds since the epoch. */
export const ago = (time: string, now: number): string => {
  const span = Math.max(0, Math.floor((now - Date.parse(time)) / 1000))
  const unit = units.find(({ name, seconds }) => span >= (name === 'days' ? 2 : 1) * seconds)
  return unit === undefined ? `${span} s ago` : `${Math.floor(span / unit.seconds)} ${unit.name} ago`
}
