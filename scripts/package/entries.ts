/** Files, folders and links as packages hold them: root's, in the order of their names, all of one date. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'

/** One entry; the path has no slash in front. */
export type Entry =
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly content: Buffer }
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }

export const file = (path: string, content: Buffer | string, mode = 0o644): Entry => ({
  kind: 'file',
  path,
  mode,
  content: typeof content === 'string' ? Buffer.from(content) : content,
})

const byPath = (one: Entry, other: Entry): number => (one.path < other.path ? -1 : 1)

/** Entries with the folders above them, each once, in the order of their paths. */
export const withFolders = (entries: readonly Entry[]): readonly Entry[] => {
  const known = new Map(entries.map((entry) => [entry.path, entry]))
  for (const { path } of entries)
    for (let above = dirname(path); above !== '.'; above = dirname(above))
      if (!known.has(above)) known.set(above, { kind: 'folder', path: above, mode: 0o755 })
  return [...known.values()].toSorted(byPath)
}

/** A tar archive of the entries; `date` in seconds. */
export const tarOf = async (entries: readonly Entry[], date: number): Promise<Buffer> => {
  const archive = pack()
  const common = { uid: 0, gid: 0, uname: 'root', gname: 'root', mtime: new Date(date * 1000) }
  for (const entry of withFolders(entries)) {
    if (entry.kind === 'file')
      archive.entry({ ...common, name: entry.path, mode: entry.mode, type: 'file' }, entry.content)
    else if (entry.kind === 'link')
      archive.entry({ ...common, name: entry.path, mode: 0o777, type: 'symlink', linkname: entry.target })
    else archive.entry({ ...common, name: `${entry.path}/`, mode: entry.mode, type: 'directory' })
  }
  archive.finalize()
  return buffer(archive)
}

/** Compressed, without a date or a name inside. */
export const gzip = (content: Buffer | string): Buffer => gzipSync(content, { level: 9 })

/** Writes the entries below a folder, with their modes whatever the umask says. */
export const writeTree = (root: string, entries: readonly Entry[]): void => {
  for (const entry of withFolders(entries)) {
    const path = join(root, entry.path)
    if (entry.kind === 'link') symlinkSync(entry.target, path)
    else {
      if (entry.kind === 'folder') mkdirSync(path, { recursive: true })
      else writeFileSync(path, entry.content)
      chmodSync(path, entry.mode)
    }
  }
}
