/** Known vulnerabilities of low-level runtimes, with the releases that fixed them. Data, and how versions compare. */

export interface Vulnerability {
  readonly id: string
  readonly runtime: 'runc' | 'crun'
  /** The release that brought it in; undefined: all before the fix. */
  readonly since?: string
  /** The first fixed release of every line that got one, oldest first. */
  readonly fixedIn: readonly string[]
  readonly source: string
}

const runcAdvisory = 'https://github.com/opencontainers/runc/security/advisories/'
const runcLog = 'https://github.com/opencontainers/runc/blob/main/CHANGELOG.md'
const crunLog = 'https://github.com/containers/crun/blob/main/NEWS'

/** Newest first; looked up in the sources named on 2026-11-22. */
export const vulnerabilities: readonly Vulnerability[] = [
  runc('CVE-2026-41579', ['1.3.6', '1.4.3', '1.5.0-rc.3'], `${runcAdvisory}GHSA-xjvp-4fhw-gc47`),
  runc('CVE-2025-52881', ['1.2.8', '1.3.3', '1.4.0-rc.3'], `${runcAdvisory}GHSA-cgrx-mc8f-2prm`),
  runc('CVE-2025-52565', ['1.2.8', '1.3.3', '1.4.0-rc.3'], `${runcAdvisory}GHSA-qw9x-cqr3-wc7r`),
  runc('CVE-2025-31133', ['1.2.8', '1.3.3', '1.4.0-rc.3'], `${runcAdvisory}GHSA-9493-h29p-rfm2`),
  runc('CVE-2024-45310', ['1.1.14', '1.2.0-rc.3'], `${runcAdvisory}GHSA-jfvp-7x6p-h2pv`),
  runc('CVE-2024-21626', ['1.1.12'], `${runcAdvisory}GHSA-xr7r-f8xq-vfvv`),
  { ...runc('CVE-2023-28642', ['1.1.5'], `${runcAdvisory}GHSA-g2j6-57v7-gm8c`), since: '1.0.0-rc95' },
  {
    ...runc('CVE-2023-27561', ['1.1.5'], 'https://github.com/advisories/GHSA-vpvm-3wq2-2wvm'),
    since: '1.0.0-rc95',
  },
  runc('CVE-2023-25809', ['1.1.5'], `${runcAdvisory}GHSA-m8cg-xc2p-r3fc`),
  runc('CVE-2022-29162', ['1.1.2'], runcLog),
  runc('CVE-2021-43784', ['1.0.3'], `${runcAdvisory}GHSA-v95c-p5hm-xq8f`),
  runc('CVE-2021-30465', ['1.0.0-rc95'], `${runcAdvisory}GHSA-c3xm-pvg7-gh7r`),
  runc('CVE-2019-5736', ['1.0.0-rc7'], 'https://github.com/advisories/GHSA-gxmr-w5mj-v8hh'),
  crun('CVE-2026-47766', ['1.28'], crunLog),
  crun('CVE-2026-30892', ['1.27'], crunLog),
  crun('CVE-2025-24965', ['1.20'], crunLog),
  crun('CVE-2022-27650', ['1.4.4'], crunLog),
  crun('CVE-2019-18837', ['0.10.5'], crunLog),
]

function runc(id: string, fixedIn: readonly string[], source: string): Vulnerability {
  return { id, runtime: 'runc', fixedIn, source }
}

function crun(id: string, fixedIn: readonly string[], source: string): Vulnerability {
  return { id, runtime: 'crun', fixedIn, source }
}

/**
 * The vulnerabilities that the released source of this version has. A distribution may have repaired its package
 * without changing the version: that must be asked of the package.
 */
export const vulnerabilitiesOf = (runtime: string, version: string): readonly Vulnerability[] =>
  vulnerabilities.filter((each) => each.runtime === runtime && isAffected(version, each))

const isAffected = (version: string, { since, fixedIn }: Vulnerability): boolean => {
  if (since !== undefined && compareReleases(version, since) < 0) return false
  const line = lineOf(version)
  // Where its own line got no fix, only lines after the last one that did have it.
  const fix = fixedIn.find((each) => lineOf(each) === line) ?? fixedIn[fixedIn.length - 1] ?? ''
  return compareReleases(version, fix) < 0
}

const lineOf = (version: string): string => partsOf(version).slice(0, 2).join('.')

/** Negative where the first is older, positive where it is newer; a release candidate comes before its release. */
export const compareReleases = (one: string, other: string): number => {
  const [first, second] = [partsOf(one), partsOf(other)]
  for (const [index, part] of first.entries()) {
    const difference = part - (second[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

const noCandidate = 1_000_000

/** Major, minor, patch and number of the candidate of `1.0.0-rc95`, `1.4.0-rc.3`, `1.0.0~rc93+ds1`, `1.8.1`. */
const partsOf = (version: string): readonly number[] => {
  const [, major = '0', minor = '0', patch = '0', candidate] =
    /^v?(\d+)\.(\d+)(?:\.(\d+))?(?:[-~]rc\.?(\d+))?/.exec(version) ?? []
  return [
    Number(major),
    Number(minor),
    Number(patch),
    candidate === undefined ? noCandidate : Number(candidate),
  ]
}
