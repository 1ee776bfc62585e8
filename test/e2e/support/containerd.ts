/** A real containerd on a private host, driven by ctr with lintel as `--runc-binary`. */

import { join } from 'node:path'
import { allowCgroup } from './decisions.ts'
import { image, versionedImage, writeImage } from './image.ts'
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

/** The same image, made to run as a user: `ctr run` of containerd 1.6 cannot say it. */
export const ctrUserImage = `docker.io/library/${versionedImage}`

/** Options of `ctr run` by which lintel is the runtime and the cgroup is tidied up afterwards. */
export const runtimeOptions = ({ runtime, cgroup }: PrivateHost, id: string): readonly string[] => [
  '--runc-binary',
  runtime,
  '--cgroup',
  `${cgroup}/${id}`,
]

/** Starts containerd and imports the image. */
export const startContainerd = async (): Promise<Containerd> => {
  const host = await openPrivateHost(['containerd', 'containerd-shim-runc-v2', 'ctr'])
  allowCgroup(host)
  const ctr: Containerd['ctr'] = (args, options) => host.run('ctr', args, options)
  try {
    host.launch('containerd', 'containerd', [])
    await until(async () => (await ctr(['version'])).exitCode === 0, 'containerd to answer', 30_000)
    const archives = [join(host.workspace, 'image.tar'), join(host.workspace, 'user-image.tar')] as const
    await writeImage(archives[0], { names: [image] })
    await writeImage(archives[1], { names: [versionedImage], user: '1000:1000' })
    for (const archive of archives) {
      const imported = await ctr(['images', 'import', archive])
      if (imported.exitCode !== 0) throw new Error(`ctr images import: ${imported.all}`)
    }
  } catch (error) {
    await host.close()
    throw error
  }
  const ctrRun: Containerd['ctrRun'] = (options, id, command) =>
    ctr(['run', ...runtimeOptions(host, id), ...options, ctrImage, id, ...command])
  return { host, ctr, ctrRun }
}
