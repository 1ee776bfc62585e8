/** What a runtime makes of the arguments after its command, and the form its flag tables have. */

/** Flags of one command by full name; `short` gives the full names of one-letter spellings. */
export interface FlagTable {
  /** Flags that need a value. */
  readonly values: readonly string[]
  /** Flags that are on or off. */
  readonly switches: readonly string[]
  readonly short: Readonly<Record<string, string>>
}

/** Every value given, in order, by full flag name; a switch is the text `true` or `false`. */
export type Given = ReadonlyMap<string, readonly string[]>

/** One runtime's reading: `help` does nothing but print, `refused` ends with that runtime's own usage error. */
export type Reading =
  | { readonly kind: 'call'; readonly given: Given; readonly rest: readonly string[] }
  | { readonly kind: 'help' }
  | { readonly kind: 'refused'; readonly reason: string }

/** A reading that runs something. */
export type Accepted = Extract<Reading, { readonly kind: 'call' }>

/** The full name of a flag spelled exactly, by its long or its one-letter name. */
export const exactName = (table: FlagTable, typed: string): string | undefined => {
  if (Object.hasOwn(table.short, typed)) return table.short[typed]
  return table.values.includes(typed) || table.switches.includes(typed) ? typed : undefined
}

/** Collects values while reading; the text of the last one wins where a flag takes one value. */
export const add = (given: Map<string, string[]>, name: string, value: string): void => {
  const earlier = given.get(name)
  if (earlier) earlier.push(value)
  else given.set(name, [value])
}

/** The reading of a runtime that gives up, for the reason said. */
export const refused = (reason: string): Reading => ({ kind: 'refused', reason })

/** A word of argv as it may be shown in a one-line message: quoted, without its value, cut short. */
export const shown = (word: string): string => JSON.stringify((word.split('=', 1)[0] ?? '').slice(0, 40))

/** True when both readings give the same flags the same values, in whatever order, and leave the same words. */
export const isSameReading = (one: Accepted, other: Accepted): boolean => {
  if (one.given.size !== other.given.size || !isSameList(one.rest, other.rest)) return false
  for (const [name, values] of one.given) if (!isSameList(values, other.given.get(name) ?? [])) return false
  return true
}

/** True when both are the same words in the same order. */
export const isSameList = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((text, index) => text === other[index])
