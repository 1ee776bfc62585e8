/**
 * Rules as the hot path has them: without rationale and examples, of the words only those of a finding, of each
 * parameter only its type and default. Compiling a policy takes the parameters whole, and nothing that judges.
 */
import { readFileSync } from 'node:fs'
import { type ExpressionStatement, type ObjectExpression, type Program, parse } from 'acorn'
import { type Plugin, transform } from 'esbuild'
import type { Rule } from '../src/core/rule.ts'
import { rules } from '../src/rules/index.ts'

/** Members of a rule's definition that the lean form drops or replaces. */
const replaced = new Set(['title', 'references', 'rationale', 'parameters', 'messages', 'examples'])
/** Where nothing is judged, what judges goes too. */
const judging = new Set(['check', 'fix', 'probes'])

/** The members that stand in for them. */
const leanMembers = (
  { title, references, messages, parameters }: Rule,
  settings: 'types' | 'whole',
): string => {
  if (settings === 'whole') return `parameters: ${JSON.stringify(parameters)}, check: () => [],`
  const spoken = Object.entries(messages).map(([key, { what, remedy }]) => [key, { what, remedy }])
  const words = JSON.stringify({ title, references, messages: Object.fromEntries(spoken) })
  const types = Object.entries(parameters).map(([name, { type, default: value }]) => [
    name,
    { type, default: value },
  ])
  return `words: ${words}, parameters: ${JSON.stringify(Object.fromEntries(types))},`
}

/** The source of a rule file with each `defineRule({...})` in its lean form. */
export const leanSource = (source: string, settings: 'types' | 'whole'): string => {
  const program: Program = parse(source, { ecmaVersion: 'latest', sourceType: 'module' })
  const edits = definitions(program).flatMap((definition) => {
    const properties = definition.properties.flatMap((property) =>
      property.type === 'Property' && property.key.type === 'Identifier'
        ? [{ property, name: property.key.name }]
        : [],
    )
    const id = properties.find(({ name }) => name === 'id')?.property.value
    const rule = rules.find((known) => id?.type === 'Literal' && known.id === id.value)
    if (rule === undefined) throw new Error('a rule whose id is no plain text')
    const cuts = properties
      .filter(({ name }) => replaced.has(name) || (settings === 'whole' && judging.has(name)))
      .map(({ property: { start, end } }) => ({
        from: start,
        to: source[end] === ',' ? end + 1 : end,
        text: '',
      }))
    const from = definition.start + 1
    return [...cuts, { from, to: from, text: leanMembers(rule, settings) }]
  })
  return edits
    .toSorted((a, b) => b.from - a.from)
    .reduce((text, edit) => text.slice(0, edit.from) + edit.text + text.slice(edit.to), source)
}

const definitions = (program: Program): readonly ObjectExpression[] =>
  program.body.flatMap((statement) => {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : undefined
    if (declaration?.type !== 'VariableDeclaration') return []
    return declaration.declarations.flatMap(({ init }) => (init ? definitionIn(init) : []))
  })

const definitionIn = (expression: ExpressionStatement['expression']): readonly ObjectExpression[] => {
  if (expression.type !== 'CallExpression' || expression.callee.type !== 'Identifier') return []
  const [argument] = expression.arguments
  return expression.callee.name === 'defineRule' && argument?.type === 'ObjectExpression' ? [argument] : []
}

/** Applies it to every rule file of a bundle; `whole`: for compiling a policy, not for judging. */
export const leanRules = (settings: 'types' | 'whole'): Plugin => ({
  name: 'lean-rules',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/src\/rules\/[a-z]+\/[a-z0-9-]+\.ts$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, 'utf8'), { loader: 'ts', target: 'es2023' })
      return { contents: leanSource(code, settings), loader: 'js' }
    })
  },
})
