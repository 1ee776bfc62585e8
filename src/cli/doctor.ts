/** `lintel doctor`: is lintel in the way of every engine of this host, and what gets round it. */
import { type Diagnosis, type Level, levels } from '../doctor/diagnosis.ts'
import { type EngineReport, examine, type Report } from '../doctor/report.ts'
import { survey } from '../doctor/survey.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import { ago } from './ago.ts'
import { exitStatus, type Output, wrap } from './output.ts'
import { printTable } from './table.ts'

export interface DoctorOptions {
  /** Start a throw-away container where an engine's own client can. */
  readonly prove: boolean
  /** The least level that exits 1. */
  readonly failOn: Exclude<Level, 'note'>
  readonly format: 'text' | 'json'
}

/** Examines the host. Returns 0 for all good, 1 with findings, 3 where it could not look. */
export const doctor = (host: AdministratorHost, output: Output, options: DoctorOptions): number => {
  const { effectiveUid, initialUserNamespace } = host.process
  if (effectiveUid !== 0 || !initialUserNamespace) {
    output.complain('only root can look at every engine of the host; run it as root')
    return exitStatus.internal
  }
  const scene = survey(host)
  const report = examine(scene, options.prove)
  if (options.format === 'json') output.print(JSON.stringify(document(host, report), undefined, 2))
  else printReport(output, report, scene.now)
  const counted = levels.slice(0, levels.indexOf(options.failOn) + 1)
  return report.diagnoses.some(({ level }) => counted.includes(level))
    ? exitStatus.findings
    : exitStatus.clean
}

declare const LINTEL_VERSION: string

const document = (host: AdministratorHost, report: Report) => ({
  version: 1,
  time: host.clock().timestamp,
  host: host.process.hostname,
  lintel: LINTEL_VERSION,
  ...report,
})

const printReport = (output: Output, { engines, diagnoses }: Report, now: number): void => {
  if (engines.length > 0)
    printTable(
      output,
      ['ENGINE', 'VERSION', 'REGISTERED', 'EFFECTIVE', 'LAST DECISION', 'CONFIGURATION'],
      engines.map((engine) => row(engine, now)),
    )
  for (const level of levels) printLevel(output, level, diagnoses)
  const count = (level: Level): number => diagnoses.filter((each) => each.level === level).length
  output.print('')
  output.print(
    output.bold(
      `${counted(count('problem'), 'problem')}, ${counted(count('way-round'), 'way')} round lintel, ${counted(count('note'), 'note')}`,
    ),
  )
}

const row = (report: EngineReport, now: number): readonly string[] => {
  const { engine, version = '?', registered, effective, evidence, proven, configuration } = report
  const last =
    evidence === undefined ? 'none' : `${ago(evidence.time, now)}${proven === true ? ', proven' : ''}`
  return [engine, version, registered, effective, last, configuration]
}

const titles = { problem: 'Problems', 'way-round': 'Ways round lintel', note: 'Notes' } as const

const printLevel = (output: Output, level: Level, diagnoses: readonly Diagnosis[]): void => {
  const these = diagnoses.filter((each) => each.level === level)
  if (these.length === 0) return
  const paint = { problem: output.red, 'way-round': output.yellow, note: output.dim }[level]
  output.print('')
  output.print(paint(titles[level]))
  for (const { about, message, advice, divert } of these) {
    output.print(wrap(`${about}: ${message}`, output.columns, '  '))
    const closing =
      divert === undefined || advice.includes('--divert')
        ? ''
        : ` (--divert ${divert === 'closes' ? 'closes it' : 'leaves it open'})`
    if (advice !== '') output.print(wrap(`-> ${advice}${closing}`, output.columns, '     '))
  }
}

const counted = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`
