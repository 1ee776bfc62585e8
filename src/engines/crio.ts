/** CRI-O: conmon calls the runtime with a bundle under overlay-containers and `-n k8s_…`. */
import { type EngineContext, everyFact, inapplicable, known, unknown } from '../core/engine-context.ts'
import { type Engine, optionValue, undescribed } from './engine.ts'

const byKubelet = inapplicable('kubelet decides that, from outside')

const silent = {
  // io.kubernetes.cri-o.PortMappings stands on the sandbox, where a pod's annotations are written over it.
  ports: unknown('CRI-O tells them where a pod could write over them'),
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
  describe: ({ config, bundle, containerId, parent }) => {
    const crioKey = (key: string): string | undefined => config?.annotations?.[`io.kubernetes.cri-o.${key}`]
    const sandboxId = crioKey('SandboxID') ?? containerId
    // `k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT`, a sandbox's own without CONTAINER: made by CRI-O of names that
    // cannot hold an underscore, while annotations can be a pod author's. No container can be called POD.
    const made = (optionValue(parent.argv, '-n') ?? crioKey('Name') ?? '').split('_')
    const [container, pod, namespace] = made.length === 5 ? ['POD', ...made.slice(1)] : made.slice(1)
    const sandbox = container === 'POD' && sandboxId === containerId
    // CRI-O writes a pod's annotations and labels over its own into the sandbox (server/sandbox_run_linux.go), into
    // a container under them: of a sandbox only conmon's arguments are CRI-O's word.
    const image = container === 'POD' ? undefined : (crioKey('ImageName') ?? crioKey('Image'))
    return {
      ...undescribed,
      speaker: 'kubernetes',
      context: {
        ...everyFact(unknown('CRI-O does not tell')),
        ...silent,
        image: image === undefined ? inapplicable('a pause container has none of its own') : known(image),
      },
      name: container,
      image,
      namespace,
      pod,
      sandboxId: container === 'POD' ? containerId : crioKey('SandboxID'),
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
