/** Lists of processors and memory nodes as the kernel reads them, such as `0-3,7` (cpuset(7), List format). */

interface Range {
  readonly first: number
  readonly last: number
}

/**
 * True when every number of `wanted` is one of `own`. A list that is not plain numbers and ranges (the kernel also
 * takes strides) holds anything.
 */
export const isPartOf = (wanted: string, own: string): boolean => {
  const ranges = rangesOf(wanted)
  const within = joined(rangesOf(own) ?? [])
  return (
    ranges?.every(({ first, last }) => within.some((each) => first >= each.first && last <= each.last)) ??
    false
  )
}

const rangesOf = (list: string): readonly Range[] | undefined => {
  const ranges: Range[] = []
  for (const part of list.trim().split(',')) {
    const [, first, last = first] = /^([0-9]{1,9})(?:-([0-9]{1,9}))?$/.exec(part.trim()) ?? []
    if (first === undefined || last === undefined || Number(first) > Number(last)) return undefined
    ranges.push({ first: Number(first), last: Number(last) })
  }
  return ranges
}

/** Neighbours as one range, so that `0-3` lies within `0-1,2-3`. */
const joined = (ranges: readonly Range[]): readonly Range[] => {
  const whole: Range[] = []
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const before = whole.at(-1)
    if (before === undefined || range.first > before.last + 1) whole.push(range)
    else whole[whole.length - 1] = { first: before.first, last: Math.max(before.last, range.last) }
  }
  return whole
}
