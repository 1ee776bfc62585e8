/** A real containerd on a private host with its CRI service on, lintel being the runtime of its only handler. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type ContainerConfig,
  type ContainerStatus,
  type CriClient,
  connectCri,
  type PodSandboxConfig,
  type SecurityContext,
} from './cri-client.ts'
import { pauseImage, writePauseImage } from './cri-image.ts'
import { allowCgroup } from './decisions.ts'
import { versionedImage, writeImage } from './image.ts'
import { type Outcome, openPrivateHost, type PrivateHost, until } from './private-host.ts'

/** The name CRI knows the image of the tests by. */
export const criImage = `docker.io/library/${versionedImage}`

/** Where Debian's containernetworking-plugins has them. */
const plugins = '/usr/lib/cni'

/** What a test says of a pod; the rest is filled in. */
export interface PodOptions {
  readonly namespace?: string
  readonly annotations?: PodSandboxConfig['annotations']
  readonly securityContext?: PodSandboxConfig['linux']['securityContext']
  /** As its RuntimeClass names it; none: the engine's default. */
  readonly runtimeHandler?: string | undefined
}

/** What a test says of a container; without a command it sleeps. */
export type ContainerOptions = Partial<Pick<ContainerConfig, 'command' | 'mounts' | 'logPath'>> &
  Partial<ContainerConfig['linux']>

export interface Pod {
  readonly id: string
  readonly name: string
  readonly config: PodSandboxConfig
}

/** What a kubelet does by CRI, on whatever engine. */
export interface CriVerbs {
  /** Runs a sandbox. */
  runPod(name: string, options?: PodOptions): Promise<Pod>
  /** Creates a container in a pod, without starting it; answers its id. */
  create(pod: Pod, name: string, options?: ContainerOptions): Promise<string>
  /** Creates and starts it; answers its id. */
  start(pod: Pod, name: string, options?: ContainerOptions): Promise<string>
  /** What an ExecSync gave, its streams as text. */
  exec(containerId: string, ...cmd: readonly string[]): Promise<Omit<Outcome, 'all'>>
  status(containerId: string): Promise<ContainerStatus>
  /** Stops and removes a container, in whatever state it is. */
  remove(containerId: string): Promise<void>
  /** Stops and removes a sandbox with all that is in it. */
  removePod(pod: Pod): Promise<void>
}

export interface CriContainerd extends CriVerbs {
  readonly host: PrivateHost
  readonly cri: CriClient
  close(): Promise<void>
}

/** Starts containerd and imports both images. */
export const startCriContainerd = async (): Promise<CriContainerd> => {
  const host = await openPrivateHost(['containerd', 'containerd-shim-runc-v2', 'ctr'])
  allowCgroup(host)
  try {
    return await startIn(host)
  } catch (error) {
    await host.close()
    throw error
  }
}

const startIn = async (host: PrivateHost): Promise<CriContainerd> => {
  const config = join(host.workspace, 'containerd.toml')
  writeFileSync(config, settings(host))
  mkdirSync(host.path('/etc/cni/net.d'), { recursive: true })
  writeFileSync(host.path('/etc/cni/net.d/10-lintel.conflist'), JSON.stringify(bridgeNetwork))
  host.launch('containerd', 'containerd', ['--config', config])
  const ctr = (...args: readonly string[]): Promise<Outcome> =>
    host.run('ctr', ['--namespace', 'k8s.io', ...args])
  await until(async () => (await ctr('version')).exitCode === 0, 'containerd to answer', 30_000)
  for (const file of await writeImages(host)) {
    const imported = await ctr('images', 'import', file)
    if (imported.exitCode !== 0) throw new Error(`ctr images import: ${imported.all}`)
  }
  const cri = connectCri(host.path('/run/containerd/containerd.sock'))
  await until(() => ready(cri), `CRI to be ready; it needs CNI plug-ins in ${plugins}`)
  return { host, cri, ...criVerbs(host, cri), close: () => closing(host, cri) }
}

const writeImages = async ({ workspace }: PrivateHost): Promise<readonly string[]> => {
  const archive = join(workspace, 'image.tar')
  const pause = join(workspace, 'pause.tar')
  // Of two names containerd tells the runtime the one it likes.
  await writeImage(archive, { names: [versionedImage] })
  await writePauseImage(archive, pause)
  return [archive, pause]
}

const ready = async (cri: CriClient): Promise<boolean> => {
  const { status } = await cri.call('Status', {})
  return status.conditions.length > 0 && status.conditions.every((condition) => condition.status)
}

const closing = async (host: PrivateHost, cri: CriClient): Promise<void> => {
  cri.close()
  await host.close()
}

