/** JSON as text with places, and an RFC 6902 patch of its own: the test's judge of what lintel's splicing left. */

/** A value and where it stands in the text. */
interface Place {
  readonly from: number
  readonly to: number
  readonly members?: readonly (readonly [name: string, place: Place])[]
  readonly items?: readonly Place[]
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/gy

interface Token {
  readonly text: string
  readonly from: number
  readonly to: number
}

const tokensOf = (text: string): readonly Token[] => {
  const tokens: Token[] = []
  token.lastIndex = 0
  for (;;) {
    while (/\s/.test(text[token.lastIndex] ?? '')) token.lastIndex++
    const from = token.lastIndex
    const found = token.exec(text)
    if (found === null) break
    tokens.push({ text: found[0], from, to: token.lastIndex })
  }
  return tokens
}

/** The same JSON without blanks between its tokens, every token as it is written. */
export const compact = (text: string): string =>
  tokensOf(text)
    .map((one) => one.text)
    .join('')

/** Places of everything in a JSON text. */
const placesOf = (text: string): Place => {
  const tokens = tokensOf(text)
  let at = 0
  const next = (): Token => {
    const found = tokens[at++]
    if (found === undefined) throw new Error('the JSON ends too early')
    return found
  }
  const value = (): Place => {
    const first = next()
    if (first.text === '{') return object(first.from)
    if (first.text === '[') return array(first.from)
    return { from: first.from, to: first.to }
  }
  const object = (from: number): Place => {
    const members: (readonly [string, Place])[] = []
    while (tokens[at]?.text !== '}') {
      if (tokens[at]?.text === ',') at++
      const name: string = JSON.parse(next().text)
      at++
      members.push([name, value()])
    }
    return { from, to: next().to, members }
  }
  const array = (from: number): Place => {
    const items: Place[] = []
    while (tokens[at]?.text !== ']') {
      if (tokens[at]?.text === ',') at++
      items.push(value())
    }
    return { from, to: next().to, items }
  }
  return value()
}

/** One operation of a patch, as records hold it. */
export interface PatchOperation {
  readonly op: string
  readonly path: string
  readonly value?: unknown
}

/**
 * Subtrees that no operation names or lies in, by pointer, as written. In a list that gains or loses items the
 * places shift: such a list counts as touched as a whole.
 */
export const untouched = (text: string, patch: readonly PatchOperation[]): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  const named = patch.map(({ path }) => path)
  const visit = (place: Place, at: string): void => {
    const inside = named.filter((path) => path.startsWith(`${at}/`))
    if (named.includes(at)) return
    if (inside.length === 0) {
      found.set(at, text.slice(place.from, place.to))
      return
    }
    for (const [name, member] of place.members ?? [])
      visit(member, `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    const shifts = patch.some(
      ({ op, path }) => op !== 'replace' && inside.includes(path) && !path.slice(at.length + 1).includes('/'),
    )
    if (!shifts) for (const [index, item] of (place.items ?? []).entries()) visit(item, `${at}/${index}`)
  }
  visit(placesOf(text), '')
  return found
}

/** Parsed, with integers too large for a number kept as their digits. */
export const parseExact = (text: string): unknown =>
  JSON.parse(
    text.replace(/("(?:[^"\\]|\\.)*")|(-?\d{16,})/g, (whole, _, digits: string | undefined) =>
      digits === undefined ? whole : `"integer ${digits}"`,
    ),
  )

type Container = { [name: string]: unknown }

const isContainer = (value: unknown): value is Container => typeof value === 'object' && value !== null

/** Applies a patch by RFC 6902 to parsed data, changing it. */
export const applied = (document: unknown, patch: readonly PatchOperation[]): unknown => {
  for (const { op, path, value } of patch) {
    const tokens = path.split('/').slice(1)
    const names = tokens.map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    const last = names.pop() ?? ''
    let parent: unknown = document
    for (const name of names) parent = isContainer(parent) ? parent[name] : undefined
    if (!isContainer(parent)) throw new Error(`${op} ${path}: nothing there`)
    if (Array.isArray(parent)) {
      const index = last === '-' ? parent.length : Number(last)
      parent.splice(index, op === 'add' ? 0 : 1, ...(op === 'remove' ? [] : [value]))
    } else if (op === 'remove') delete parent[last]
    else parent[last] = value
  }
  return document
}
