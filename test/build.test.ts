/** What `npm run build` leaves: one static, stripped, small executable whose hot path carries no command line. */
import { lstatSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { execa } from 'execa'
import { rules } from '../src/rules/index.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const binary = `${root}dist/lintel`

const bundle = (name: string): string => readFileSync(`${root}native/target/bundles/${name}.js`, 'utf8')

describe('dist/lintel', () => {
  test('is no dynamic executable and asks for no interpreter', async () => {
    const { all, exitCode } = await execa('ldd', [binary], { reject: false, all: true })
    expect(all).toContain('not a dynamic executable')
    expect(exitCode).toBe(1)
    const { stdout } = await execa('readelf', ['--wide', '--program-headers', '--dynamic', binary])
    expect(stdout).not.toMatch(/INTERP|NEEDED/)
  })

  test('is stripped, below 5 MB, and executable by all', async () => {
    const { stdout } = await execa('readelf', ['--wide', '--sections', binary])
    expect(stdout).toContain('.text')
    expect(stdout).not.toMatch(/\.symtab|\.debug_/)
    expect(statSync(binary).size).toBeLessThan(5_000_000)
    expect(statSync(binary).mode & 0o777).toBe(0o755)
  })

  test('names no folder it was built in', () => {
    expect(readFileSync(binary).indexOf(root)).toBe(-1)
  })

  test('lintel-runtime is a link to it, beside it', () => {
    expect(lstatSync(`${root}dist/lintel-runtime`).isSymbolicLink()).toBe(true)
    expect(readlinkSync(`${root}dist/lintel-runtime`)).toBe('lintel')
  })
})

describe('the modules inside', () => {
  const commandLine = /yargs|cliui|demandCommand|NO_COLOR|isTerminal|would be repaired|--help shows/

  test.each(['runtime', 'judge', 'policy'])('%s holds nothing of the command line', (name) => {
    expect(bundle('cli')).toMatch(commandLine)
    expect(bundle(name)).not.toMatch(commandLine)
  })

  /** Texts of a rule that only people read, as they stand in its source. */
  const told = rules.flatMap(({ rationale, messages, examples }) => [
    rationale,
    ...Object.values(messages).map(({ why }) => why),
    ...[...examples.good, ...examples.bad].map(({ name }) => name),
  ])

  test.each(['runtime', 'judge', 'policy'])('%s holds no rationale and no example', (name) => {
    const text = bundle(name)
    // A short name may stand elsewhere too, in other words' place.
    const long = told.filter((words) => words.split(' ').length > 8)
    expect(long.length).toBeGreaterThan(rules.length * 3)
    expect(long.filter((words) => text.includes(words))).toEqual([])
  })

  test('the runtime holds no rule, the judge all of them with their words', () => {
    for (const { id, title } of rules) {
      expect(bundle('runtime')).not.toContain(title)
      expect(bundle('judge')).toContain(id)
      expect(bundle('judge')).toContain(title)
    }
  })

  test('the ones of the hot path use nothing their machine lacks', () => {
    for (const name of ['runtime', 'judge', 'policy'])
      expect(bundle(name)).not.toMatch(
        /\bnew (Date|Proxy|Function|RegExp)\b|\b(eval|Date\.now|performance\.now|Math\.random)\(/,
      )
  })
})
