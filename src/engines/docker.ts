/** Docker: dockerd's containers, which reach the runtime through containerd's shim in the namespace `moby`. */
import type { Json } from '../core/json.ts'
import { isShimBundle, shimNamespace } from './containerd.ts'
import { dockerContext } from './docker-context.ts'
import {
  type CallSite,
  type Described,
  type Engine,
  sideFile,
  textAt,
  undescribed,
  valueAt,
} from './engine.ts'

/** Folder names below Docker's data root that hold root file systems, one per storage driver. */
const storageDrivers = new Set([
  'overlay2',
  'overlay',
  'fuse-overlayfs',
  'vfs',
  'btrfs',
  'zfs',
  'aufs',
  'devicemapper',
  'rootfs',
])

/** Containers of dockerd. */
export const docker: Engine = {
  id: 'docker',
  ways: { Docker: {} },
  recognise: (site) => (shimNamespace(site) === 'moby' ? { proven: isShimBundle(site, 'moby') } : undefined),
  describe: (site, host) => {
    const folder = containerFolder(site)
    if (folder === undefined)
      return { ...undescribed, speaker: 'docker', context: dockerContext(undefined, undefined) }
    const container = sideFile(host, `${folder}/config.v2.json`, 1024 * 1024)
    const hostConfig = atCreate(site) ? sideFile(host, `${folder}/hostconfig.json`, 1024 * 1024) : undefined
    return describeContainer(container, hostConfig, folder)
  },
}

/** Only rules of create ask for the context; exec and update need not read another file. */
const atCreate = ({ operation }: CallSite): boolean => operation !== 'exec' && operation !== 'update'

const describeContainer = (
  side: Json | undefined,
  hostConfig: Json | undefined,
  folder: string,
): Described => ({
  ...undescribed,
  speaker: 'docker',
  context: dockerContext(side, hostConfig),
  name: textAt(side, 'Name')?.replace(/^\//, ''),
  image: textAt(side, 'Config', 'Image'),
  ownFolders: [folder],
  kept: { labels: valueAt(side, 'Config', 'Labels'), created: textAt(side, 'Created') },
})

/**
 * `<data-root>/containers/<id>`, from the source of the hostname file Docker mounts (that of another container,
 * where its network is joined).
 * That mount can be replaced by the user's own, so the data root it names must also be the one the root file
 * system lies in, which the user does not choose.
 */
const containerFolder = ({ config, containerId }: CallSite): string | undefined => {
  const root = config?.root?.path ?? ''
  for (const { destination, source } of config?.mounts ?? []) {
    const [, dataRoot, name] = networkFile.exec(source ?? '') ?? []
    if (dataRoot === undefined || destination !== `/etc/${name}`) continue
    const driver = root.slice(dataRoot.length + 1).split('/')[0] ?? ''
    if (root.startsWith(`${dataRoot}/`) && storageDrivers.has(driver)) {
      return `${dataRoot}/containers/${containerId}`
    }
  }
  return undefined
}

const networkFile = /^(\/.+)\/containers\/[0-9a-f]{64}\/(hostname|hosts|resolv\.conf)$/
