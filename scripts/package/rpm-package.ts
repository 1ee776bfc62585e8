/** The .rpm, made by rpmbuild with nothing in it that rpm 4.11 (CentOS 7) cannot read. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { packaged, type Source, script } from './content.ts'
import { type Entry, withFolders, writeTree } from './entries.ts'

/** Folders of other packages, which this one does not own. */
const shared = /^(etc|var(\/(lib|log))?|usr(\/(bin|share(\/(doc|man(\/man[15])?))?))?)$/

const fileLine = (entry: Entry): string => {
  if (entry.path === 'etc/logrotate.d/lintel')
    return `%config(noreplace) %attr(0644, root, root) /${entry.path}`
  if (entry.kind === 'link') return `/${entry.path}`
  const mode = entry.mode.toString(8).padStart(4, '0')
  return `${entry.kind === 'folder' ? '%dir ' : ''}%attr(${mode}, root, root) /${entry.path}`
}

const divertTrigger = fileURLToPath(new URL('../../install/rpm/divert.spec.inc', import.meta.url))

/** $1 is 0 when the package goes for good, and 1 when another version takes its place. */
const specification = (version: string, stage: string, entries: readonly Entry[]): string => `Name: lintel
Version: ${version}
Release: 1
Summary: Container policy at the last door before the runtime
License: Apache-2.0
AutoReqProv: no

%description
lintel judges every call of the OCI runtime by Docker, containerd, CRI-O and
Podman against a policy (CIS Docker Benchmark and more), repairs or refuses it,
writes the decision down and becomes the real runtime. Installing this package
changes no engine: lintel install does, and shows first what it would.

%install
mkdir -p %{buildroot}
cp -a ${stage}/. %{buildroot}/

%post
${script.afterInstallation}

%preun
if [ "$1" -eq 0 ]; then
	${script.beforeRemoval}
fi

%postun
if [ "$1" -eq 0 ]; then
	${script.afterRemoval}
fi

${readFileSync(divertTrigger, 'utf8').trim()}

%files
%defattr(-, root, root, -)
${withFolders(entries)
  .filter(({ path }) => !shared.test(path))
  .map(fileLine)
  .join('\n')}
`

/** Each keeps out what an older rpm does not know, or what differs between builders. */
const macros: { readonly [name: string]: string } = {
  // zstd came with rpm 4.14, and digests of files are SHA-256 (8) since 4.6.
  _binary_payload: 'w9.gzdio',
  _source_payload: 'w9.gzdio',
  _binary_filedigest_algorithm: '8',
  _source_filedigest_algorithm: '8',
  _build_id_links: 'none',
  debug_package: '%{nil}',
  __os_install_post: '%{nil}',
  _buildhost: 'localhost',
  use_source_date_epoch_as_buildtime: '1',
  clamp_mtime_to_source_date_epoch: '1',
  source_date_epoch_from_changelog: '0',
}

const build = async (top: string, machine: string, date: number): Promise<void> => {
  const defines = Object.entries({ ...macros, _topdir: top, _dbpath: join(top, 'db') })
  await execa(
    'rpmbuild',
    [
      '-bb',
      '--quiet',
      '--target',
      `${machine}-linux`,
      ...defines.flatMap(([name, value]) => ['--define', `${name} ${value}`]),
      join(top, 'lintel.spec'),
    ],
    { env: { SOURCE_DATE_EPOCH: String(date), HOME: top } },
  )
}

/** Writes the package into a folder; `machine` as `uname -m` says it, `date` in seconds. */
export const rpmPackage = async (
  source: Source,
  machine: string,
  { date, folder }: { date: number; folder: string },
): Promise<void> => {
  // A pre-release sorts before the release: rpm writes 1.0.0-rc.1 as 1.0.0~rc.1.
  const version = source.edition.version.replaceAll('-', '~')
  const top = mkdtempSync(join(tmpdir(), 'lintel-rpm-'))
  try {
    const entries = await packaged(source, { zsh: 'zsh/site-functions' })
    const stage = join(top, 'stage')
    mkdirSync(stage)
    writeTree(stage, entries)
    writeFileSync(join(top, 'lintel.spec'), specification(version, stage, entries))
    await build(top, machine, date)
    const name = `lintel-${version}-1.${machine}.rpm`
    copyFileSync(join(top, 'RPMS', machine, name), join(folder, name))
  } finally {
    rmSync(top, { recursive: true, force: true })
  }
}
