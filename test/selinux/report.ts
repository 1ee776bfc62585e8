/** What the cases of a stage came to: lines `ok NAME` and `not ok NAME`, printed as they come. */

/** Judges what was seen, case by case. */
export interface Report {
  is(name: string, seen: string, wanted: string): void
  matches(name: string, seen: string, wanted: RegExp): void
  /** Every part stands in what was seen. */
  has(name: string, seen: string, ...parts: readonly string[]): void
  readonly counts: { passed: number; failed: number }
}

/** A report without cases. */
export const openReport = (): Report => {
  const counts = { passed: 0, failed: 0 }
  const judge = (name: string, problem: string | undefined): void => {
    if (problem === undefined) counts.passed += 1
    else counts.failed += 1
    console.log(problem === undefined ? `ok ${name}` : `not ok ${name}\n${indented(problem)}`)
  }
  return {
    counts,
    is: (name, seen, wanted) =>
      judge(name, seen === wanted ? undefined : `got [${seen}] instead of [${wanted}]`),
    matches: (name, seen, wanted) =>
      judge(name, wanted.test(seen) ? undefined : `[${seen}] does not match ${wanted}`),
    has: (name, seen, ...parts) => {
      const missing = parts.filter((part) => !seen.includes(part))
      judge(name, missing.length === 0 ? undefined : `[${missing.join('], [')}] is not in [${seen}]`)
    },
  }
}

/** Counts the lines a machine printed itself, which are printed as they are. */
export const countLines = ({ counts }: Report, results: string): void => {
  console.log(results)
  for (const line of results.split('\n')) {
    if (line.startsWith('ok ')) counts.passed += 1
    if (line.startsWith('not ok ')) counts.failed += 1
  }
}

const indented = (text: string): string =>
  text
    .slice(0, 4000)
    .split('\n')
    .map((line) => `# ${line}`)
    .join('\n')
