/** The image of the node agent: lintel, busybox and one script, as an OCI image layout that docker, podman and ctr load. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Entry, file, tarOf } from './entries.ts'

export interface Image {
  readonly version: string
  /** As image-spec names it: amd64, arm64. */
  readonly architecture: string
  /** Seconds since 1970. */
  readonly date: number
}

/** Commands of install/kubernetes/node-agent.sh and install/host/in-use.sh. */
const applets = ['cat', 'chmod', 'cmp', 'cp', 'cut', 'dirname', 'grep', 'ln', 'ls', 'mkdir', 'mv', 'nsenter', 'readlink', 'rm', 'sh', 'sha256sum', 'sleep'] // biome-ignore format: one list

/** busybox, static as Debian's busybox-static has it, and the licence of it. */
const busybox = (): readonly Entry[] => {
  const licence = '/usr/share/doc/busybox-static/copyright'
  return [
    file('bin/busybox', readFileSync('/bin/busybox'), 0o755),
    ...applets.map((name): Entry => ({ kind: 'link', path: `bin/${name}`, target: 'busybox' })),
    ...(existsSync(licence) ? [file('usr/share/doc/busybox/copyright', readFileSync(licence))] : []),
  ]
}

const layerOf = (root: string): readonly Entry[] => {
  const read = (name: string): Buffer => readFileSync(join(root, name))
  return [
    ...busybox(),
    file('usr/bin/lintel', read('dist/lintel'), 0o755),
    { kind: 'link', path: 'usr/bin/lintel-runtime', target: 'lintel' },
    file('usr/libexec/lintel/node-agent.sh', read('install/kubernetes/node-agent.sh'), 0o755),
    file('usr/libexec/lintel/in-use.sh', read('install/host/in-use.sh'), 0o755),
    file('usr/share/doc/lintel/LICENSE', read('LICENSE')),
    ...['run/lintel', 'policy', 'proc', 'sys', 'dev', 'tmp'].map(
      (path): Entry => ({ kind: 'folder', path, mode: 0o755 }),
    ),
  ]
}

const digest = (content: Buffer): string => createHash('sha256').update(content).digest('hex')

const configuration = ({ version, architecture, date }: Image, layer: Buffer): Buffer =>
  Buffer.from(
    JSON.stringify({
      created: new Date(date * 1000).toISOString(),
      architecture,
      os: 'linux',
      config: {
        Entrypoint: ['/bin/busybox', 'sh', '/usr/libexec/lintel/node-agent.sh'],
        Cmd: ['keep'],
        Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
        Labels: {
          'org.opencontainers.image.title': 'lintel-node',
          'org.opencontainers.image.version': version,
        },
      },
      rootfs: { type: 'layers', diff_ids: [`sha256:${digest(layer)}`] },
      history: [{ created: new Date(date * 1000).toISOString(), created_by: 'npm run package' }],
    }),
  )

const kinds = 'application/vnd.oci.image'
const descriptor = (kind: string, content: Buffer) => ({
  mediaType: `${kinds}.${kind}`,
  digest: `sha256:${digest(content)}`,
  size: content.length,
})

/** The archive (image-spec v1.1, image-layout.md), with Docker's manifest.json for what reads only that. */
export const nodeImage = async (root: string, image: Image): Promise<Buffer> => {
  const name = `lintel-node:${image.version}`
  const layer = await tarOf(layerOf(root), image.date)
  const config = configuration(image, layer)
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: `${kinds}.manifest.v1+json`,
      config: descriptor('config.v1+json', config),
      layers: [descriptor('layer.v1.tar', layer)],
    }),
  )
  const annotations = {
    'org.opencontainers.image.ref.name': image.version,
    'io.containerd.image.name': `docker.io/library/${name}`,
  }
  const index = {
    schemaVersion: 2,
    mediaType: `${kinds}.index.v1+json`,
    manifests: [{ ...descriptor('manifest.v1+json', manifest), annotations }],
  }
  const blob = (content: Buffer): Entry => file(`blobs/sha256/${digest(content)}`, content)
  const docker = [
    { Config: `blobs/sha256/${digest(config)}`, RepoTags: [name], Layers: [`blobs/sha256/${digest(layer)}`] },
  ]
  return tarOf(
    [
      file('oci-layout', JSON.stringify({ imageLayoutVersion: '1.0.0' })),
      file('index.json', JSON.stringify(index)),
      file('manifest.json', JSON.stringify(docker)),
      ...[layer, config, manifest].map(blob),
    ],
    image.date,
  )
}
