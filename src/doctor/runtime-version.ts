/** The low-level runtimes lintel executes: there at all, and which known vulnerabilities their version has. */
import type { Host } from '../host/host.ts'
import { keepFolder } from '../installation/diversion.ts'
import type { Found } from './diagnosis.ts'
import type { Scene } from './scene.ts'
import { type Vulnerability, vulnerabilitiesOf } from './vulnerabilities.ts'

/** About the runtime lintel becomes for every call, by the policy's `runtime.path`. */
export const runtimeVersion = ({ host, policy }: Scene): readonly Found[] => {
  const path = host.findRuntime(policy.runtimePaths)
  if (path === undefined)
    return [
      {
        level: 'problem',
        about: 'runtime',
        message: `no real runtime is at ${policy.runtimePaths.join(', ')}: every container fails`,
        advice: 'install runc or crun, or name its path in [runtime] of the policy',
      },
    ]
  const said = host.spawn([path, '--version'], '', 5_000)
  const [, runtime, version] = (said.ok ? /^(\w+) version (\S+)/m.exec(said.value.stdout) : null) ?? []
  if (runtime === undefined || version === undefined)
    return [note(path, 'does not tell its version, so nothing is known of its vulnerabilities')]
  const known = vulnerabilitiesOf(runtime, version)
  if (known.length === 0) return []
  return judged(path, `${runtime} ${version}`, { known, repaired: repairedIn(host, path) })
}

const judged = (
  path: string,
  release: string,
  { known, repaired }: { readonly known: readonly Vulnerability[]; readonly repaired: Repaired },
): readonly Found[] => {
  const open = known.filter(({ id }) => !repaired.log.includes(id))
  const closed = known.filter(({ id }) => repaired.log.includes(id))
  const backported = `${repaired.packageName} has repaired ${ids(closed)} in ${release}, by its changelog`
  return [
    ...(closed.length === 0 ? [] : [note(path, backported)]),
    ...(open.length === 0
      ? []
      : [
          {
            level: 'problem' as const,
            about: path,
            message: `${release} has ${ids(open)}${
              repaired.packageName === '' ? '' : `; the changelog of ${repaired.packageName} names no fix`
            }`,
            advice: `update to ${fixes(open)}, or a package whose distribution has repaired it`,
          },
        ]),
  ]
}

const note = (about: string, message: string): Found => ({ level: 'note', about, message, advice: '' })

const ids = (all: readonly Vulnerability[]): string => all.map(({ id }) => id).join(', ')

/** The releases of the newest fix, which hold the older ones. */
const fixes = (open: readonly Vulnerability[]): string => (open[0]?.fixedIn ?? []).join(' or ')

interface Repaired {
  /** Name and version of the package a file belongs to; empty where it is nobody's. */
  readonly packageName: string
  /** Its changelog. */
  readonly log: string
}

/** What the distribution says of the package the program came in: dpkg's or rpm's own changelog. */
const repairedIn = (host: Host, path: string): Repaired => {
  for (const each of placesOf(path)) {
    // A diverted file is told of with `diversion by …` lines before its package.
    const name = /^([a-z0-9][a-z0-9.+-]*)(?::\S+)?: \//m.exec(
      output(host, ['dpkg-query', '--search', each]),
    )?.[1]
    if (name !== undefined) {
      const shown = output(host, ['dpkg-query', '--show', name]).trim().replace('\t', ' ')
      const log = output(host, ['gzip', '-dcf', `/usr/share/doc/${name}/changelog.Debian.gz`])
      return { packageName: shown, log }
    }
    const rpm = output(host, ['rpm', '--query', '--file', each]).trim()
    if (rpm !== '') return { packageName: rpm, log: output(host, ['rpm', '--query', '--changelog', rpm]) }
  }
  return { packageName: '', log: '' }
}

/** The path, and for a runtime that lintel keeps aside the paths its package knows it by. */
const placesOf = (path: string): readonly string[] => {
  if (!path.startsWith(`${keepFolder}/`)) return [path]
  const name = path.slice(path.lastIndexOf('/') + 1)
  return [path, `/usr/sbin/${name}`, `/usr/bin/${name}`]
}

const output = (host: Host, argv: readonly string[]): string => {
  const said = host.spawn(argv, '', 10_000)
  return said.ok && said.value.status === 0 ? said.value.stdout : ''
}
