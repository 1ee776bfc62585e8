/**
 * `npm run test:selinux [STAGE…]`: boots machines with SELinux enforcing and runs lintel there; the last line counts.
 * Stages: cases (runc), mls (runc, with sensitivities), engines (Docker, Podman, containerd's CRI), crio (built from
 * source); without a name all.
 */
import { existsSync } from 'node:fs'
import { crio } from './crio.ts'
import { engines } from './engines.ts'
import { openReport, type Report } from './report.ts'
import { cases, lintel, mls, type Stage, seconds } from './stages.ts'

const stages: ReadonlyMap<string, Stage> = new Map([
  ['cases', cases],
  ['mls', mls],
  ['engines', engines],
  ['crio', crio],
])

const problem = (names: readonly string[]): string | undefined => {
  const unknown = names.find((name) => !stages.has(name))
  if (unknown !== undefined) return `there is no stage ${unknown}; there are ${[...stages.keys()].join(', ')}`
  if (process.getuid?.() !== 0 || process.arch !== 'x64')
    return 'needs root on x86-64, to build the image of the machine'
  return existsSync(lintel) ? undefined : 'dist/lintel is missing; npm run build'
}

/** A stage that cannot go on is a case that failed. */
const run = async (name: string, report: Report): Promise<void> => {
  const began = Date.now()
  try {
    await stages.get(name)?.(report)
  } catch (error) {
    report.is(`${name} goes to the end`, String(error), '')
  }
  console.log(`# ${name} in ${seconds(began)}`)
}

/** Runs stages; exit status 0 where every case of them passed. */
const main = async (names: readonly string[]): Promise<number> => {
  const wrong = problem(names)
  if (wrong !== undefined) {
    console.error(`test:selinux: ${wrong}`)
    return 2
  }
  const report = openReport()
  for (const name of names.length > 0 ? names : stages.keys()) await run(name, report)
  const { passed, failed } = report.counts
  console.log(`${passed} passed, ${failed} failed, 0 skipped`)
  return failed === 0 ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
