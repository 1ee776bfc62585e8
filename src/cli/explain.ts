/** `lintel explain RULE`: why the rule is there, what it says, what to change, how to set, override and exempt it. */
import { exampleText } from '../core/example-text.ts'
import { typeText } from '../core/parameters.ts'
import type { BadExample, Example, Message, Rule } from '../core/rule.ts'
import { settingIn, settingText } from '../policy/profile.ts'
import { profiles } from '../profiles/index.ts'
import { rules } from '../rules/index.ts'
import { exitStatus, type Output, wrap } from './output.ts'

/** Explains one rule. Returns 0, or 2 for a rule that does not exist. */
export const explain = (output: Output, id: string): number => {
  const rule = rules.find((known) => known.id === id)
  if (rule === undefined) {
    const near = rules
      .filter((known) => known.id.includes(id) || id.includes(known.id))
      .map((known) => known.id)
    const hint = near.length > 0 ? `did you mean ${near.join(', ')}?` : 'lintel rules lists them'
    output.complain(`there is no rule ${JSON.stringify(id)}; ${hint}`)
    return exitStatus.usage
  }
  for (const line of page(rule, output)) output.print(line)
  return exitStatus.clean
}

type Text = (words: string) => string

const page = (rule: Rule, output: Output): readonly string[] => {
  const text: Text = (words) => wrap(words, output.columns, '  ')
  const section = (title: string, lines: readonly string[]): readonly string[] => [
    '',
    output.bold(title),
    ...lines,
  ]
  return [
    output.bold(`${rule.id}: ${rule.title}`),
    text(
      `severity ${rule.severity}; judged at ${rule.appliesTo.join(', ')}; ${rule.fixes ? 'can be repaired' : 'cannot be repaired'}`,
    ),
    ...section('Why', [text(rule.rationale)]),
    ...section(
      'What it says',
      Object.values(rule.messages).flatMap((message) => messageLines(message, text)),
    ),
    ...section('Parameters', parameterLines(rule, text)),
    ...section('In the profiles', profileLines(rule, text)),
    ...section('To set it, in /etc/lintel/policy.toml', settingLines(rule)),
    ...section('To set it for some containers only', overrideLines(rule)),
    ...section('To exempt a container for a while', exemptionLines(rule.id)),
    ...section('Passes', rule.examples.good.flatMap(exampleLines)),
    ...section('Is found', rule.examples.bad.flatMap(exampleLines)),
    ...section(
      'References',
      rule.references.map((item) => text('url' in item ? item.url : `${item.benchmark} ${item.item}`)),
    ),
  ]
}

const speakers: { readonly [speaker: string]: string } = {
  docker: 'Docker',
  podman: 'Podman',
  kubernetes: 'Kubernetes',
  ctr: 'ctr',
  bundle: 'a bundle by hand',
  default: 'otherwise',
}

const messageLines = ({ what, why, remedy }: Message, text: Text): readonly string[] => [
  text(`- ${what}. ${why}`),
  ...Object.entries(remedy).map(([speaker, words]) => text(`    ${speakers[speaker] ?? speaker}: ${words}`)),
]

const parameterLines = (rule: Rule, text: Text): readonly string[] => {
  const lines = Object.entries(rule.parameters).flatMap(([name, schema]) => [
    text(`${name} = ${JSON.stringify(schema.default)}`),
    text(`    ${typeText(schema)}. ${schema.description}`),
  ])
  return lines.length === 0 ? [text('none')] : lines
}

const profileLines = (rule: Rule, text: Text): readonly string[] => {
  const width = Math.max(...Object.keys(profiles).map((name) => name.length))
  return Object.entries(profiles).map(([name, profile]) =>
    text(`${name.padEnd(width)}  ${settingText(settingIn(profile, rule))}`),
  )
}

const actionOf = ({ fixes }: Rule): string => (fixes ? 'fix' : 'deny')

const settingLines = (rule: Rule): readonly string[] => [
  `  [rules.${rule.id}]`,
  `  action = "${actionOf(rule)}"   # ${rule.fixes ? 'deny | fix | warn | off' : 'deny | warn | off'}`,
  ...parameterSettings(rule),
]

const parameterSettings = ({ parameters }: Rule): readonly string[] =>
  Object.entries(parameters)
    .map(([name, schema]) => `  ${name} = ${JSON.stringify(schema.default)}`)
    .filter((line) => line.length <= 100)

const overrideLines = (rule: Rule): readonly string[] => [
  '  [[overrides]]',
  '  where = { namespace = "batch" }   # engine, image, name, namespace; later overrides win',
  `  [overrides.rules.${rule.id}]`,
  '  action = "warn"',
]

const exemptionLines = (id: string): readonly string[] => [
  '  [[exemptions]]',
  `  rules   = ["${id}"]`,
  '  where   = { engine = "docker", image = "registry.example/app:*" }',
  '  reason  = "why this container needs it"',
  '  owner   = "team that answers for it"',
  '  expires = 2027-03-31',
]

const exampleLines = (example: Example | BadExample<string>): readonly string[] => [
  `  - ${example.name}`,
  ...exampleText(example)
    .split('\n')
    .map((line) => `    ${line}`),
]
