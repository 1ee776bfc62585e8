/** A client of the Kubernetes container runtime interface (CRI): what a kubelet says to containerd, typed. */

import { fileURLToPath } from 'node:url'
import { Client, credentials, type ServiceDefinition } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

const proto = fileURLToPath(new URL('cri.proto', import.meta.url))
const serviceName = 'runtime.v1.RuntimeService'

export type NamespaceMode = 'POD' | 'CONTAINER' | 'NODE'

export interface NamespaceOption {
  readonly network?: NamespaceMode
  readonly pid?: NamespaceMode
  readonly ipc?: NamespaceMode
}

export interface PodSandboxConfig {
  readonly metadata: { readonly name: string; readonly uid: string; readonly namespace: string }
  readonly hostname?: string
  readonly logDirectory?: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly linux: {
    readonly cgroupParent: string
    readonly securityContext: { readonly namespaceOptions?: NamespaceOption; readonly privileged?: boolean }
  }
}

export interface Resources {
  readonly cpuShares?: number
  readonly memoryLimitInBytes?: number
}

export interface SecurityContext {
  readonly capabilities?: { readonly addCapabilities: readonly string[] }
  readonly privileged?: boolean
  readonly namespaceOptions?: NamespaceOption
  readonly runAsUser?: { readonly value: number }
  readonly runAsGroup?: { readonly value: number }
  readonly readonlyRootfs?: boolean
  readonly noNewPrivs?: boolean
  readonly maskedPaths?: readonly string[]
  readonly readonlyPaths?: readonly string[]
  readonly seccomp?: { readonly profileType: 'RuntimeDefault' | 'Unconfined' }
}

export interface ContainerConfig {
  readonly metadata: { readonly name: string }
  readonly image: { readonly image: string; readonly userSpecifiedImage?: string }
  readonly command: readonly string[]
  readonly mounts?: readonly { readonly containerPath: string; readonly hostPath: string }[]
  readonly logPath?: string
  readonly linux: { readonly resources?: Resources; readonly securityContext?: SecurityContext }
}

interface PodSandboxId {
  readonly podSandboxId: string
}

interface ContainerId {
  readonly containerId: string
}

type Nothing = Readonly<Record<string, never>>

export type ContainerState =
  | 'CONTAINER_CREATED'
  | 'CONTAINER_RUNNING'
  | 'CONTAINER_EXITED'
  | 'CONTAINER_UNKNOWN'

/** Request and reply of every call; 64-bit numbers come as text. */
interface Calls {
  Status: [Nothing, { readonly status: { readonly conditions: readonly { readonly status: boolean }[] } }]
  RunPodSandbox: [{ readonly config: PodSandboxConfig; readonly runtimeHandler?: string }, PodSandboxId]
  StopPodSandbox: [PodSandboxId, Nothing]
  RemovePodSandbox: [PodSandboxId, Nothing]
  PodSandboxStatus: [
    PodSandboxId,
    { readonly status: { readonly state: string; readonly network?: { readonly ip: string } } },
  ]
  CreateContainer: [
    PodSandboxId & { readonly config: ContainerConfig; readonly sandboxConfig: PodSandboxConfig },
    ContainerId,
  ]
  StartContainer: [ContainerId, Nothing]
  StopContainer: [ContainerId & { readonly timeout: number }, Nothing]
  RemoveContainer: [ContainerId, Nothing]
  ListContainers: [Nothing, { readonly containers: readonly Listed[] }]
  ContainerStatus: [ContainerId, { readonly status: ContainerStatus }]
  UpdateContainerResources: [ContainerId & { readonly linux: Resources }, Nothing]
  ExecSync: [ContainerId & Command & { readonly timeout: number }, ExecSyncReply]
  Exec: [ContainerId & Command & Streams, { readonly url: string }]
  ContainerStats: [
    ContainerId,
    { readonly stats: { readonly memory: { readonly workingSetBytes: { readonly value: string } } } },
  ]
}

interface Command {
  readonly cmd: readonly string[]
}

interface Streams {
  readonly tty: boolean
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
}

interface Listed {
  readonly id: string
  readonly metadata: { readonly name: string }
  readonly state: ContainerState
}

export interface ContainerStatus {
  readonly state: ContainerState
  readonly exitCode: number
  readonly reason: string
  readonly message: string
}

interface ExecSyncReply {
  readonly stdout: Buffer
  readonly stderr: Buffer
  readonly exitCode: number
}

/** An open connection. A call that the engine refuses rejects with its gRPC error; `details` is the text. */
export interface CriClient {
  call<Name extends keyof Calls>(name: Name, request: Calls[Name][0]): Promise<Calls[Name][1]>
  close(): void
}

/** Connects to the socket of an engine, given by a path of this side. */
export const connectCri = (socket: string): CriClient => {
  const definition = loadSync(proto, { longs: String, enums: String, defaults: true })[serviceName]
  if (definition === undefined || 'format' in definition) throw new Error(`${proto} has no ${serviceName}`)
  const methods: ServiceDefinition = definition
  const client = new Client(`unix:${socket}`, credentials.createInsecure())
  return {
    call: (name, request) =>
      new Promise((resolve, reject) => {
        const method = methods[name]
        if (method === undefined) throw new Error(`${proto} has no ${name}`)
        const { path, requestSerialize, responseDeserialize } = method
        const options = { deadline: Date.now() + 60_000 }
        client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          options,
          (error, reply) => (error === null ? resolve(reply) : reject(error)),
        )
      }),
    close: () => client.close(),
  }
}

/** The text a refused call came back with; fails where it was not refused. */
export const detailsOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call
  } catch (error) {
    if (error instanceof Error && 'details' in error && typeof error.details === 'string')
      return error.details
    throw error
  }
  throw new Error('the call was expected to be refused')
}
