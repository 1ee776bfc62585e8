/** containerd: its shim calls for CRI (namespace k8s.io), for ctr and for nerdctl. */
import type { Host } from '../host/host.ts'
import { type CallSite, type Described, type Engine, optionValue, undescribed } from './engine.ts'

const shim = 'containerd-shim-runc-v2'

/** The containerd namespace of a call that came through the runc shim (facts: `-namespace NS -id ID`). */
export const shimNamespace = ({ parent }: CallSite): string | undefined =>
  parent.program === shim ? optionValue(parent.argv, '-namespace') : undefined

/** True when bundle and root are where containerd keeps this namespace's container. */
export const isShimBundle = (site: CallSite, namespace: string): boolean =>
  site.bundle.endsWith(`/io.containerd.runtime.v2.task/${namespace}/${site.containerId}`) &&
  site.root.endsWith(`/${namespace}`)

/** Containers of CRI, ctr and nerdctl. */
export const containerd: Engine = {
  id: 'containerd',
  recognise: (site) => {
    const namespace = shimNamespace(site)
    if (namespace === undefined || namespace === 'moby') return undefined
    return { proven: isShimBundle(site, namespace) }
  },
  describe: (site, host) => {
    const namespace = shimNamespace(site)
    return namespace === 'k8s.io'
      ? describePod(site, host)
      : { ...undescribed, speaker: 'ctr', name: site.containerId, namespace }
  },
}

const describePod = (site: CallSite, host: Host): Described => {
  const annotations = site.config?.annotations ?? {}
  const cri = (key: string): string | undefined => annotations[`io.kubernetes.cri.${key}`]
  const sandboxId = cri('sandbox-id') ?? ''
  return {
    speaker: 'kubernetes',
    name: cri('container-name') ?? cri('sandbox-name'),
    image: cri('image-name') ?? cri('podsandbox.image-name'),
    namespace: cri('sandbox-namespace'),
    pod: cri('sandbox-name'),
    buildStep: false,
    sandbox: cri('container-type') === 'sandbox' && sandboxId === site.containerId,
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
