/** A schema as its validator needs it: without words for people, and what occurs more than once written once. */

interface SchemaObject {
  readonly [member: string]: unknown
}

const isObject = (value: unknown): value is SchemaObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const annotations = new Set(['$schema', 'title', 'description', 'default'])
/** Members whose value holds schemas by name; those names are not keywords. */
const named = new Set(['properties', 'definitions'])

const stripped = (schema: SchemaObject): SchemaObject =>
  Object.fromEntries(
    Object.entries(schema)
      .filter(([keyword]) => !annotations.has(keyword))
      .map(([keyword, value]) => {
        if (!isObject(value)) return [keyword, value]
        if (!named.has(keyword)) return [keyword, stripped(value)]
        const members = Object.entries(value).map(([name, each]) => [
          name,
          isObject(each) ? stripped(each) : each,
        ])
        return [keyword, Object.fromEntries(members)]
      }),
  )

/** Every schema inside, outermost first. */
const schemasIn = (schema: SchemaObject): readonly SchemaObject[] =>
  Object.entries(schema).flatMap(([keyword, value]) => {
    if (!isObject(value)) return []
    const inner = named.has(keyword) ? Object.values(value).filter(isObject) : [value]
    return inner.flatMap((each) => [each, ...schemasIn(each)])
  })

/** The schema, compacted; it accepts what the whole one accepts, with the same complaints. */
export const compactSchema = (whole: object): object => {
  const schema = stripped({ ...whole })
  const counts = new Map<string, number>()
  for (const each of schemasIn(schema)) {
    const text = JSON.stringify(each)
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  const shared = [...counts].filter(([text, count]) => count > 1 && !text.startsWith('{"$ref"'))
  const names = new Map(shared.map(([text], index) => [text, `shared-${index}`]))
  const replace = (node: SchemaObject, root: boolean): SchemaObject => {
    const name = root ? undefined : names.get(JSON.stringify(node))
    if (name !== undefined) return { $ref: `#/definitions/${name}` }
    return Object.fromEntries(
      Object.entries(node).map(([keyword, value]) => {
        if (!isObject(value)) return [keyword, value]
        if (!named.has(keyword)) return [keyword, replace(value, false)]
        const members = Object.entries(value).map(([each, inner]) => [
          each,
          isObject(inner) ? replace(inner, false) : inner,
        ])
        return [keyword, Object.fromEntries(members)]
      }),
    )
  }
  const compacted = replace(schema, true)
  const definitions = Object.fromEntries(
    shared.map(([text], index) => [`shared-${index}`, replace({ ...JSON.parse(text) }, true)]),
  )
  const own = isObject(compacted['definitions']) ? compacted['definitions'] : {}
  return { ...compacted, definitions: { ...own, ...definitions } }
}
