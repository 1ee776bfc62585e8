/** Who makes an attempt's call: nobody, or a process of an engine's name with its root, bundle and side files. */
import type { Json } from '../../src/core/json.ts'

export type Caller = 'nobody' | 'docker' | 'pod' | 'sandbox' | 'ctr' | 'podman'

/** A call's surroundings. `@bundle`: the folder that stands for no engine's. */
export interface Surroundings {
  /** Executable name and arguments of the calling process; none: the shell of the tests. */
  readonly parent?: { readonly program: string; readonly argv: readonly string[] }
  readonly root: string
  readonly bundle: string
  /** What the engine writes into every configuration. */
  readonly config: Json
  readonly mounts: readonly Json[]
  readonly files: { readonly [path: string]: Json }
}

const tasks = '/run/containerd/io.containerd.runtime.v2.task'
const storage = '/var/lib/containers/storage/overlay-containers'

const shim = (namespace: string, id: string): Pick<Surroundings, 'parent' | 'bundle' | 'root'> => ({
  parent: { program: 'containerd-shim-runc-v2', argv: ['-namespace', namespace, '-id', id] },
  bundle: `${tasks}/${namespace}/${id}`,
  root: namespace === 'moby' ? '/var/run/docker/runtime-runc/moby' : `/run/containerd/runc/${namespace}`,
})

const none = { config: {}, mounts: [], files: {} } as const

/** Where Docker keeps what it knows of a container. */
const dockerFolder = (id: string): string => `/var/lib/docker/containers/${id}`

const docker = (id: string): Surroundings => ({
  ...shim('moby', id),
  config: {
    root: { path: `/var/lib/docker/overlay2/${id}/merged` },
    linux: { cgroupsPath: `/docker/${id}` },
  },
  mounts: [
    {
      destination: '/etc/hostname',
      type: 'bind',
      source: `${dockerFolder(id)}/hostname`,
      options: ['rbind', 'rprivate'],
    },
  ],
  files: {
    [`${dockerFolder(id)}/config.v2.json`]: {
      Name: '/shop',
      Config: {
        Image: 'registry.example/shop:1.4.2',
        Healthcheck: { Test: ['CMD', '/bin/check'] },
      },
      NetworkSettings: { Networks: { shop: {} } },
    },
    [`${dockerFolder(id)}/hostconfig.json`]: {
      NetworkMode: 'shop',
      PortBindings: {},
      RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    },
    [`${dockerFolder(id)}/hostname`]: 'shop',
  },
})

const pod = (id: string, type: 'container' | 'sandbox'): Surroundings => ({
  ...none,
  ...shim('k8s.io', id),
  config: {
    annotations: {
      'io.kubernetes.cri.container-type': type,
      'io.kubernetes.cri.container-name': 'shop',
      'io.kubernetes.cri.image-name': 'registry.example/shop:1.4.2',
      'io.kubernetes.cri.sandbox-id': type === 'sandbox' ? id : 'b'.repeat(64),
      'io.kubernetes.cri.sandbox-name': 'shop-1',
      'io.kubernetes.cri.sandbox-namespace': 'shops',
    },
    linux: { cgroupsPath: `/kubepods/burstable/pod1/${id}` },
  },
})

const conmon = (id: string, more: readonly string[]): Pick<Surroundings, 'parent' | 'bundle' | 'root'> => ({
  parent: { program: 'conmon', argv: ['-c', id, ...more] },
  bundle: `${storage}/${id}/userdata`,
  root: '/run/crun',
})

const callers: { readonly [caller in Caller]: (id: string) => Surroundings } = {
  nobody: () => ({ ...none, root: '/run/runc', bundle: '@here/bundle' }),
  docker,
  pod: (id) => pod(id, 'container'),
  sandbox: (id) => pod(id, 'sandbox'),
  ctr: (id) => ({ ...none, ...shim('default', id), config: { linux: { cgroupsPath: `/default/${id}` } } }),
  podman: (id) => ({
    ...none,
    ...conmon(id, ['-n', 'shop', '--exit-command', '/usr/bin/podman']),
    config: {
      annotations: { 'io.container.manager': 'libpod' },
      linux: { cgroupsPath: `/libpod_parent/libpod-${id}` },
    },
  }),
}

/** The surroundings of a call by this caller about this container. */
export const surroundings = (caller: Caller, id: string): Surroundings => callers[caller](id)
