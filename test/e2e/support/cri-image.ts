/** The image of a pod's sandbox: that of all tests, under another name, with a command that never ends. */

import { createReadStream, createWriteStream } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import tar from 'tar-stream'

/** Name of the sandbox image. */
export const pauseImage = 'lintel.test/pause:latest'

interface Manifest {
  readonly Config: string
  readonly RepoTags: readonly string[]
}

interface ImageConfig {
  readonly config: { readonly Cmd: readonly string[] }
}

/** Makes the archive of the sandbox image from that of the tests' image. */
export const writePauseImage = async (archive: string, file: string): Promise<void> => {
  const unpacked = createReadStream(archive).pipe(tar.extract())
  const pack = tar.pack()
  const written = pipeline(pack, createWriteStream(file))
  for await (const entry of unpacked) {
    const content = await buffer(entry)
    const { name } = entry.header
    pack.entry({ name }, name.endsWith('.json') ? rewritten(content.toString()) : content)
  }
  pack.finalize()
  await written
}

/** The manifest gets the name, the configuration the command. */
const rewritten = (text: string): string => {
  const document: readonly Manifest[] | ImageConfig = JSON.parse(text)
  if ('config' in document) {
    return JSON.stringify({ ...document, config: { ...document.config, Cmd: ['sleep', '1000000'] } })
  }
  return JSON.stringify(document.map((image) => ({ ...image, RepoTags: [pauseImage] })))
}
