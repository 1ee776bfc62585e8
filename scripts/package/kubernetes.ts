/** What a cluster is given: the Helm chart as `helm package` would lay it, and the kustomize folders. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Entry, file, gzip, tarOf } from './entries.ts'

/** Every file below a folder, links followed, under another name. */
const below = (folder: string, name: string): readonly Entry[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => file(`${name}${path.slice(folder.length)}`, readFileSync(path)))

/** lintel-VERSION.tgz, a chart archive. */
export const helmChart = async (root: string, date: number): Promise<Buffer> =>
  gzip(await tarOf(below(join(root, 'install/helm/lintel'), 'lintel'), date))

/** The kustomize base, its overlays, and how to take it all out again. */
export const manifests = async (root: string, date: number): Promise<Buffer> =>
  gzip(await tarOf(below(join(root, 'install/kubernetes'), 'lintel-kubernetes'), date))
