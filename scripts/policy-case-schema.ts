/** The JSON Schema of a case of `lintel policy test`: what is judged, by which policy, and what must come out. */
import { engineIds } from '../src/core/identity.ts'
import { requesterProblemKinds } from '../src/core/requester.ts'

const text = { type: 'string', pattern: '[^ ]' }
const document = { type: 'object', description: 'Members as in the OCI runtime specification.' }

const change = {
  remove: {
    type: 'array',
    description: 'JSON Pointers of what is taken out first, such as /linux/seccomp.',
    items: { type: 'string', pattern: '^/' },
  },
  change: {
    ...document,
    description: 'Laid over the configuration: tables member by member, everything else replaced.',
  },
  add: { ...document, description: 'Lists here are appended to the lists of the configuration.' },
}

const identity = {
  type: 'object',
  description: 'Whose container it is; the engine counts as proven unless proven = false.',
  additionalProperties: false,
  properties: {
    engine: { type: 'string', enum: engineIds },
    proven: { type: 'boolean' },
    image: text,
    name: text,
    namespace: text,
    sandbox: { type: 'boolean' },
  },
}

const requester = {
  type: 'object',
  description: 'Who asks, as proven; without it the case is judged as away from a host.',
  additionalProperties: false,
  properties: {
    user: { ...text, description: 'Left out: nobody is proven.' },
    groups: { type: 'array', items: text },
    clearance: { ...text, description: 'What the user is cleared for, as s0-s2:c0.c7; left out: nothing.' },
    problem: {
      type: 'string',
      enum: requesterProblemKinds,
      description: 'Why nobody is proven; default: absent.',
    },
  },
}

const list = (description: string): object => ({
  type: 'array',
  description,
  items: { $ref: '#/definitions/rule' },
})

const expected = {
  type: 'object',
  description: 'Lists name rules, in any order and completely; what is left out is not looked at.',
  additionalProperties: false,
  required: ['verdict'],
  properties: {
    verdict: { type: 'string', enum: ['allow', 'fix', 'deny', 'would_deny'] },
    findings: list('Every rule that finds something, whatever becomes of it.'),
    refused: list('Rules the call is denied for.'),
    fixed: list('Rules whose finding is repaired.'),
    repairable: list('Rules whose finding would be repaired, were the call not refused or the mode warn.'),
    warned: list('Rules that only warn.'),
    exempted: list('Rules an exemption covers.'),
    unknown: list('Rules that lack a fact only the host has.'),
  },
}

/** The schema for these rules and profiles. */
export const policyCaseSchema = (rules: readonly string[], profiles: readonly string[]): object => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'lintel policy case (lintel policy test DIR)',
  type: 'object',
  additionalProperties: false,
  required: ['title', 'expect'],
  properties: {
    title: text,
    profile: { type: 'string', enum: profiles, description: 'Judge by this profile alone.' },
    policy: { ...text, description: "Judge by this policy file, relative to the case. Default: the site's." },
    operation: { type: 'string', enum: ['create', 'run', 'restore', 'exec', 'update'] },
    base: {
      type: 'string',
      enum: ['example'],
      description:
        'An ordinary container without findings; the default where neither bundle nor config is given.',
    },
    bundle: { ...text, description: 'Bundle folder, relative to the case.' },
    config: { ...text, description: 'config.json, relative to the case.' },
    ...change,
    process: { ...document, description: 'exec: the process asked for.' },
    resources: { ...document, description: 'update: the resources asked for.' },
    identity,
    requester,
    today: { type: 'string', pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', description: 'Default: today, UTC.' },
    expect: expected,
  },
  definitions: { rule: { type: 'string', enum: rules } },
})
