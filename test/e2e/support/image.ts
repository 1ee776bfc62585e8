/** The image of all tests on engines: Debian's static busybox, made here, in the format `docker save` writes. */

import { createHash } from 'node:crypto'
import { createWriteStream, readFileSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { execa } from 'execa'
import tar from 'tar-stream'

/** Name the image is loaded under. */
export const image = 'busybox:latest'

/** Its other name, by which nobody can get another image tomorrow. */
export const versionedImage = 'busybox:1.36'

const layerTar = async (): Promise<Buffer> => {
  const pack = tar.pack()
  for (const name of ['bin', 'etc', 'root', 'tmp', 'home']) {
    pack.entry({ name, type: 'directory', mode: name === 'tmp' ? 0o1777 : 0o755 })
  }
  pack.entry({ name: 'etc/passwd' }, 'root:x:0:0:root:/root:/bin/sh\nguest:x:1000:1000::/home:/bin/sh\n')
  pack.entry({ name: 'etc/group' }, 'root:x:0:\nguest:x:1000:\n')
  pack.entry({ name: 'bin/busybox', mode: 0o755 }, readFileSync('/bin/busybox'))
  const { stdout } = await execa('/bin/busybox', ['--list'])
  for (const applet of stdout.split('\n')) {
    if (applet !== 'busybox') pack.entry({ name: `bin/${applet}`, type: 'symlink', linkname: 'busybox' })
  }
  pack.finalize()
  return buffer(pack)
}

/** What an image is called, and whom its containers run as. */
interface ImageOptions {
  readonly names?: readonly string[]
  readonly user?: string
}

/** Writes the image to a file that `docker load`, `podman load` and `ctr images import` take. */
export const writeImage = async (file: string, options: ImageOptions = {}): Promise<void> => {
  const { names = [image, versionedImage], user = '' } = options
  const layer = await layerTar()
  const config = JSON.stringify({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { Cmd: ['sh'], Env: ['PATH=/bin'], WorkingDir: '/', User: user },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
    history: [{ created_by: 'lintel tests' }],
  })
  const configName = `${sha256(config)}.json`
  const pack = tar.pack()
  pack.entry({ name: configName }, config)
  pack.entry({ name: 'layer.tar' }, layer)
  const manifest = [{ Config: configName, RepoTags: names, Layers: ['layer.tar'] }]
  pack.entry({ name: 'manifest.json' }, JSON.stringify(manifest))
  pack.finalize()
  await pipeline(pack, createWriteStream(file))
}

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
