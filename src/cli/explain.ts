/** `lintel explain RULE`: why the rule is there, what it says, what to change, how to set and exempt it. */
import type { Message, Rule } from '../core/rule.ts'
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

const page = (rule: Rule, output: Output): readonly string[] => {
  const text = (words: string): string => wrap(words, output.columns, '  ')
  return [
    output.bold(`${rule.id}: ${rule.title}`),
    text(
      `severity ${rule.severity}; judged at ${rule.appliesTo.join(', ')}; ${rule.fixes ? 'can be repaired' : 'cannot be repaired'}`,
    ),
    '',
    output.bold('Why'),
    text(rule.rationale),
    '',
    output.bold('What it says'),
    ...Object.values(rule.messages).flatMap((message) => messageLines(message, text)),
    '',
    output.bold('Parameters'),
    ...parameterLines(rule, text),
    '',
    output.bold('Examples'),
    ...rule.examples.good.map(({ name }) => text(`passes: ${name}`)),
    ...rule.examples.bad.map(({ name }) => text(`found: ${name}`)),
    '',
    output.bold('To exempt a container, in /etc/lintel/policy.toml'),
    ...exemption(rule.id),
    '',
    output.bold('References'),
    ...rule.references.map((item) => text('url' in item ? item.url : `${item.benchmark} ${item.item}`)),
  ]
}

const messageLines = ({ what, why, remedy }: Message, text: (words: string) => string): readonly string[] => [
  text(`- ${what}. ${why}`),
  ...Object.entries(remedy).map(([speaker, words]) => text(`    ${speaker}: ${words}`)),
]

const parameterLines = (rule: Rule, text: (words: string) => string): readonly string[] => {
  const lines = Object.entries(rule.parameters).map(([name, { description, default: value }]) =>
    text(`${name} = ${JSON.stringify(value)}   ${description}`),
  )
  return lines.length === 0 ? [text('none')] : [text(`[rules.${rule.id}]`), ...lines]
}

const exemption = (id: string): readonly string[] => [
  '  [[exemptions]]',
  `  rules   = ["${id}"]`,
  '  where   = { engine = "docker", image = "registry.example/app:*" }',
  '  reason  = "why this container needs it"',
  '  owner   = "team that answers for it"',
  '  expires = 2027-03-31',
]
