/** Cases of Docker with selinux-enabled. */
import { execa } from 'execa'
import { versionedImage } from '../e2e/support/image.ts'
import { type CommandLine, commandLineCases, runOnce } from './command-line.ts'
import { until } from './guest.ts'
import type { Scene } from './labels.ts'

/** The daemon runs in the machine; its command line here, where nothing is emulated. */
const dockerOf = ({ guest, token }: Scene): CommandLine => ({
  name: 'Docker',
  image: versionedImage,
  command: async (...args) => {
    const { exitCode = -1, all = '' } = await execa(
      'docker',
      ['--host', `tcp://127.0.0.1:${guest.ports.docker}`, ...args],
      { reject: false, all: true, stdin: 'ignore' },
    )
    return { status: exitCode, said: all.replaceAll('\0', '') }
  },
  asked: (container) => ['--label', `io.lintel.token=${token({ container, image: versionedImage })}`],
})

export const dockerCases = async (scene: Scene): Promise<void> => {
  const docker = dockerOf(scene)
  const { report, archive } = scene
  await until(async () => (await docker.command('version')).status === 0, 'dockerd to answer')
  const loaded = await docker.command('load', '--input', archive)
  if (loaded.status !== 0) throw new Error(`docker load: ${loaded.said}`)
  await commandLineCases(docker, scene)
  await docker.command(
    'run',
    '--detach',
    '--network=none',
    '--ipc=shareable',
    '--name=donor',
    docker.image,
    'sleep',
    '1000',
  )
  const joined = await runOnce(docker, ['--ipc=container:donor'])
  report.has(
    'Docker: --ipc=container: brings the level of the other: refused',
    joined.said,
    'is that of another container',
  )
  await docker.command('rm', '--force', 'first', 'second', 'donor')
}
