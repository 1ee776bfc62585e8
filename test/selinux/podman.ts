/** Cases of Podman. */
import { podmanVersionedImage } from '../e2e/support/podman.ts'
import { type CommandLine, commandLineCases } from './command-line.ts'
import type { Scene } from './labels.ts'

const quoted = (argument: string): string => `'${argument.replaceAll("'", `'\\''`)}'`

const podmanOf = ({ guest, token }: Scene): CommandLine => ({
  name: 'Podman',
  image: podmanVersionedImage,
  command: (...args) => guest.run(`podman ${args.map(quoted).join(' ')}`),
  asked: (container) => [
    '--annotation',
    `io.lintel.token=${token({ container, image: podmanVersionedImage })}`,
  ],
})

export const podmanCases = async (scene: Scene): Promise<void> => {
  const podman = podmanOf(scene)
  const { guest, report } = scene
  await guest.tell('cat /root/in/image.tar | podman load')
  await commandLineCases(podman, scene)
  const pod = ['--name=pair', `--infra-image=${podmanVersionedImage}`, '--infra-command=sleep 1000']
  await podman.command('pod', 'create', '--network=none', ...pod)
  const one = await podman.command('run', '--rm', '--pod=pair', podmanVersionedImage, 'true')
  report.has(
    'Podman: a pod has one level, and nothing proves the pod: refused without an exemption',
    one.said,
    'is that of another container',
  )
  await podman.command('pod', 'rm', '--force', '--time=0', 'pair')
  await podman.command('rm', '--force', '--time=0', 'first', 'second')
}
