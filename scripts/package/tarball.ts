/** The self-contained tarball: everything below one folder, with install.sh and the digests of what it installs. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { contentOf, rotation, type Source } from './content.ts'
import { file, gzip, tarOf } from './entries.ts'

/** The compressed archive; `machine` as `uname -m` says it, `date` in seconds. */
export const tarball = async (source: Source, machine: string, date: number): Promise<Buffer> => {
  const { root, edition } = source
  const content = [
    ...(await contentOf(source, { zsh: 'zsh/site-functions' })),
    file('share/lintel/logrotate', rotation(root)),
  ]
  const sums = content
    .flatMap((entry) =>
      entry.kind === 'file'
        ? [`${createHash('sha256').update(entry.content).digest('hex')}  ${entry.path}\n`]
        : [],
    )
    .join('')
  const script = readFileSync(join(root, 'install/host/install.sh'), 'utf8')
    .replaceAll('@MACHINE@', machine)
    .replaceAll('@VERSION@', edition.version)
  const folder = `lintel-${edition.version}-linux-${machine}`
  const entries = [...content, file('SHA256SUMS', sums), file('install.sh', script, 0o755)]
  return gzip(
    await tarOf(
      entries.map((entry) => ({ ...entry, path: `${folder}/${entry.path}` })),
      date,
    ),
  )
}
