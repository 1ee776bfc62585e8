/** CRI-O: conmon calls the runtime with a bundle under overlay-containers and `-n k8s_…`. */
import { type EngineContext, everyFact, inapplicable, known, unknown } from '../core/engine-context.ts'
import type { Json } from '../core/json.ts'
import type { Host } from '../host/host.ts'
import { type Engine, optionValue, textAt, undescribed, valueAt } from './engine.ts'

const byKubelet = inapplicable('kubelet decides that, from outside')

const silent = {
  publishesAll: inapplicable('there is no such option'),
  restart: byKubelet,
  healthCheck: byKubelet,
  networks: inapplicable('Docker’s bridge is not there'),
} satisfies Partial<EngineContext>

/** Containers of CRI-O. */
export const crio: Engine = {
  id: 'crio',
  ways: { 'CRI-O': silent },
  recognise: ({ parent, bundle, containerId, config }) => {
    const byCrio =
      parent.program === 'crio' || (parent.program === 'conmon' && !parent.argv.includes('--exit-command'))
    if (!byCrio || config?.annotations?.['io.container.manager'] !== 'cri-o') return undefined
    const named = parent.program === 'crio' || optionValue(parent.argv, '-n')?.startsWith('k8s_') === true
    return { proven: named && bundle.endsWith(`/overlay-containers/${containerId}/userdata`) }
  },
  describe: ({ config, bundle, containerId, parent }, host) => {
    const crioKey = (key: string): string | undefined => config?.annotations?.[`io.kubernetes.cri-o.${key}`]
    const sandboxId = crioKey('SandboxID') ?? containerId
    // `k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT`, a sandbox's own without CONTAINER: made by CRI-O of names that
    // cannot hold an underscore, while annotations can be a pod author's. No container can be called POD.
    const made = (optionValue(parent.argv, '-n') ?? crioKey('Name') ?? '').split('_')
    const [container, pod, namespace] = made.length === 5 ? ['POD', ...made.slice(1)] : made.slice(1)
    const image = crioKey('ImageName') ?? crioKey('Image')
    const sandbox = container === 'POD' && sandboxId === containerId
    return {
      ...undescribed,
      speaker: 'kubernetes',
      context: {
        ...everyFact(unknown('CRI-O does not tell')),
        ...silent,
        ports: sandbox
          ? portsOf(crioKey('PortMappings'), host)
          : inapplicable('a pod’s ports belong to its sandbox'),
        image: image === undefined ? unknown('the pod does not name it') : known(image),
      },
      name: container,
      image,
      namespace,
      pod,
      sandbox,
      ownFolders: userdataFolders(bundle, config?.root?.path ?? '', [containerId, sandboxId]),
    }
  },
}

/** A container's and its sandbox's userdata, below the run root (the bundle) and the graph root (of the root path). */
const userdataFolders = (bundle: string, root: string, ids: readonly string[]): readonly string[] => {
  const folders = [
    bundle.slice(0, bundle.indexOf('/overlay-containers/')),
    root.slice(0, root.indexOf('/overlay/')),
  ]
  return folders
    .filter((folder) => folder.length > 1)
    .flatMap((folder) => ids.map((id) => `${folder}/overlay-containers/${id}/userdata`))
}

/** `[{"HostPort":80,"ContainerPort":80,"Protocol":"TCP","HostIP":""}]`, written by CRI-O on the sandbox. */
const portsOf = (text: string | undefined, host: Host): EngineContext['ports'] => {
  const parsed = host.parseJson(text ?? '[]', 8, '')
  if (!parsed.ok || !Array.isArray(parsed.value)) return unknown('CRI-O’s port mappings cannot be read')
  const numberText = (node: Json, name: string): string => String(valueAt(node, name) ?? '')
  const published = parsed.value.filter((port) => !['', '0'].includes(numberText(port, 'HostPort')))
  return known(
    published.map((port) => ({
      container: `${numberText(port, 'ContainerPort')}/${(textAt(port, 'Protocol') ?? 'tcp').toLowerCase()}`,
      hostIp: textAt(port, 'HostIP') ?? '',
      hostPort: numberText(port, 'HostPort'),
    })),
  )
}
