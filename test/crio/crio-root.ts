/** A real CRI-O, built from its published source: no Debian has a package of it. Kept between runs. */

import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

const cache = fileURLToPath(new URL('../../node_modules/.cache/lintel', import.meta.url))

/** The module, and the checksum Go gives what is in it; its own go.sum holds all it is built with. */
const source = {
  module: 'github.com/cri-o/cri-o',
  version: 'v1.36.3',
  sum: 'h1:7PaWWmxWct0eyl9GmCn/e7+iE/xPD4dTeY9m89nIS0Q=',
} as const

/** Without signatures of images and without btrfs, whose libraries it would be linked with. */
const tags = [
  'containers_image_ostree_stub',
  'containers_image_openpgp',
  'exclude_graphdriver_btrfs',
  'seccomp',
]

const crioVersion = source.version.slice(1)

/** A root with /usr/bin/crio and /usr/bin/pinns. Throws where the source cannot be had, differs, or does not build. */
export const openCrioRoot = async (): Promise<string> => {
  const root = join(cache, `crio-${crioVersion}`)
  if (existsSync(root)) return root
  mkdirSync(cache, { recursive: true })
  const scratch = mkdtempSync(join(cache, 'unfinished-crio-'))
  try {
    const tree = join(scratch, 'source')
    cpSync(await sourceFolder(scratch), tree, { recursive: true })
    await execa('chmod', ['-R', 'u+w', tree])
    const programs = join(scratch, 'root/usr/bin')
    mkdirSync(programs, { recursive: true })
    await build(tree, programs)
    renameSync(join(scratch, 'root'), root)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  return root
}

/** The checksum database does not know every release a proxy has: the checksum here stands in for it. */
const environment = { GOSUMDB: 'off', GOFLAGS: '-mod=mod' } as const

const sourceFolder = async (cwd: string): Promise<string> => {
  const { module, version, sum } = source
  const { stdout } = await execa('go', ['mod', 'download', '-json', `${module}@${version}`], {
    cwd,
    env: environment,
  })
  const found: { readonly Dir: string; readonly Sum: string } = JSON.parse(stdout)
  if (found.Sum !== sum) throw new Error(`${module} ${version} is not what it was: ${found.Sum}, not ${sum}`)
  return found.Dir
}

const build = async (tree: string, programs: string): Promise<void> => {
  const processors = String(availableParallelism())
  const options = ['-trimpath', '-ldflags', '-s -w', '-p', processors, '-tags', tags.join(' ')]
  await execa('go', ['build', ...options, '-o', join(programs, 'crio'), './cmd/crio'], {
    cwd: tree,
    env: environment,
  })
  const folder = join(tree, 'pinns/src')
  const files = readdirSync(folder).filter((name) => name.endsWith('.c'))
  await execa('gcc', ['-std=c99', '-Os', '-static', '-o', join(programs, 'pinns'), ...files], { cwd: folder })
}
