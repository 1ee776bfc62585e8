/** The JSON Schema of policy.toml, made from the rules and profiles: editors and lintel read the same one. */
import { engineIds } from '../src/core/identity.ts'
import { tokenAlgorithms } from '../src/core/identity-settings.ts'
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
  engine: {
    type: 'string',
    enum: engineIds.filter((id) => id !== 'none'),
    description: 'The engine that calls, proven by its process, runtime root and bundle path.',
  },
  image: { type: 'string', pattern: '[^*]', description: 'The image as the engine names it.' },
  name: { type: 'string', pattern: '[^*]', description: 'The name of the container.' },
  namespace: { type: 'string', pattern: '[^*]', description: 'The Kubernetes or containerd namespace.' },
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
    rules: {
      type: 'array',
      minItems: 1,
      description: 'Ids of the rules whose findings do not count.',
      items: { type: 'string', enum: rules.map(({ id }) => id) },
    },
    where: where(selector),
    reason: {
      type: 'string',
      pattern: '[^ ]',
      description: 'Why; every record of such a container carries it.',
    },
    owner: { type: 'string', pattern: '[^ ]', description: 'Who answers for it.' },
    expires: {
      type: 'string',
      description: 'Last day it counts, UTC. Written bare in TOML: expires = 2027-03-31',
      pattern: '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$',
    },
  },
})

const name = (description: string): object => ({ type: 'string', pattern: '[^ ]', description })

const choice = (values: readonly string[], description: string): object => ({
  type: 'string',
  enum: values,
  description,
})

const claims = {
  type: 'object',
  description: 'Names of the claims of a token, where they are not the usual ones.',
  additionalProperties: false,
  properties: {
    user: name('Who asks; sub.'),
    groups: name('A list of groups; groups.'),
    clearance: name('A range such as s0-s2:c0.c7; clearance.'),
    operation: name('create, exec or a list of them; operation. A token for exec must have it.'),
    name: name('The name of the container the token is for; container.'),
    image: name('Its image as the engine names it; image.'),
    namespace: name('Its Kubernetes or containerd namespace; namespace.'),
    pod: name('Its pod, which counts together with the namespace; pod.'),
    id: name('Its id; container_id.'),
  },
}

const identity = {
  type: 'object',
  description: 'How those who ask for containers and commands prove who they are (docs/cops.md).',
  additionalProperties: false,
  dependencies: { jwks: ['issuer', 'audience'] },
  properties: {
    jwks: {
      type: 'array',
      minItems: 1,
      description: "Files of the issuer's public keys (JWK Set), absolute; root's, like the policy.",
      items: { type: 'string', pattern: '^/' },
    },
    issuer: name('What iss of a token must be.'),
    audience: name('What aud of a token must be or hold.'),
    algorithms: {
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      description: 'Signatures that count; all three where this is left out.',
      items: { type: 'string', enum: tokenAlgorithms },
    },
    'clock-skew': {
      type: 'integer',
      minimum: 0,
      maximum: 600,
      description: 'Seconds by which the clocks of issuer and host may differ; 30.',
    },
    'user-annotation': name('Annotation or label that names the user; io.lintel.user.'),
    'token-annotation': name('Annotation or label that brings the token; io.lintel.token.'),
    'token-environment': {
      type: 'string',
      pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
      description: 'Variable of an exec that brings the token; LINTEL_TOKEN.',
    },
    claims,
    binding: choice(
      ['required', 'optional'],
      'Whether a token must name the container it is for (name, image, id, or pod and namespace); required.',
    ),
    'token-clearance': choice(
      ['narrow', 'define'],
      'Whether the clearance in a token only narrows what clearances gives, or is what counts; narrow.',
    ),
    readmit: {
      type: 'boolean',
      description:
        'Whether a container that was made while its token held may be started again after; only where Docker or Podman tells when. false.',
    },
    once: {
      type: 'boolean',
      description:
        'Whether a token admits one container (of a pod: those of one sandbox) and no other; noted in /run/lintel. false.',
    },
    'host-users': {
      type: 'boolean',
      description: 'Whether a calling process that is not root proves a user of the host; true.',
    },
    seusers: {
      type: 'string',
      pattern: '^/',
      description:
        "SELinux's seusers file: the clearance of users of the host that clearances does not name.",
    },
  },
}

const clearance = {
  type: 'object',
  description:
    'What a user, or everybody of a group, may see. The own entry of a user goes before those of groups.',
  additionalProperties: false,
  required: ['range'],
  minProperties: 2,
  maxProperties: 2,
  properties: {
    user: name('The user as the token or the host names it.'),
    group: name('The group as the token or the host names it.'),
    range: {
      type: 'string',
      pattern: '^s[0-9]+(:[c0-9.,]+)?(-s[0-9]+(:[c0-9.,]+)?)?$',
      description: 'Lowest and highest level, as s0-s2:c0.c7.',
    },
  },
}

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
    version: { type: 'integer', const: 1, description: 'The version of this format.' },
    profile: {
      type: 'string',
      enum: profiles,
      description:
        'What every rule is set to where this policy says nothing; lintel profile show NAME tells it.',
    },
    mode: {
      type: 'string',
      enum: ['enforce', 'warn'],
      description: 'warn records what would have been done, and refuses and repairs nothing.',
    },
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
    identity,
    clearances: { type: 'array', items: clearance },
    log: {
      type: 'object',
      additionalProperties: false,
      properties: {
        file: { type: 'string', pattern: '^/', description: 'The decision log, absolute.' },
        required: {
          type: 'boolean',
          description: 'Whether a call is refused where its record cannot be written.',
        },
        syslog: {
          enum: [true, false, 'rfc5424'],
          description:
            'Whether every record goes to /dev/log too: true as syslog(3) writes it; rfc5424 for a daemon told to parse that.',
        },
        journald: { type: 'boolean', description: 'Whether every record goes to journald too, with fields.' },
      },
    },
  },
  definitions: { rules: ruleTablesSchema(rules) },
})
