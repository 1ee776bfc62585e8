/** The .deb, made by dpkg-deb. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { packaged, type Source, script } from './content.ts'
import { type Entry, file, writeTree } from './entries.ts'

const scripts: { readonly [name: string]: string } = {
  postinst: `#!/bin/sh
set -e
if [ "$1" = configure ]; then
	${script.afterInstallation}
elif [ "$1" = triggered ]; then
	${script.repair}
fi
`,
  prerm: `#!/bin/sh
set -e
if [ "$1" = remove ]; then
	${script.beforeRemoval}
fi
`,
  postrm: `#!/bin/sh
set -e
case $1 in remove | purge) ${script.afterRemoval} ;; esac
`,
}

/** A package that brings a runtime may have put it where no diversion of dpkg's led it away. */
const triggers = ['/usr/sbin/runc', '/usr/bin/runc', '/usr/bin/crun']
  .map((path) => `interest-noawait ${path}\n`)
  .join('')

const control = (version: string, architecture: string, bytes: number): string => `Package: lintel
Version: ${version}
Architecture: ${architecture}
Maintainer: lintel <lintel@localhost>
Section: admin
Priority: optional
Installed-Size: ${Math.ceil(bytes / 1024)}
Suggests: logrotate, runc | crun
Description: container policy at the last door before the runtime
 lintel judges every call of the OCI runtime by Docker, containerd, CRI-O and
 Podman against a policy (CIS Docker Benchmark and more), repairs or refuses
 it, writes the decision down and becomes the real runtime. Installing this
 package changes no engine: lintel install does, and shows first what it would.
`

const copyright = `lintel is licensed under Apache-2.0 (LICENSE beside this file, /usr/share/common-licenses/Apache-2.0).
What others wrote and it holds has its licences in third-party-licences.gz.
`

const architectures: { readonly [machine: string]: string } = { x86_64: 'amd64', aarch64: 'arm64' }

/** Fills a folder as dpkg-deb wants it. */
const stage = (
  folder: string,
  { version, architecture }: { version: string; architecture: string },
  entries: readonly Entry[],
): void => {
  const bytes = entries.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.content.length : 0), 0)
  writeTree(folder, [
    ...entries,
    file('usr/share/doc/lintel/copyright', copyright),
    file('DEBIAN/control', control(version, architecture, bytes)),
    file('DEBIAN/triggers', triggers),
    file('DEBIAN/conffiles', '/etc/logrotate.d/lintel\n'),
    ...Object.entries(scripts).map(([name, text]) => file(`DEBIAN/${name}`, text, 0o755)),
  ])
}

/** Writes the package into a folder; `machine` as `uname -m` says it, `date` in seconds. */
export const debianPackage = async (
  source: Source,
  machine: string,
  { date, folder }: { date: number; folder: string },
): Promise<void> => {
  const { version } = source.edition
  const architecture = architectures[machine] ?? machine
  const staged = mkdtempSync(join(tmpdir(), 'lintel-deb-'))
  try {
    chmodSync(staged, 0o755)
    stage(staged, { version, architecture }, await packaged(source, { zsh: 'zsh/vendor-completions' }))
    const out = join(folder, `lintel_${version}_${architecture}.deb`)
    // xz: every dpkg since 2011 reads it, zstd only newer ones.
    await execa('dpkg-deb', ['--root-owner-group', '--uniform-compression', '-Zxz', '--build', staged, out], {
      env: { SOURCE_DATE_EPOCH: String(date) },
    })
  } finally {
    rmSync(staged, { recursive: true, force: true })
  }
}
