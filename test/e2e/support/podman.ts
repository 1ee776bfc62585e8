/** A real Podman with conmon on a private host, lintel being its runtime by containers.conf. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { allowCgroup } from './decisions.ts'
import { image, versionedImage, writeImage } from './image.ts'
import { type CommandOptions, type Outcome, openPrivateHost, type PrivateHost } from './private-host.ts'

export interface Podman {
  readonly host: PrivateHost
  /** Runs podman with lintel as its runtime. */
  podman(args: readonly string[], options?: CommandOptions): Promise<Outcome>
  /** Runs it with the runtime not named in runtime_supports_json: errors then come by standard error alone. */
  podmanWithoutJson(args: readonly string[]): Promise<Outcome>
  /** Runs it on a terminal of its own (script(1)). */
  podmanTerminal(command: string): Promise<Outcome>
}

/** The names Podman knows the image by. */
export const podmanImage = `localhost/${image}`
export const podmanVersionedImage = `localhost/${versionedImage}`

/** Loads the image into a store of its own; Podman has no daemon to start. */
export const startPodman = async (cgroups: 'v1' | 'any' = 'any'): Promise<Podman> => {
  const host = await openPrivateHost(['podman', 'conmon'], cgroups)
  allowCgroup(host)
  const withJson = join(host.workspace, 'containers.conf')
  const withoutJson = join(host.workspace, 'without-json.conf')
  writeFileSync(withJson, settings(host, true))
  writeFileSync(withoutJson, settings(host, false))
  const environment = { CONTAINERS_CONF: withJson }
  const podman: Podman['podman'] = (args, options) =>
    host.run('podman', args, { ...options, environment: { ...environment, ...options?.environment } })
  try {
    const archive = join(host.workspace, 'image.tar')
    await writeImage(archive)
    const loaded = await podman(['load', '--input', archive])
    if (loaded.exitCode !== 0) throw new Error(`podman load: ${loaded.all}`)
  } catch (error) {
    await host.close()
    throw error
  }
  return {
    host,
    podman,
    podmanWithoutJson: (args) => podman(args, { environment: { CONTAINERS_CONF: withoutJson } }),
    podmanTerminal: (command) =>
      host.run('script', ['-qec', `podman ${command}`, '/dev/null'], { environment, openInput: true }),
  }
}

const settings = ({ runtime }: PrivateHost, json: boolean): string => `[containers]
netns = "none"
[engine]
runtime = "lintel"
cgroup_manager = "cgroupfs"
events_logger = "file"
${json ? 'runtime_supports_json = ["crun", "runc", "lintel"]' : 'runtime_supports_json = ["crun", "runc"]'}
[engine.runtimes]
lintel = ["${runtime}"]
`
