/** A real dockerd with its containerd on a private host, lintel being its default runtime. */

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { allowCgroup } from './decisions.ts'
import { writeImage } from './image.ts'
import {
  type CommandOptions,
  type Outcome,
  openPrivateHost,
  type PrivateHost,
  until,
} from './private-host.ts'

export interface Docker {
  readonly host: PrivateHost
  /** Runs the docker command line. */
  docker(args: readonly string[], options?: CommandOptions): Promise<Outcome>
  /** Runs it on a terminal of its own (script(1)). */
  dockerTerminal(command: string): Promise<Outcome>
}

const programs = ['dockerd', 'docker', 'containerd', 'containerd-shim-runc-v2']

interface DockerOptions {
  /** Puts lintel in the place of the `runc` that dockerd finds on its PATH as well. */
  readonly divertRunc?: boolean
  readonly cgroups?: 'v1' | 'any'
  /** Members of daemon.json beside the host's own. */
  readonly settings?: object
  /** The private host it runs on, closed if it does not start; one of its own by default. */
  readonly host?: PrivateHost
}

/** Starts dockerd. */
export const startDocker = async (options: DockerOptions = {}): Promise<Docker> => {
  const host = options.host ?? (await openPrivateHost(programs, options.cgroups))
  allowCgroup(host)
  try {
    return await startIn(host, options)
  } catch (error) {
    await host.close()
    throw error
  }
}

const startIn = async (
  host: PrivateHost,
  { divertRunc = false, settings = {} }: DockerOptions,
): Promise<Docker> => {
  const written = { ...daemonSettings(host), ...settings }
  writeFileSync(host.path('/etc/docker/daemon.json'), JSON.stringify(written))
  const diverted = join(host.workspace, 'diverted')
  if (divertRunc) {
    mkdirSync(diverted)
    symlinkSync('../lintel', join(diverted, 'runc'))
  }
  const environment = divertRunc ? { PATH: `${diverted}:/usr/sbin:/usr/bin:/sbin:/bin` } : {}
  host.launch('dockerd', 'dockerd', [], { environment })
  const docker: Docker['docker'] = (args, each) => host.run('docker', args, each)
  await answers(host, docker)
  const archive = join(host.workspace, 'image.tar')
  await writeImage(archive)
  const loaded = await docker(['load', '--input', archive])
  if (loaded.exitCode !== 0) throw new Error(`docker load: ${loaded.all}`)
  const made = await docker(['network', 'create', 'own'])
  if (made.exitCode !== 0) throw new Error(`docker network create: ${made.all}`)
  return {
    host,
    docker,
    dockerTerminal: (command) =>
      host.run('script', ['-qec', `docker ${command}`, '/dev/null'], { openInput: true }),
  }
}

const daemonSettings = ({ runtime, cgroup }: PrivateHost) => ({
  'default-runtime': 'lintel',
  runtimes: { lintel: { path: runtime } },
  'exec-opts': ['native.cgroupdriver=cgroupfs'],
  'cgroup-parent': cgroup,
  iptables: false,
})

const answers = async (host: PrivateHost, docker: Docker['docker']): Promise<void> => {
  try {
    await until(async () => (await docker(['version'])).exitCode === 0, 'dockerd to answer', 30_000)
  } catch (error) {
    const log = readFileSync(join(host.workspace, 'dockerd.log'), 'utf8').split('\n').slice(-15)
    throw new Error(`dockerd does not answer:\n${log.join('\n')}`, { cause: error })
  }
}

/** Arguments of `docker run` for a container of the versioned image the profile finds nothing in. */
export const blameless: readonly string[] = [
  '--user=1000:1000',
  '--network=own',
  '--cpu-shares=512',
  '--health-cmd=test -e /tmp',
  '--security-opt=no-new-privileges',
  '--memory=64m',
  '--pids-limit=50',
  '--read-only',
]
