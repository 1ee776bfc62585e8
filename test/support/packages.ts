/** What `npm run package` left in dist/packages. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const folder = fileURLToPath(new URL('../../dist/packages/', import.meta.url))

const { version: ours }: { version: string } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
)
export const version = ours

/** Path of the one package whose name ends so. Throws where there is none. */
export const packageFile = (end: string): string => {
  const name = readdirSync(folder).find((each) => each.endsWith(end))
  if (name === undefined) throw new Error(`dist/packages has no *${end}: npm run package`)
  return folder + name
}

/** Configurations of engines as an administrator may have written them, by absolute path. */
export const engineFiles: { readonly [path: string]: string } = {
  '/etc/docker/daemon.json': '{ "log-driver": "journald" }',
  '/etc/containerd/config.toml': 'version = 2\n',
  '/etc/crio/crio.conf.d/10-site.conf': '[crio.runtime]\n',
  '/etc/containers/containers.conf': '[engine]\n',
  '/etc/buildkit/buildkitd.toml': 'debug = true\n',
}
