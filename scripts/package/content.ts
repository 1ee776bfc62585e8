/** What a package puts on a host, and where. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { rules } from '../../src/rules/index.ts'
import { type Component, licenceTexts } from './components.ts'
import { type Entry, file, gzip } from './entries.ts'
import { commandPage, type Edition, policyPage } from './man-pages.ts'

/** Folders that lie elsewhere on Debian, on RPM systems and below /usr/local. */
export interface Places {
  /** Folder of zsh's completions below `share`. */
  readonly zsh: string
}

/** Made once, put into every package. */
export interface Source {
  readonly root: string
  readonly edition: Edition
  readonly components: readonly Component[]
}

const completion = async (root: string, shell: string): Promise<string> =>
  `${(await execa(join(root, 'dist/lintel'), ['completion'], { env: { SHELL: shell } })).stdout.trimEnd()}\n`

const documents = (root: string, components: readonly Component[]): readonly Entry[] => {
  const read = (name: string): string => readFileSync(join(root, name), 'utf8')
  const folder = 'share/doc/lintel'
  return [
    ...['README.md', 'CHANGELOG.md', 'SECURITY.md', 'LICENSE'].map((name) =>
      file(`${folder}/${name}`, read(name)),
    ),
    file(`${folder}/coverage.md`, read('docs/coverage.md')),
    file(`${folder}/third-party-licences.gz`, gzip(licenceTexts(components))),
    ...readdirSync(join(root, 'docs/rules')).map((name) =>
      file(`${folder}/rules/${name}`, read(`docs/rules/${name}`)),
    ),
  ]
}

/** Everything below the prefix: `bin` and `share`. Needs dist/lintel. */
export const contentOf = async (
  { root, edition, components }: Source,
  places: Places,
): Promise<readonly Entry[]> => {
  const host = (name: string): Buffer => readFileSync(join(root, 'install/host', name))
  const schema = readFileSync(join(root, 'schemas/policy.schema.json'), 'utf8')
  return [
    file('bin/lintel', readFileSync(join(root, 'dist/lintel')), 0o755),
    { kind: 'link', path: 'bin/lintel-runtime', target: 'lintel' },
    file('share/man/man1/lintel.1.gz', gzip(commandPage(edition))),
    file('share/man/man5/lintel-policy.5.gz', gzip(policyPage(edition, JSON.parse(schema), rules))),
    file('share/bash-completion/completions/lintel', await completion(root, '/bin/bash')),
    file(`share/${places.zsh}/_lintel`, await completion(root, '/bin/zsh')),
    file('share/lintel/policy.schema.json', schema),
    file('share/lintel/lintel.cil', readFileSync(join(root, 'install/selinux/lintel.cil'))),
    file('share/lintel/in-use.sh', host('in-use.sh'), 0o755),
    file('share/lintel/selinux.sh', host('selinux.sh'), 0o755),
    ...examples(root),
    ...documents(root, components),
  ]
}

/** What an administrator copies and adapts to send records and containers' output to an aggregator; docs/log.md. */
const examples = (root: string): readonly Entry[] =>
  ['docker-logs', 'prometheus', 'rsyslog'].flatMap((folder) =>
    readdirSync(join(root, 'install', folder))
      .toSorted()
      .map((name) =>
        file(`share/lintel/${folder}/${name}`, readFileSync(join(root, 'install', folder, name))),
      ),
  )

/** The rotation of the decision log. */
export const rotation = (root: string): Buffer => readFileSync(join(root, 'install/host/logrotate'))

/** Everything a distribution's package puts on a host, from its root. */
export const packaged = async (source: Source, places: Places): Promise<readonly Entry[]> => [
  ...(await contentOf(source, places)).map((entry) => ({ ...entry, path: `usr/${entry.path}` })),
  file('etc/logrotate.d/lintel', rotation(source.root)),
  { kind: 'folder', path: 'etc/lintel', mode: 0o755 },
  // Anyone may ask whether the glass is broken; nobody but root may list.
  { kind: 'folder', path: 'var/lib/lintel', mode: 0o711 },
  { kind: 'folder', path: 'var/log/lintel', mode: 0o700 },
]

const module = 'sh /usr/share/lintel/selinux.sh'
const state = '/etc/lintel /var/log/lintel'

/** What lies at the path of a diverted runtime is a link to lintel as it was: it is made one to lintel as it is. */
const repair = '[ ! -e /var/lib/lintel/divert.json ] || /usr/bin/lintel divert --repair || :'

/** Shell lines that both kinds of package run. None touches an engine's configuration. */
export const script = {
  repair,
  afterInstallation: `${repair}\n\t${module} load /usr/share/lintel/lintel.cil /usr/bin/lintel /usr/bin/lintel-runtime ${state} /var/lib/lintel`,
  /** Fails where an engine still calls lintel: the package then stays. */
  beforeRemoval: `sh /usr/share/lintel/in-use.sh || exit 1\n\t${module} unload /usr/share/lintel/lintel.cil ${state}`,
  /** Policy and decision log are the administrator's and stay. */
  afterRemoval: 'rm -rf /var/lib/lintel',
} as const
