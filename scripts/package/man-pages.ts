/** lintel(1) from what the command line tells yargs, lintel-policy(5) from the schema of the policy and the rules. */
import type { Rule } from '../../src/core/rule.ts'
import { type Command, commandTree, type Word } from './command-tree.ts'
import { example, head, item, paragraph, section, subsection } from './roff.ts'

/** What every page says of itself. */
export interface Edition {
  readonly version: string
  /** YYYY-MM-DD */
  readonly date: string
}

/** A member of the policy as its JSON Schema describes it. */
export interface Member {
  readonly type?: string
  readonly description?: string
  readonly enum?: readonly string[]
  readonly const?: unknown
  readonly default?: unknown
  readonly items?: Member
  readonly required?: readonly string[]
  readonly properties?: { readonly [name: string]: Member }
  readonly $ref?: string
}

/** schemas/policy.schema.json */
export interface Schema extends Member {
  readonly definitions: { readonly rules: Member }
}

const sentence = (words: string): string =>
  words === '' ? '' : `${words[0]?.toUpperCase()}${words.slice(1)}${/[.!?]$/.test(words) ? '' : '.'}`

const optionItem = (option: Word): string => {
  const value = option.takesValue
    ? ` ${option.choices.length > 0 ? option.choices.join('|') : option.name.toUpperCase()}`
    : ''
  const standard = option.default === undefined ? '' : ` Default: ${option.default}.`
  return item(`--${option.name}${value}`, sentence(option.describe ?? '') + standard)
}

const commandSection = (command: Command): string =>
  subsection(
    `lintel ${command.usage}`,
    paragraph(sentence(command.describe)),
    ...command.positionals
      .filter(({ describe }) => describe !== undefined)
      .map((each) => item(each.name, sentence(each.describe ?? ''))),
    ...command.options.map(optionItem),
  ) + command.commands.map(commandSection).join('')

const commandFiles = [
  ['/etc/lintel/policy.toml, /etc/lintel/policy.d/*.toml', 'The policy; see lintel-policy(5).'],
  ['/var/log/lintel/decisions.jsonl', 'One decision a line, JSON; /etc/logrotate.d/lintel turns it over.'],
  [
    '/var/lib/lintel',
    'The compiled policy, reports of failures, what lintel install did, and whether the glass is broken. Root only writes here.',
  ],
] as const

/** lintel(1): every command with its options, exit status, files and environment. */
export const commandPage = (edition: Edition): string => {
  const commands = commandTree()
  return (
    head({ name: 'lintel', section: 1, ...edition }) +
    section('NAME', 'lintel \\- container policy at the last door before the runtime\n') +
    section(
      'SYNOPSIS',
      '.B lintel\n.I COMMAND\n[\\fIOPTION\\fR ...]\n.br\n.B lintel\\-runtime\n[\\fB\\-\\-dry\\-run\\fR] \\fIRUNC\\-ARGUMENTS\\fR\n',
    ) +
    section(
      'DESCRIPTION',
      paragraph(
        'Engines (Docker, containerd, CRI-O, Podman) call lintel-runtime where they used to call runc. It judges the ' +
          "bundle's config.json against the policy, repairs or refuses it, writes the decision down, and becomes the real " +
          'runtime. Called as lintel it is the command line described here; under any other name it is the runtime.',
      ) +
        paragraph(
          'With --dry-run the runtime prints its decision and the patch, and executes and writes nothing.',
        ),
    ) +
    section('COMMANDS', ...commands.map(commandSection)) +
    section(
      'OPTIONS',
      item('--help', 'Show what a command takes.') +
        item('--version', 'Show the version.') +
        item(
          'completion',
          'As a command: print the completion script for the shell in SHELL (bash, zsh, fish).',
        ),
    ) +
    section(
      'EXIT STATUS',
      item('0', 'Nothing found, or done.') +
        item('1', 'Findings, or something to do.') +
        item('2', 'Wrong usage, unreadable input, or a policy that cannot serve.') +
        item('3', 'A bug of lintel.') +
        item('127', 'lintel-runtime only: the real runtime is missing.'),
    ) +
    section('ENVIRONMENT', item('NO_COLOR', 'Not empty: no colour, even on a terminal.')) +
    section('FILES', commandFiles.map(([file, words]) => item(file, words)).join('')) +
    section('SEE ALSO', '.BR lintel\\-policy (5),\n.BR runc (8)\n')
  )
}

