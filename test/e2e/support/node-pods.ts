/** Pods on an installed host, as its kubelet would run them: on the host's network, with one container that sleeps. */

import { join } from 'node:path'
import { type CriClient, connectCri } from './cri-client.ts'
import { writePauseImage } from './cri-image.ts'
import { versionedImage, writeImage } from './image.ts'
import type { InstalledHost } from './installed.ts'
import { until } from './private-host.ts'

export interface NodePods {
  /** The client; another one after every `connect`. */
  readonly cri: () => CriClient
  /** Connects anew, as one has to after a restart, and waits until CRI serves. */
  connect(): Promise<void>
  /** Runs a pod by a handler (none: the default one); answers its container's id. */
  start(name: string, handler?: string): Promise<string>
  /** What an `echo alive` in the container says. */
  alive(containerId: string): Promise<string>
  close(): void
}

const node = { network: 'NODE', pid: 'CONTAINER' } as const

/** Imports the images of the tests, that of the sandbox by these names more, and connects to CRI. */
export const openNodePods = async (
  host: InstalledHost,
  sandboxImages: readonly string[] = [],
): Promise<NodePods> => {
  let client: CriClient | undefined
  const cri = (): CriClient => {
    if (client === undefined) throw new Error('CRI is not connected')
    return client
  }
  const connect = async (): Promise<void> => {
    client?.close()
    client = connectCri(host.path('/run/containerd/containerd.sock'))
    await until(() => serves(cri()), 'CRI to be ready')
  }
  await importImages(host, sandboxImages)
  await connect()
  return {
    cri,
    connect,
    start: (name, handler = '') => startPod(host, cri(), { name, handler }),
    alive: async (containerId) => {
      const { stdout } = await cri().call('ExecSync', { containerId, cmd: ['echo', 'alive'], timeout: 30 })
      return stdout.toString().trim()
    },
    close: () => client?.close(),
  }
}

const importImages = async (host: InstalledHost, sandboxImages: readonly string[]): Promise<void> => {
  const [archive, pause] = [join(host.workspace, 'image.tar'), join(host.workspace, 'pause.tar')]
  await writeImage(archive, { names: [versionedImage] })
  await writePauseImage(archive, pause)
  for (const file of [archive, pause]) await host.shell(`ctr --namespace k8s.io images import ${file}`)
  for (const name of sandboxImages)
    await host.shell(`ctr --namespace k8s.io images tag lintel.test/pause:latest ${name}`)
}

const serves = async (cri: CriClient): Promise<boolean> => {
  try {
    const { status } = await cri.call('Status', {})
    return status.conditions.some(({ status: met }) => met)
  } catch {
    return false
  }
}

const startPod = async (
  host: InstalledHost,
  cri: CriClient,
  { name, handler }: { readonly name: string; readonly handler: string },
): Promise<string> => {
  const config = {
    metadata: { name, uid: `uid-${name}`, namespace: 'shop' },
    logDirectory: `/var/log/pods/${name}`,
    linux: { cgroupParent: host.cgroup, securityContext: { namespaceOptions: node } },
  }
  const { podSandboxId } = await cri.call('RunPodSandbox', { config, runtimeHandler: handler })
  const { containerId } = await cri.call('CreateContainer', {
    podSandboxId,
    config: {
      metadata: { name },
      image: { image: `docker.io/library/${versionedImage}` },
      command: ['sleep', '1000'],
      linux: { resources: {}, securityContext: { namespaceOptions: node } },
    },
    sandboxConfig: config,
  })
  await cri.call('StartContainer', { containerId })
  return containerId
}

/** What an init script would do to have containerd read its file again. */
export const restartContainerd = `kill $(pidof containerd)
while pidof containerd >/dev/null; do sleep 0.1; done
setsid containerd >>/run/containerd.log 2>&1 </dev/null &
for _ in $(seq 100); do ctr version >/dev/null 2>&1 && exit 0; sleep 0.1; done
exit 1
`
