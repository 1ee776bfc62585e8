/** Parameters of a rule: a small JSON Schema as data, the TypeScript type derived from it. */

interface Described<Default> {
  readonly description: string
  readonly default: Default
}

export interface StringSchema extends Described<string> {
  readonly type: 'string'
  readonly enum?: readonly string[]
  /** `size`: bytes with a unit, e.g. `512MiB`, `2GiB`, `64k`. */
  readonly format?: 'size'
}
export interface IntegerSchema extends Described<number> {
  readonly type: 'integer'
  readonly minimum?: number
  readonly maximum?: number
}
export interface BooleanSchema extends Described<boolean> {
  readonly type: 'boolean'
}
export interface StringListSchema extends Described<readonly string[]> {
  readonly type: 'array'
  readonly items: { readonly type: 'string' }
}

export type ParameterSchema = StringSchema | IntegerSchema | BooleanSchema | StringListSchema

/** Parameter names (kebab-case, as written in policy.toml) to their schemas. */
export interface ParametersSchema {
  readonly [name: string]: ParameterSchema
}

export type ParameterValue = string | number | boolean | readonly string[]
export interface ParameterValues {
  readonly [name: string]: ParameterValue
}

type ValueOf<Schema extends ParameterSchema> = Schema extends StringSchema
  ? string
  : Schema extends IntegerSchema
    ? number
    : Schema extends BooleanSchema
      ? boolean
      : readonly string[]

/** The type of the values that satisfy a parameters schema. */
export type ParametersOf<Schema extends ParametersSchema> = {
  readonly [Name in keyof Schema]: ValueOf<Schema[Name]>
}

/** True when every parameter of the schema has a value of its type. */
export const hasParameters = <const Schema extends ParametersSchema>(
  schema: Schema,
  values: ParameterValues,
): values is ParameterValues & ParametersOf<Schema> => {
  for (const name in schema) {
    const value = values[name]
    const type = schema[name]?.type
    const right =
      type === 'array' ? Array.isArray(value) : type !== undefined && typeof value === kindOf[type]
    if (!right) return false
  }
  return true
}

const kindOf = { string: 'string', integer: 'number', boolean: 'boolean' } as const

/** Every parameter at its default. */
export const defaultParameters = (schema: ParametersSchema): ParameterValues =>
  Object.fromEntries(Object.entries(schema).map(([name, parameter]) => [name, parameter.default]))

/** The type of a parameter and what bounds it, in words. */
export const typeText = (schema: ParameterSchema): string => {
  switch (schema.type) {
    case 'array':
      return 'list of text'
    case 'boolean':
      return 'true or false'
    case 'integer': {
      const { minimum, maximum } = schema
      if (minimum === undefined && maximum === undefined) return 'whole number'
      if (maximum === undefined) return `whole number from ${minimum}`
      return `whole number ${minimum === undefined ? 'up' : `from ${minimum}`} to ${maximum}`
    }
    default:
      if (schema.enum !== undefined) return `one of ${schema.enum.join(', ')}`
      return schema.format === 'size' ? 'size such as 512MiB' : 'text'
  }
}
