/** `lintel profile`: which profiles there are, what one switches on, and how two differ. */
import { citation } from '../core/refusal.ts'
import { builtIn } from '../policy/built-in.ts'
import { type Profile, settingIn, settingText } from '../policy/profile.ts'
import { profiles } from '../profiles/index.ts'
import { rules } from '../rules/index.ts'
import { exitStatus, type Output } from './output.ts'
import { printTable } from './table.ts'

type Format = 'text' | 'json'

/** Lists the profiles. */
export const listProfiles = (output: Output, format: Format): number => {
  const rows = Object.entries(profiles).map(([name, { title, rules: tables }]) => ({
    name,
    default: name === builtIn.profile,
    on: Object.values(tables).filter(({ action }) => action !== 'off').length,
    title,
  }))
  if (format === 'json') output.print(JSON.stringify(rows, undefined, 2))
  else
    printTable(
      output,
      ['profile', 'rules on', 'title'],
      rows.map(({ name, on, title, ...row }) => [name, `${on}`, row.default ? `${title} (default)` : title]),
    )
  return exitStatus.clean
}

/** Shows every rule as one profile sets it. Returns 2 for a profile that does not exist. */
export const showProfile = (output: Output, name: string, format: Format): number => {
  const profile = found(output, name)
  if (profile === undefined) return exitStatus.usage
  const rows = rules.map((rule) => ({
    rule: rule.id,
    number: citation(rule.references, name).trim(),
    severity: rule.severity,
    ...settingIn(profile, rule),
  }))
  if (format === 'json') {
    output.print(JSON.stringify({ name, title: profile.title, rules: rows }, undefined, 2))
    return exitStatus.clean
  }
  output.print(`${output.bold(name)}: ${profile.title}`)
  const head = ['rule', 'number', 'severity', 'setting']
  printTable(
    output,
    head,
    rows.map((row) => [row.rule, row.number, row.severity, settingText(row)]),
  )
  return exitStatus.clean
}

/** Shows the rules that two profiles set differently. Returns 0, also where there are some; 2 for an unknown one. */
export const diffProfiles = (output: Output, names: readonly [string, string], format: Format): number => {
  const [before, after] = [found(output, names[0]), found(output, names[1])]
  if (before === undefined || after === undefined) return exitStatus.usage
  const rows = rules
    .map((rule) => ({ rule: rule.id, before: settingIn(before, rule), after: settingIn(after, rule) }))
    .filter((row) => settingText(row.before) !== settingText(row.after))
  if (format === 'json') output.print(JSON.stringify({ names, rules: rows }, undefined, 2))
  else if (rows.length === 0) output.print(`${names[0]} and ${names[1]} set every rule alike.`)
  else
    printTable(
      output,
      ['rule', ...names],
      rows.map((row) => [row.rule, short(settingText(row.before)), short(settingText(row.after))]),
    )
  return exitStatus.clean
}

/** Long lists would push the second column away; JSON, and show, have them whole. */
const short = (text: string): string => (text.length <= 48 ? text : `${text.slice(0, 47)}…`)

const found = (output: Output, name: string): Profile | undefined => {
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined
  if (profile === undefined)
    output.complain(
      `there is no profile ${JSON.stringify(name)}; known are: ${Object.keys(profiles).join(', ')}`,
    )
  return profile
}
