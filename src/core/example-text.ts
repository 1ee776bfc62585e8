/** Examples as people read them: JSON fragments, short where they can be, and of the host only what they are about. */
import { isJsonObject, type Json } from './json.ts'
import type { Example } from './rule.ts'

/** The layers of an example as JSON text, lines of at most some 100 columns. */
export const exampleText = (example: Example): string => {
  const { name: _, facts, ...layers } = example
  const plain = asJson(layers)
  const { message: __, fixable: ___, ...shown } = isJsonObject(plain) ? plain : {}
  const host = hostWords(facts, JSON.stringify(shown))
  return pretty(host === undefined ? shown : { ...shown, host }, '')
}

// Layers are data; what is undefined in them is as good as absent.
const asJson = (value: object): Json => JSON.parse(JSON.stringify(value))

/** What the example says of its host: numbers and lists as they are, of the paths looked at those it speaks of. */
const hostWords = (facts: Example['facts'], spoken: string): Json | undefined => {
  if (facts === undefined) return undefined
  const { paths = {}, ...rest } = facts
  const others = asJson(rest)
  const words: { [name: string]: Json } = {}
  for (const [name, value] of Object.entries(isJsonObject(others) ? others : {})) {
    if (name !== 'onHost' && JSON.stringify(value).length <= longestFact) words[name] = value
  }
  const told: { [path: string]: Json } = {}
  for (const [path, fact] of Object.entries(paths)) {
    if (!spoken.includes(JSON.stringify(path))) continue
    const real = fact.real === path ? '' : `, is ${fact.real}`
    // Ids of examples follow from the path (core/example-facts.ts), unless it is another's file.
    const same = fact.id.endsWith(`:${fact.real}`) ? '' : `, the same file as ${fact.id.replace(/^1:/, '')}`
    told[path] = fact.error ?? `${fact.kind ?? 'unknown'}${real}${same}`
  }
  if (Object.keys(told).length > 0 && JSON.stringify(told).length <= longestFact) words['paths'] = told
  return Object.keys(words).length === 0 ? undefined : words
}

const longestFact = 400
const width = 100

/** A value on one line where it fits, else its members on lines of their own. */
const pretty = (value: Json, indent: string): string => {
  const line = oneLine(value)
  if (indent.length + line.length <= width || typeof value !== 'object' || value === null) return line
  const inner = `${indent}  `
  if (isJsonObject(value)) {
    const members = Object.entries(value).map(
      ([name, each]) => `${JSON.stringify(name)}: ${pretty(each, inner)}`,
    )
    return `{\n${members.map((member) => inner + member).join(',\n')}\n${indent}}`
  }
  const items = value.map((each) => inner + pretty(each, inner))
  return `[\n${items.join(',\n')}\n${indent}]`
}

const oneLine = (value: Json): string => {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (!isJsonObject(value)) return `[${value.map(oneLine).join(', ')}]`
  const members = Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${oneLine(each)}`)
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}
