/** What the cases of pods do by CRI, on whatever engine of the machine. */
import {
  type ContainerConfig,
  type CriClient,
  detailsOf,
  type NamespaceMode,
  type PodSandboxConfig,
  type SecurityContext,
  type SelinuxOption,
} from '../e2e/support/cri-client.ts'
import { criImage } from '../e2e/support/cri-containerd.ts'

/** A pod that runs. */
export interface Pod {
  readonly id: string
  readonly config: PodSandboxConfig
}

/** What a case says of a container; the rest is filled in. */
export type ContainerOptions = Pick<ContainerConfig, 'mounts'> & {
  readonly securityContext?: SecurityContext
}

/** The parts of CRI the cases use. */
export interface Cri {
  runPod(name: string, security?: PodSandboxConfig['linux']['securityContext'], token?: string): Promise<Pod>
  start(pod: Pod, name: string, options?: ContainerOptions): Promise<string>
  /** What a command of sh in it printed, both streams. */
  exec(containerId: string, command: string): Promise<string>
  /** Removes the pods, with all that is in them. */
  close(): Promise<void>
}

/** The verbs on this connection; pods have a network of this kind. */
export const criOf = (client: CriClient, network: NamespaceMode): Cri => {
  // A kubelet says it of the pod too: CRI-O then makes no process for the sandbox.
  const namespaces = { namespaceOptions: { network, pid: 'CONTAINER' } } as const
  const sandboxes: string[] = []
  const runPod: Cri['runPod'] = async (name, security = {}, token) => {
    const config: PodSandboxConfig = {
      metadata: { name, uid: `uid-${name}`, namespace: 'shop' },
      annotations: token === undefined ? {} : { 'io.lintel.token': token },
      linux: { cgroupParent: '/pods', securityContext: { ...namespaces, ...security } },
    }
    const { podSandboxId: id } = await client.call('RunPodSandbox', { config })
    sandboxes.push(id)
    return { id, config }
  }
  const start: Cri['start'] = async (pod, name, { mounts = [], securityContext = {} } = {}) => {
    const config: ContainerConfig = {
      metadata: { name },
      image: { image: criImage, userSpecifiedImage: criImage },
      command: ['sleep', '1000'],
      mounts,
      linux: { securityContext: { ...namespaces, ...securityContext } },
    }
    const request = { podSandboxId: pod.id, config, sandboxConfig: pod.config }
    const { containerId } = await client.call('CreateContainer', request)
    await client.call('StartContainer', { containerId })
    return containerId
  }
  const exec: Cri['exec'] = async (containerId, command) => {
    const cmd = ['sh', '-c', command]
    const { stdout, stderr } = await client.call('ExecSync', { containerId, cmd, timeout: 60 })
    return `${stdout}${stderr}`.replaceAll('\0', '').trim()
  }
  const close = async (): Promise<void> => {
    // As a kubelet does it: CRI-O waits ten seconds for each container of a sandbox that is stopped first.
    const { containers } = await client.call('ListContainers', {})
    for (const { id: containerId } of containers) {
      await client.call('StopContainer', { containerId, timeout: 0 })
      await client.call('RemoveContainer', { containerId })
    }
    for (const podSandboxId of sandboxes) {
      await client.call('StopPodSandbox', { podSandboxId })
      await client.call('RemovePodSandbox', { podSandboxId })
    }
  }
  return { runPod, start, exec, close }
}

/** What the engine said to a container it was to start. */
export const answerTo = (started: Promise<string>): Promise<string> =>
  detailsOf(started).catch((error: unknown) => `not refused: ${String(error)}`)

/** seLinuxOptions of a container. */
export const labelled = (selinuxOptions: SelinuxOption): ContainerOptions => ({
  securityContext: { selinuxOptions },
})
