/** The JSON Schema of policy.toml, made from the rules and profiles: editors and lintel read the same one. */
import { engineIds } from '../src/core/identity.ts'
import type { ParameterSchema } from '../src/core/parameters.ts'
import type { Rule } from '../src/core/rule.ts'

const sizePattern = '^([0-9]+ ?([kKmMgGtT]([iI]?[bB])?|[bB])?)?$'

const parameter = (schema: ParameterSchema): object => {
  if (schema.type !== 'string' || schema.format === undefined) return { ...schema }
  const { format: _, ...rest } = schema
  return { ...rest, pattern: sizePattern }
}

const ruleTable = (rule: Rule): object => ({
  type: 'object',
  description: rule.title,
  additionalProperties: false,
  properties: {
    action: {
      type: 'string',
      enum: rule.fixes ? ['deny', 'fix', 'warn', 'off'] : ['deny', 'warn', 'off'],
      description: 'What happens to a container in which the rule finds something.',
    },
    ...Object.fromEntries(Object.entries(rule.parameters).map(([name, schema]) => [name, parameter(schema)])),
  },
})

/** Members that say which containers are meant. */
const selector = {
  engine: { type: 'string', enum: engineIds.filter((id) => id !== 'none') },
  image: { type: 'string', pattern: '[^*]' },
  name: { type: 'string', pattern: '[^*]' },
  namespace: { type: 'string', pattern: '[^*]' },
}

const where = (members: object): object => ({
  type: 'object',
  description:
    'Every member given must match; * stands for any characters. Only containers of a proven engine are ever meant.',
  additionalProperties: false,
  minProperties: 1,
  properties: members,
})

const override = {
  type: 'object',
  description:
    'Other settings for some containers; later overrides win. Write the strict value as the default and loosen here.',
  additionalProperties: false,
  required: ['where', 'rules'],
  properties: {
    where: where({
      ...selector,
      sandbox: { type: 'boolean', const: true, description: 'Only the pause containers of pods.' },
    }),
    rules: { $ref: '#/definitions/rules' },
  },
}

const exemption = (rules: readonly Rule[]): object => ({
  type: 'object',
  additionalProperties: false,
  required: ['rules', 'where', 'reason', 'owner', 'expires'],
  properties: {
    rules: { type: 'array', minItems: 1, items: { type: 'string', enum: rules.map(({ id }) => id) } },
    where: where(selector),
    reason: { type: 'string', pattern: '[^ ]' },
    owner: { type: 'string', pattern: '[^ ]' },
    expires: {
      type: 'string',
      description: 'Last day it counts, UTC. Written bare in TOML: expires = 2027-03-31',
      pattern: '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$',
    },
  },
})

/** The schema of settings of rules, as a policy, an override or a profile holds them. */
export const ruleTablesSchema = (rules: readonly Rule[]): object => ({
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(rules.map((rule) => [rule.id, ruleTable(rule)])),
})

/** The schema for these rules and profile names. */
export const policySchema = (rules: readonly Rule[], profiles: readonly string[]): object => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'lintel policy (/etc/lintel/policy.toml and policy.d/*.toml)',
  type: 'object',
  additionalProperties: false,
  properties: {
    version: { type: 'integer', const: 1 },
    profile: { type: 'string', enum: profiles },
    mode: { type: 'string', enum: ['enforce', 'warn'] },
    runtime: {
      type: 'object',
      additionalProperties: false,
      properties: {
        path: {
          type: 'array',
          minItems: 1,
          description: 'Real runtimes, absolute; the first that exists is executed.',
          items: { type: 'string', pattern: '^/' },
        },
      },
    },
    rules: { $ref: '#/definitions/rules' },
    overrides: { type: 'array', items: override },
    exemptions: { type: 'array', items: exemption(rules) },
    log: {
      type: 'object',
      additionalProperties: false,
      properties: {
        file: { type: 'string', pattern: '^/' },
        required: { type: 'boolean' },
        syslog: { type: 'boolean' },
      },
    },
  },
  definitions: { rules: ruleTablesSchema(rules) },
})
