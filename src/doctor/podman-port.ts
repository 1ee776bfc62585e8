/** Podman's API on a TCP port without client certificates: its owner's containers, root's too, for everyone who reaches it. */
import type { Found } from './diagnosis.ts'
import type { Scene } from './scene.ts'

/** Processes `podman system service tcp://…` that verify no client (`--tls-client-ca`, podman-system-service(1)). */
export const podmanPort = ({ processes }: Scene): readonly Found[] =>
  processes.flatMap(({ pid, name, argv }): readonly Found[] => {
    const address = argv.find((word) => word.startsWith('tcp:'))
    if (name !== 'podman' || !argv.includes('service') || address === undefined) return []
    if (argv.some((word) => word.startsWith('--tls-client-ca'))) return []
    return [
      {
        level: 'problem',
        about: `podman (pid ${pid})`,
        message: `${address} gives Podman's API to anyone who reaches it`,
        advice: 'serve it on a unix socket (podman.socket) and reach that by ssh',
      },
    ]
  })
