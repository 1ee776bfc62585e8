/** A real containerd on a private host, driven by ctr with lintel as `--runc-binary`. */

import { join } from 'node:path'
import { allowCgroup } from './decisions.ts'
import { image, writeImage } from './image.ts'
import {
  type CommandOptions,
  type Outcome,
  openPrivateHost,
  type PrivateHost,
  until,
} from './private-host.ts'

export interface Containerd {
  readonly host: PrivateHost
  /** Runs ctr. */
  ctr(args: readonly string[], options?: CommandOptions): Promise<Outcome>
  /** `ctr run` with lintel as the runtime and the image of the tests; `options` stand before the id. */
  ctrRun(options: readonly string[], id: string, command: readonly string[]): Promise<Outcome>
}

/** The name ctr knows the image by. */
export const ctrImage = `docker.io/library/${image}`

/** Starts containerd and imports the image. */
export const startContainerd = async (): Promise<Containerd> => {
  const host = await openPrivateHost(['containerd', 'containerd-shim-runc-v2', 'ctr'])
  allowCgroup(host)
  const ctr: Containerd['ctr'] = (args, options) => host.run('ctr', args, options)
  try {
    host.launch('containerd', 'containerd', [])
    await until(async () => (await ctr(['version'])).exitCode === 0, 'containerd to answer', 30_000)
    const archive = join(host.workspace, 'image.tar')
    await writeImage(archive)
    const imported = await ctr(['images', 'import', archive])
    if (imported.exitCode !== 0) throw new Error(`ctr images import: ${imported.all}`)
  } catch (error) {
    await host.close()
    throw error
  }
  const ctrRun: Containerd['ctrRun'] = (options, id, command) => {
    const runtime = ['--runc-binary', host.runtime, '--cgroup', `${host.cgroup}/${id}`]
    return ctr(['run', ...runtime, ...options, ctrImage, id, ...command])
  }
  return { host, ctr, ctrRun }
}