/** The verbs on this connection; containers are of the tests' image, in cgroups of the host's own. */
export const criVerbs = ({ cgroup }: PrivateHost, cri: CriClient): CriVerbs => {
  const create: CriVerbs['create'] = async (pod, name, options = {}) => {
    const { command = ['sleep', '1000'], resources = {}, securityContext = {}, ...rest } = options
    const config: ContainerConfig = {
      metadata: { name },
      image: { image: criImage, userSpecifiedImage: criImage },
      command,
      ...rest,
      linux: { resources, securityContext: { ...ofKubelet(pod), ...securityContext } },
    }
    const { containerId } = await cri.call('CreateContainer', {
      podSandboxId: pod.id,
      config,
      sandboxConfig: pod.config,
    })
    return containerId
  }
  const runPod: CriVerbs['runPod'] = async (name, options = {}) => {
    const config: PodSandboxConfig = {
      metadata: { name, uid: `uid-${name}`, namespace: options.namespace ?? 'shop' },
      // A kubelet gives no name to a pod that shares the host's.
      hostname: options.securityContext?.namespaceOptions?.network === 'NODE' ? '' : name,
      logDirectory: `/var/log/pods/${name}`,
      annotations: options.annotations ?? {},
      linux: { cgroupParent: cgroup, securityContext: podSecurity(options) },
    }
    const { podSandboxId: id } = await cri.call('RunPodSandbox', {
      config,
      runtimeHandler: options.runtimeHandler ?? '',
    })
    return { id, name, config }
  }
  const start: CriVerbs['start'] = async (pod, name, options) => {
    const containerId = await create(pod, name, options)
    await cri.call('StartContainer', { containerId })
    return containerId
  }
  const exec: CriVerbs['exec'] = async (containerId, ...cmd) => {
    const { stdout, stderr, exitCode } = await cri.call('ExecSync', { containerId, cmd, timeout: 30 })
    return { stdout: stdout.toString(), stderr: stderr.toString(), exitCode }
  }
  const status: CriVerbs['status'] = async (containerId) =>
    (await cri.call('ContainerStatus', { containerId })).status
  const remove: CriVerbs['remove'] = async (containerId) => {
    await cri.call('StopContainer', { containerId, timeout: 0 })
    await cri.call('RemoveContainer', { containerId })
  }
  const removePod: CriVerbs['removePod'] = async ({ id: podSandboxId }) => {
    await cri.call('StopPodSandbox', { podSandboxId })
    await cri.call('RemovePodSandbox', { podSandboxId })
  }
  return { create, runPod, start, exec, status, remove, removePod }
}

/** A kubelet says it of the pod too: CRI-O then makes no process for the sandbox. */
const podSecurity = ({ securityContext }: PodOptions): PodSandboxConfig['linux']['securityContext'] => ({
  ...securityContext,
  namespaceOptions: { pid: 'CONTAINER', ...securityContext?.namespaceOptions },
})

/** What a kubelet always asks for, and the namespaces its pod asked for. */
const ofKubelet = ({ config }: Pod): SecurityContext => ({
  namespaceOptions: { pid: 'CONTAINER', ...config.linux.securityContext.namespaceOptions },
  ...kubeletPaths,
})

/** What a container asks for that leaves nothing to repair, but for the limit of processes, for which CRI has no word. */
export const hardened: ContainerOptions = {
  resources: { memoryLimitInBytes: 67108864, cpuShares: 512 },
  securityContext: {
    ...{ runAsUser: { value: 1000 }, runAsGroup: { value: 1000 } },
    ...{ noNewPrivs: true, readonlyRootfs: true, seccomp: { profileType: 'RuntimeDefault' } },
  },
}

/** What a kubelet has hidden and made read-only, unless a pod unmasks its /proc. */
export const kubeletPaths = {
  maskedPaths: [
    '/proc/acpi',
    '/proc/kcore',
    '/proc/keys',
    '/proc/latency_stats',
    '/proc/sched_debug',
    '/proc/scsi',
    '/proc/timer_list',
    '/proc/timer_stats',
    '/sys/firmware',
  ],
  readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
} as const

/** A bridge of Debian's CNI plug-ins, as a cluster's own network would be. */
export const bridgeNetwork = {
  cniVersion: '0.4.0',
  name: 'lintel',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipam: { type: 'host-local', ranges: [[{ subnet: '10.85.0.0/16' }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
  ],
}

/** `pod_annotations` is the most trusting a site can choose: what a pod's author writes reaches the configuration. */
const settings = ({ runtime }: PrivateHost): string => `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${plugins}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      pod_annotations = ["*"]
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = "${runtime}"
`
