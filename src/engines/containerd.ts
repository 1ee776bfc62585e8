/** containerd: its shim calls for CRI (namespace k8s.io), for ctr and for nerdctl. */
import { type EngineContext, everyFact, inapplicable, known, unknown } from '../core/engine-context.ts'
import type { Host } from '../host/host.ts'
import { type CallSite, type Described, type Engine, optionValue, undescribed } from './engine.ts'
import { isNerdctl, nerdctlContext, silentInNerdctl } from './nerdctl-context.ts'

const shim = 'containerd-shim-runc-v2'

/** The containerd namespace of a call that came through the runc shim (facts: `-namespace NS -id ID`). */
export const shimNamespace = ({ parent }: CallSite): string | undefined =>
  parent.program === shim ? optionValue(parent.argv, '-namespace') : undefined

/** True when bundle and root are where containerd keeps this namespace's container. */
export const isShimBundle = (site: CallSite, namespace: string): boolean =>
  site.bundle.endsWith(`/io.containerd.runtime.v2.task/${namespace}/${site.containerId}`) &&
  site.root.endsWith(`/${namespace}`)

const byKubelet = inapplicable('kubelet decides that, from outside')
const noBridge = inapplicable('Docker’s bridge is not there')

const silentInCri = {
  ports: unknown('containerd gives hostPort to the network plug-ins only'),
  publishesAll: inapplicable('there is no such option'),
  restart: byKubelet,
  healthCheck: byKubelet,
  networks: noBridge,
} satisfies Partial<EngineContext>

const silentInCtr = {
  ports: inapplicable('ctr publishes no ports'),
  publishesAll: inapplicable('ctr publishes no ports'),
  restart: inapplicable('ctr starts a task once'),
  healthCheck: inapplicable('ctr has no health checks'),
  networks: noBridge,
  image: unknown('containerd keeps it in its database'),
} satisfies Partial<EngineContext>

/** Containers of CRI, ctr and nerdctl. */
export const containerd: Engine = {
  id: 'containerd',
  ways: { 'containerd (CRI)': silentInCri, ctr: silentInCtr, nerdctl: silentInNerdctl },
  recognise: (site) => {
    const namespace = shimNamespace(site)
    if (namespace === undefined || namespace === 'moby') return undefined
    return { proven: isShimBundle(site, namespace) }
  },
  describe: (site, host) => {
    const namespace = shimNamespace(site)
    if (namespace === 'k8s.io') return describePod(site, host)
    const annotations = site.config?.annotations ?? {}
    return isNerdctl(annotations)
      ? {
          ...undescribed,
          speaker: 'docker',
          name: annotations['nerdctl/name'] ?? site.containerId,
          namespace,
          context: nerdctlContext(annotations, host),
        }
      : { ...undescribed, speaker: 'ctr', name: site.containerId, namespace, context: ctrContext }
  },
}

const ctrContext: EngineContext = { ...everyFact(unknown('ctr does not tell')), ...silentInCtr }

const criContext = (image: string | undefined): EngineContext => ({
  ...everyFact(unknown('containerd does not tell')),
  ...silentInCri,
  image: image === undefined ? inapplicable('a pause container has none of its own') : known(image),
})

const describePod = (site: CallSite, host: Host): Described => {
  const annotations = site.config?.annotations ?? {}
  const cri = (key: string): string | undefined => annotations[`io.kubernetes.cri.${key}`]
  const sandboxId = cri('sandbox-id') ?? ''
  const sandbox = cri('container-type') === 'sandbox' && sandboxId === site.containerId
  // Of a sandbox containerd writes no container-name and, before 2.0, no image: where the site hands pod annotations
  // on (pod_annotations), those would be the pod author's.
  const image = sandbox ? undefined : cri('image-name')
  return {
    speaker: 'kubernetes',
    context: criContext(image),
    name: sandbox ? cri('sandbox-name') : cri('container-name'),
    image,
    namespace: cri('sandbox-namespace'),
    pod: cri('sandbox-name'),
    sandboxId: sandboxId === '' ? undefined : sandboxId,
    buildStep: false,
    sandbox,
    ownFolders: podFolders(site, host, { sandboxId, podUid: cri('sandbox-uid') }),
  }
}

const podFolders = (
  site: CallSite,
  host: Host,
  pod: { readonly sandboxId: string; readonly podUid: string | undefined },
): readonly string[] => {
  const state = site.bundle.slice(0, site.bundle.indexOf('/io.containerd.runtime.v2.task/'))
  // The bundle's `work` link leads to containerd's root folder, wherever that is configured.
  const work = host.readLink(`${site.bundle}/work`)
  const root = work.ok ? work.value.slice(0, work.value.indexOf('/io.containerd.runtime.v2.task/')) : ''
  return [state, root]
    .filter((folder) => folder.length > 1)
    .flatMap((folder) => [
      `${folder}/io.containerd.grpc.v1.cri/sandboxes/${pod.sandboxId}`,
      `${folder}/io.containerd.grpc.v1.cri/containers/${site.containerId}`,
    ])
    .concat(pod.podUid === undefined ? [] : [`/var/lib/kubelet/pods/${pod.podUid}`])
    .filter((folder) => !folder.endsWith('/'))
}
