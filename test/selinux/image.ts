/** Images of the machine with SELinux enforcing: made by build-image.sh, kept between runs. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

const here = fileURLToPath(new URL('.', import.meta.url))
const project = join(here, '../..')
const cache = join(project, 'node_modules/.cache/lintel')
const lintelModule = join(project, 'install/selinux/lintel.cil')

/** What an image has beside Debian's base, runc and lintel's module. */
export interface ImageKind {
  readonly name: string
  /** Debian's selinux-policy-default (s0 and categories) or -mls (s0 to s15). */
  readonly policy: 'default' | 'mls'
  readonly size: string
  readonly packages: readonly string[]
  /** Further modules of the policy, by their files. */
  readonly modules: readonly string[]
}

/** runc alone. */
export const plain: ImageKind = { name: 'plain', policy: 'default', size: '1G', packages: [], modules: [] }

/** Docker, containerd and Podman, and what lets the tests talk to them. */
export const withEngines: ImageKind = {
  name: 'engines',
  policy: 'default',
  size: '3G',
  packages: ['docker.io', 'containerd', 'podman', 'conmon', 'socat'],
  modules: [],
}

/** runc alone under the policy with sensitivities, which lets an engine give levels by a module of the tests. */
export const withSensitivities: ImageKind = {
  name: 'mls',
  policy: 'mls',
  size: '1G',
  packages: [],
  modules: [join(here, 'mls-engine.cil')],
}

/** Folder with `root.img`, `vmlinuz` and `initrd.img`, made anew only where what they are made of has changed. */
export const openImage = async (kind: ImageKind): Promise<string> => {
  const modules = [lintelModule, ...kind.modules]
  const files = [
    ...modules,
    join(here, 'build-image.sh'),
    ...['early-init', 'init', 'services'].map((name) => join(here, 'guest', name)),
  ]
  const hash = createHash('sha256').update(JSON.stringify({ ...kind, modules: [] }))
  for (const file of files) hash.update(basename(file)).update(readFileSync(file))
  const prefix = `selinux-${kind.name}-`
  const folder = join(cache, prefix + hash.digest('hex').slice(0, 16))
  if (existsSync(folder)) return folder
  mkdirSync(cache, { recursive: true })
  const unfinished = mkdtempSync(join(cache, 'unfinished-selinux-'))
  const { policy, size, packages } = kind
  const built = ['build-image.sh', unfinished, policy, size, packages.join(','), ...modules]
  await execa('sh', built, { cwd: here, stdio: ['ignore', 'ignore', 'pipe'] })
  for (const name of readdirSync(cache))
    if (name.startsWith(prefix)) rmSync(join(cache, name), { recursive: true })
  renameSync(unfinished, folder)
  return folder
}
