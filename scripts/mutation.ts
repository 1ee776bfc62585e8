/**
 * Breaks every rule on purpose, one small change at a time, and shows that its examples notice (`npm run mutation`).
 * A rule whose check finds nothing or whose fix repairs nothing must be noticed; so must at least one finer change.
 * Arguments: rule ids (default: all); `--all` tries every finer change instead of some of each rule; `--survivors` lists
 * the finer changes nothing noticed.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import ts from 'typescript'

const root = fileURLToPath(new URL('..', import.meta.url))

interface Mutant {
  readonly what: string
  readonly line: number
  /** The finer ones may survive; these may not. */
  readonly coarse: boolean
  readonly text: string
}

interface Contract {
  readonly breaches: () => number
}

const ruleFiles = (): readonly string[] =>
  readdirSync(join(root, 'src/rules'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.includes('/') && file.endsWith('.ts') && !file.includes('.test.'))
    .filter((file) => dirname(file) !== 'support')
    .map((file) => join(root, 'src/rules', file))

const opposites: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.EqualsEqualsEqualsToken, '!=='],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, '==='],
  [ts.SyntaxKind.AmpersandAmpersandToken, '||'],
  [ts.SyntaxKind.BarBarToken, '&&'],
  [ts.SyntaxKind.LessThanToken, '>='],
  [ts.SyntaxKind.LessThanEqualsToken, '>'],
  [ts.SyntaxKind.GreaterThanToken, '<='],
  [ts.SyntaxKind.GreaterThanEqualsToken, '<'],
])

/** Members of a rule that only people read, or that are the tests themselves. */
const untouched = new Set(['references', 'parameters', 'messages', 'examples', 'appliesTo', 'context'])

/** Every mutant of a rule's source text. */
const mutantsOf = (path: string): readonly Mutant[] => {
  const text = readFileSync(path, 'utf8')
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const mutants: Mutant[] = []
  const add = (what: string, node: ts.Node, replacement: string, coarse = false): void => {
    const from = node.getStart(source)
    const line = source.getLineAndCharacterOfPosition(from).line + 1
    mutants.push({ what, line, coarse, text: text.slice(0, from) + replacement + text.slice(node.getEnd()) })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name)) {
      if (untouched.has(node.name.text)) return
      if (node.name.text === 'check' || node.name.text === 'fix')
        add(`${node.name.text} answers nothing`, node.initializer, '() => []', true)
    }
    if (ts.isTypeNode(node)) return
    finer(node, add)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return mutants
}

const finer = (node: ts.Node, add: (what: string, node: ts.Node, replacement: string) => void): void => {
  if (ts.isBinaryExpression(node)) {
    const opposite = opposites.get(node.operatorToken.kind)
    if (opposite !== undefined)
      add(`${node.operatorToken.getText()} to ${opposite}`, node.operatorToken, opposite)
  }
  if (ts.isIfStatement(node) || ts.isConditionalExpression(node)) {
    const condition = ts.isIfStatement(node) ? node.expression : node.condition
    add('condition negated', condition, `!(${condition.getText()})`)
  }
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken)
    add('! removed', node, node.operand.getText())
}

/** Bundles the rule (with `text` in place of its file) and its contract, and runs it. */
const breachesWith = async (path: string, text: string | undefined): Promise<number> => {
  const replace: Plugin = {
    name: 'replace',
    setup: ({ onLoad }) => {
      onLoad({ filter: new RegExp(`/${basename(path)}$`) }, (loaded) =>
        loaded.path === path && text !== undefined ? { contents: text, loader: 'ts' } : undefined,
      )
    },
  }
  const entry = `
    import * as module from ${JSON.stringify(path)}
    import { breachesOfBad, breachesOfGood, breachesOfRule } from ${JSON.stringify(join(root, 'src/rules/contract.ts'))}
    const rule = Object.values(module).find((each) => typeof each?.check === 'function')
    export const breaches = () =>
      [breachesOfRule(rule), ...rule.examples.good.map((each) => breachesOfGood(rule, each)),
       ...rule.examples.bad.map((each) => breachesOfBad(rule, each))].flat().length`
  const bundled = await build({
    stdin: { contents: entry, resolveDir: root, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    plugins: [replace],
    logLevel: 'silent',
  })
  const code = bundled.outputFiles[0]?.text ?? ''
  const contract: Contract = await import(
    `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`
  )
  return contract.breaches()
}

/** True when the mutant is noticed: a breach, or an exception. */
const isNoticed = async (path: string, mutant: Mutant): Promise<boolean> => {
  try {
    return (await breachesWith(path, mutant.text)) > 0
  } catch {
    return true
  }
}

interface Tally {
  readonly id: string
  readonly noticed: number
  readonly survivors: readonly Mutant[]
  readonly sound: boolean
}

const finerPerRule = 6

/** All the coarse ones, and finer ones from all over the file. */
const sample = (mutants: readonly Mutant[]): readonly Mutant[] => {
  if (process.argv.includes('--all')) return mutants
  const finerOnes = mutants.filter(({ coarse }) => !coarse)
  const step = Math.max(1, Math.ceil(finerOnes.length / finerPerRule))
  return [...mutants.filter(({ coarse }) => coarse), ...finerOnes.filter((_, index) => index % step === 0)]
}

const tallyOf = async (path: string): Promise<Tally> => {
  const id = basename(path, '.ts')
  if ((await breachesWith(path, undefined)) > 0) throw new Error(`${id} breaks its contract as it is`)
  const mutants = sample(mutantsOf(path))
  const survivors: Mutant[] = []
  for (const mutant of mutants) if (!(await isNoticed(path, mutant))) survivors.push(mutant)
  const noticed = mutants.length - survivors.length
  return { id, noticed, survivors, sound: noticed > 0 && !survivors.some(({ coarse }) => coarse) }
}

const main = async (): Promise<number> => {
  const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'))
  const files = ruleFiles().filter((path) => wanted.length === 0 || wanted.includes(basename(path, '.ts')))
  let passed = 0
  let failed = 0
  for (const path of files) {
    const { id, noticed, survivors, sound } = await tallyOf(path)
    console.log(
      `${sound ? 'ok  ' : 'FAIL'} ${id}: ${noticed} of ${noticed + survivors.length} changes noticed`,
    )
    const shown = process.argv.includes('--survivors') ? survivors : survivors.filter(({ coarse }) => coarse)
    for (const { line, what } of shown) console.log(`       line ${line}: ${what}`)
    if (sound) passed++
    else failed++
  }
  console.log(`${passed} passed, ${failed} failed`)
  return failed === 0 && passed > 0 ? 0 : 1
}

process.exitCode = await main()
