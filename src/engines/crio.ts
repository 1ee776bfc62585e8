/** CRI-O: conmon calls the runtime with a bundle under overlay-containers and `-n k8s_…`. */
import { type Engine, optionValue, undescribed } from './engine.ts'

/** Containers of CRI-O. */
export const crio: Engine = {
  id: 'crio',
  recognise: ({ parent, bundle, containerId, config }) => {
    const byCrio =
      parent.program === 'crio' || (parent.program === 'conmon' && !parent.argv.includes('--exit-command'))
    if (!byCrio || config?.annotations?.['io.container.manager'] !== 'cri-o') return undefined
    const named = parent.program === 'crio' || optionValue(parent.argv, '-n')?.startsWith('k8s_') === true
    return { proven: named && bundle.endsWith(`/overlay-containers/${containerId}/userdata`) }
  },
  describe: ({ config, bundle, containerId }) => {
    const annotations = config?.annotations ?? {}
    const crioKey = (key: string): string | undefined => annotations[`io.kubernetes.cri-o.${key}`]
    const sandboxId = crioKey('SandboxID') ?? ''
    return {
      ...undescribed,
      speaker: 'kubernetes',
      name: annotations['io.kubernetes.container.name'] ?? crioKey('Name'),
      image: crioKey('ImageName') ?? crioKey('Image'),
      namespace: crioKey('Namespace') ?? annotations['io.kubernetes.pod.namespace'],
      pod: crioKey('KubeName') ?? annotations['io.kubernetes.pod.name'],
      sandbox: crioKey('ContainerType') === 'sandbox' && sandboxId === containerId,
      ownFolders: [bundle, bundle.replace(`/${containerId}/`, `/${sandboxId}/`)],
    }
  },
}