const shape = (member: Member): string => {
  if (member.enum !== undefined) return member.enum.map((each) => JSON.stringify(each)).join(' | ')
  if (member.const !== undefined) return JSON.stringify(member.const)
  if (member.items !== undefined)
    return `list of ${member.items.enum === undefined ? (member.items.type ?? 'tables') : 'rule ids'}`
  return member.type ?? 'table'
}

const standardOf = ({ default: value }: Member): string => {
  if (value === undefined) return ''
  if (!Array.isArray(value)) return ` Default: ${JSON.stringify(value)}.`
  return value.length === 0
    ? ' Default: none.'
    : ` Default: ${value.map((each) => JSON.stringify(each)).join(', ')}.`
}

const memberItem = (name: string, member: Member): string => {
  if (member.description === undefined) throw new Error(`the schema of the policy tells nothing of ${name}`)
  return item(`${name} = ${shape(member)}`, sentence(member.description) + standardOf(member))
}

const members = (table: Member | undefined): string =>
  Object.entries(table?.properties ?? {})
    .filter(
      ([, { type, $ref, items }]) => $ref === undefined && type !== 'object' && items?.type !== 'object',
    )
    .map(([name, member]) => memberItem(name, member))
    .join('')

const ruleSection = (rule: Rule, tables: Member): string =>
  subsection(`[rules.${rule.id}]`, paragraph(sentence(rule.title)), members(tables.properties?.[rule.id]))

const policyExample = `version = 1
profile = "cis-docker-1.13.0"
mode = "enforce"

[rules.memory-limit]
action = "fix"
default = "1GiB"

[[overrides]]
where = { namespace = "batch" }
[overrides.rules.memory-limit]
default = "2GiB"

[[exemptions]]
rules   = ["readonly-rootfs"]
where   = { engine = "docker", image = "registry.example/legacy:*" }
reason  = "writes its state below /opt until 3.0"
owner   = "shop-team"
expires = 2027-03-31`

/** lintel-policy(5), from the policy's JSON Schema and the rules. Throws where the schema has a member without words. */
export const policyPage = (edition: Edition, schema: Schema, rules: readonly Rule[]): string => {
  const { runtime, log, overrides, exemptions } = schema.properties ?? {}
  return (
    head({ name: 'lintel-policy', section: 5, ...edition }) +
    section('NAME', 'lintel\\-policy \\- what lintel refuses, repairs and lets pass\n') +
    section('SYNOPSIS', '.I /etc/lintel/policy.toml\n.br\n.I /etc/lintel/policy.d/*.toml\n') +
    section(
      'DESCRIPTION',
      paragraph(
        'TOML. policy.toml is read first, then the files of policy.d in order of their names. They must belong to root and ' +
          'not be writable by group or others. After an edit that cannot be read the last good policy serves, and every ' +
          'record says so. lintel policy check tells whether a policy can serve.',
      ),
      members(schema),
    ) +
    section(
      'TABLES',
      subsection('[runtime]', members(runtime)),
      subsection('[log]', members(log)),
      subsection(
        '[[overrides]]',
        paragraph(sentence(overrides?.items?.description ?? '')),
        paragraph('rules holds tables as below. where says which containers are meant:'),
        members(overrides?.items?.properties?.['where']),
      ),
      subsection(
        '[[exemptions]]',
        paragraph('Findings of some rules do not count for some containers (where, as above) until a day.'),
        members(exemptions?.items),
      ),
    ) +
    section('RULES', ...rules.map((rule) => ruleSection(rule, schema.definitions.rules))) +
    section('EXAMPLES', example(policyExample)) +
    section(
      'SEE ALSO',
      '.BR lintel (1)\n',
      paragraph('lintel explain RULE tells why a rule is there and what to change.'),
    )
  )
}
