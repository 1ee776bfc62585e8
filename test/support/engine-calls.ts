/** Calls as engines make them: from a process of the engine's name, with its root, bundle and side files. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Json } from '../../src/core/json.ts'
import { configWith } from './calls.ts'
import type { Called, Shim } from './shim.ts'

const id = 'c'.repeat(64)
const tasks = '/run/containerd/io.containerd.runtime.v2.task'

/** An engine's call to create one container. */
export interface EngineCall {
  readonly parent: { readonly program: string; readonly argv: readonly string[] }
  readonly root: string
  readonly bundle: string
  readonly config: Json
  /** The engine's own files about the container. */
  readonly files: { readonly [path: string]: Json }
}

const shimOf = (namespace: string): EngineCall['parent'] => ({
  program: 'containerd-shim-runc-v2',
  argv: ['-namespace', namespace, '-id', id],
})

/** dockerd's: image and name stand in config.v2.json below its data root. */
export const dockerCall = (image: string, name: string, changes: Json = {}): EngineCall => {
  const folder = `/var/lib/docker/containers/${id}`
  const mounts = [
    { destination: '/etc/hostname', source: `${folder}/hostname`, type: 'bind', options: ['rbind'] },
  ]
  return {
    parent: shimOf('moby'),
    root: '/var/run/docker/runtime-runc/moby',
    bundle: `${tasks}/moby/${id}`,
    config: configWith({ root: { path: '/var/lib/docker/overlay2/c/merged' }, mounts, ...Object(changes) }),
    files: {
      [`${folder}/config.v2.json`]: { Name: `/${name}`, Config: { Image: image } },
      [`${folder}/hostname`]: 'c',
    },
  }
}

/** containerd's for a pod: all stands in annotations of the CRI plug-in. */
export const podCall = (image: string, namespace: string, changes: Json = {}): EngineCall => ({
  parent: shimOf('k8s.io'),
  root: '/run/containerd/runc/k8s.io',
  bundle: `${tasks}/k8s.io/${id}`,
  config: configWith({
    annotations: {
      'io.kubernetes.cri.container-type': 'container',
      'io.kubernetes.cri.container-name': 'main',
      'io.kubernetes.cri.image-name': image,
      'io.kubernetes.cri.sandbox-name': 'pod-1',
      'io.kubernetes.cri.sandbox-namespace': namespace,
    },
    ...Object(changes),
  }),
  files: {},
})

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`

/** Makes the call from a process of the engine's name; dash does not care what it is called. */
export const callAs = async (shim: Shim, call: EngineCall): Promise<Called> => {
  const { parent, root, bundle, config, files } = call
  for (const [path, content] of Object.entries(files)) shim.write(path, JSON.stringify(content))
  await shim.shell(`mkdir -p ${quoted(`${bundle}/rootfs`)}`)
  shim.write(`${bundle}/config.json`, JSON.stringify(config))
  const program = join(shim.host.workspace, parent.program)
  copyFileSync('/bin/dash', program)
  const words = [shim.host.runtime, '--root', root, 'create', '--bundle', bundle, id]
  const script = `${words.map(quoted).join(' ')}; exit $?`
  return shim.command([program, '-c', script, 'x', ...parent.argv])
}
