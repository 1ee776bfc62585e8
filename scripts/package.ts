/** `npm run package`: everything that is handed out, made from dist/lintel into dist/packages; the same commit gives the same bytes. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildTarget } from './heap-snapshot.ts'
import { billOfMaterials } from './package/bill-of-materials.ts'
import { componentsOf } from './package/components.ts'
import type { Source } from './package/content.ts'
import { debianPackage } from './package/debian-package.ts'
import { helmChart, manifests } from './package/kubernetes.ts'
import { nodeImage } from './package/node-image.ts'
import { rpmPackage } from './package/rpm-package.ts'
import { sourceDate } from './package/source-date.ts'
import { tarball } from './package/tarball.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
/** As `uname -m` says it. */
const machines: { readonly [architecture: string]: string } = { x64: 'x86_64', arm64: 'aarch64' }

const folder = resolve(process.argv[2] ?? join(root, 'dist/packages'))
const machine = machines[process.arch] ?? process.arch
if (!existsSync(join(root, 'dist/lintel'))) throw new Error('dist/lintel is missing: npm run build')
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })

const { version }: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const date = sourceDate(root)
const source: Source = {
  root,
  edition: { version, date: new Date(date * 1000).toISOString().slice(0, 10) },
  components: await componentsOf(root, await buildTarget()),
}
const executable = readFileSync(join(root, 'dist/lintel'))
const name = `lintel-${version}-linux-${machine}`
writeFileSync(
  join(folder, `${name}.cdx.json`),
  billOfMaterials({ version, date, executable }, source.components),
)
writeFileSync(join(folder, `${name}.tar.gz`), await tarball(source, machine, date))
await debianPackage(source, machine, { date, folder })
await rpmPackage(source, machine, { date, folder })
const architecture = process.arch === 'x64' ? 'amd64' : process.arch
writeFileSync(
  join(folder, `lintel-node-${version}-linux-${architecture}.oci.tar`),
  await nodeImage(root, { version, architecture, date }),
)
writeFileSync(join(folder, `lintel-chart-${version}.tgz`), await helmChart(root, date))
writeFileSync(join(folder, `lintel-kubernetes-${version}.tar.gz`), await manifests(root, date))

const sums = readdirSync(folder)
  .toSorted()
  .map(
    (each) =>
      `${createHash('sha256')
        .update(readFileSync(join(folder, each)))
        .digest('hex')}  ${each}\n`,
  )
writeFileSync(join(folder, 'SHA256SUMS'), sums.join(''))
console.log(sums.join('').trimEnd())
