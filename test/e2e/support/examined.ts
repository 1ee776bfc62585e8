/** What lintel doctor says on a private host, as a program reads it. */
import type { Report } from '../../../src/doctor/report.ts'
import type { InstalledHost } from './installed.ts'

export interface Examined extends Report {
  readonly exitCode: number
}

/** Runs `lintel doctor --format json` with these options more. */
export const examine = async (
  host: Pick<InstalledHost, 'lintel'>,
  ...more: readonly string[]
): Promise<Examined> => {
  const { exitCode, stdout, all } = await host.lintel(['doctor', '--format', 'json', ...more])
  if (exitCode > 1) throw new Error(`lintel doctor ended with ${exitCode}: ${all}`)
  const report: Report = JSON.parse(stdout)
  return { exitCode, ...report }
}

/** The engine of this name in a report. */
export const engineIn = ({ engines }: Report, name: string) => engines.find(({ engine }) => engine === name)

/** `check about`, sorted, of what was found at a level; only about the one thing where that is given. */
export const found = ({ diagnoses }: Report, level: string, only?: string): readonly string[] =>
  diagnoses
    .filter((each) => each.level === level && (only === undefined || each.about === only))
    .map(({ check, about }) => (only === undefined ? `${check} ${about}` : check))
    .sort()
