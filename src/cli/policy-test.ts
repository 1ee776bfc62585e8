/** `lintel policy test DIR`: judges the cases of a folder and says where a policy does other than they expect. */
import type { Policy } from '../core/policy.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Host } from '../host/host.ts'
import validateCase from '../policy/generated/policy-case-validator.js'
import { validateToml } from '../policy/validate.ts'
import { fileProblem } from '../runtime/load.ts'
import { exitStatus, type Output } from './output.ts'
import { besides, type CaseFile, type Difference, differences, judgeCase } from './policy-case.ts'
import { choosePolicy } from './policy-choice.ts'
import { printTable } from './table.ts'

export interface TestOptions {
  readonly path: string
  /** Policy of the cases that name none. */
  readonly profile: string | undefined
  readonly policy: string | undefined
  readonly format: 'text' | 'json'
}

/** Runs the cases of a folder, or one case. Returns 0 all pass, 1 some fail, 2 where one cannot be read. */
export const testPolicy = (host: Host, output: Output, options: TestOptions): number => {
  const read = readCases(host, options.path)
  const outcomes = read.cases.map((file) => ({ file, outcome: outcomeOf(host, file, options) }))
  const problems = [
    ...read.problems,
    ...outcomes.flatMap(({ outcome }) => (outcome.ok ? [] : [outcome.error])),
  ]
  for (const problem of problems) output.complain(problem)
  const results = outcomes.flatMap(({ file, outcome }) =>
    outcome.ok ? [{ path: file.path, title: file.value.title, differences: outcome.value }] : [],
  )
  if (options.format === 'json') output.print(JSON.stringify(results, undefined, 2))
  else if (results.length > 0) print(output, results)
  if (problems.length > 0) return exitStatus.usage
  return results.some(failed) ? exitStatus.findings : exitStatus.clean
}

interface TestResult {
  readonly path: string
  readonly title: string
  readonly differences: readonly Difference[]
}

const failed = ({ differences: found }: TestResult): boolean => found.length > 0

const outcomeOf = (
  host: Host,
  file: CaseFile,
  options: TestOptions,
): Result<readonly Difference[], string> => {
  const policy = policyOf(host, file, options)
  if (!policy.ok) return err(`${file.path}: ${policy.error}`)
  const judged = judgeCase(host, file, policy.value)
  return judged.ok ? ok(differences(judged.value, file.value.expect)) : judged
}

const policyOf = (host: Host, { path, value }: CaseFile, options: TestOptions): Result<Policy, string> => {
  const { profile, policy } = value
  if (profile === undefined && policy === undefined) return choosePolicy(host, options)
  return choosePolicy(host, { profile, policy: policy === undefined ? undefined : besides(path, policy) })
}

interface Cases {
  readonly cases: readonly CaseFile[]
  readonly problems: readonly string[]
}

/** Every *.toml of the tree is a case, but for those that another case names as its policy. */
const readCases = (host: Host, path: string): Cases => {
  const found = filesBelow(host, path.replace(/(?<=.)\/+$/, ''))
  if (!found.ok) return { cases: [], problems: [found.error] }
  if (found.value.length === 0) return { cases: [], problems: [`there is no case (*.toml) in ${path}`] }
  const read = found.value.map((file) => ({ file, value: readCase(host, file) }))
  const cases = read.flatMap(({ file, value }) => (value.ok ? [{ path: file, value: value.value }] : []))
  const policies = new Set(
    cases.flatMap(({ path: from, value: { policy } }) => {
      const real = policy === undefined ? undefined : host.realPath(besides(from, policy))
      return real?.ok === true ? [real.value] : []
    }),
  )
  const isPolicy = (file: string): boolean => {
    const real = host.realPath(file)
    return real.ok && policies.has(real.value)
  }
  const problems = read.flatMap(({ file, value }) => (value.ok || isPolicy(file) ? [] : value.error))
  return { cases, problems }
}

const maxCaseBytes = 1024 * 1024

const readCase = (host: Host, path: string): Result<CaseFile['value'], readonly string[]> => {
  const text = host.readText(path, maxCaseBytes, true)
  if (!text.ok) return err([fileProblem(path, text.error)])
  return validateToml(host, { path, text: text.value }, { is: validateCase, name: 'the case' })
}

const filesBelow = (host: Host, path: string): Result<readonly string[], string> => {
  const stat = host.stat(path, true)
  if (!stat.ok) return err(fileProblem(path, stat.error))
  if (stat.value.kind !== 'directory') return ok([path])
  const listed = host.listDirectory(path)
  if (!listed.ok) return err(fileProblem(path, listed.error))
  const files: string[] = []
  for (const name of listed.value.filter((each) => !each.startsWith('.'))) {
    const child = `${path}/${name}`
    // A link to a folder may lead back here.
    const kind = host.stat(child, false)
    if (kind.ok && kind.value.kind === 'directory') {
      const below = filesBelow(host, child)
      if (!below.ok) return below
      files.push(...below.value)
    } else if (name.endsWith('.toml')) files.push(child)
  }
  return ok(files)
}

const print = (output: Output, results: readonly TestResult[]): void => {
  printTable(
    output,
    ['result', 'case', 'title'],
    results.map((result) => [failed(result) ? 'FAIL' : 'ok', result.path, result.title]),
  )
  for (const result of results.filter(failed)) {
    output.print('')
    output.print(output.red(`${result.path}: ${result.title}`))
    for (const { of, expected, actual } of result.differences) {
      output.print(`  ${of}`)
      output.print(`    expected: ${expected}`)
      output.print(`    actual:   ${actual}`)
    }
  }
  const bad = results.filter(failed).length
  const counted = `${results.length} case${results.length === 1 ? '' : 's'}`
  output.print(bad === 0 ? `\n${counted}, all as expected` : `\n${counted}, ${bad} not as expected`)
}
