/** Podman: conmon calls the runtime for create and exec, podman itself for update. */
import { isJsonObject, type Json } from '../core/json.ts'
import type { Host } from '../host/host.ts'
import {
  type CallSite,
  type Described,
  type Engine,
  optionValue,
  sideFile,
  textAt,
  undescribed,
} from './engine.ts'

const maxContainersFile = 256 * 1024

const isUserdata = ({ bundle, containerId }: CallSite): boolean =>
  bundle.endsWith(`/overlay-containers/${containerId}/userdata`) ||
  bundle.endsWith(`/vfs-containers/${containerId}/userdata`)

/** A RUN step of Buildah, on its own or inside `podman build`: bundle and id carry the builder's name. */
const isBuildStep = ({ parent, bundle, containerId }: CallSite): boolean =>
  (parent.program === 'podman' || parent.program === 'buildah') &&
  /^buildah-buildah[0-9]+$/.test(containerId) &&
  /\/buildah[0-9]+$/.test(bundle)

/** Containers of Podman, with conmon or podman itself as the caller; Buildah's steps included. */
export const podman: Engine = {
  id: 'podman',
  recognise: (site) => {
    const { program, argv } = site.parent
    if (program === 'podman' || program === 'buildah')
      return { proven: isUserdata(site) || isBuildStep(site) }
    const exits = argv.some(
      (argument, index) => argument === '--exit-command' && argv[index + 1]?.endsWith('podman'),
    )
    if (program !== 'conmon' || !exits) return undefined
    return { proven: isUserdata(site) }
  },
  describe: (site, host) => {
    if (isBuildStep(site)) {
      return { ...undescribed, speaker: 'podman', buildStep: true, ownFolders: [site.bundle] }
    }
    const stored = storedContainer(site, host)
    return {
      ...undescribed,
      speaker: 'podman',
      name: optionValue(site.parent.argv, '-n') ?? storedName(stored),
      image: imageName(host, stored),
      ownFolders: ownFolders(site),
    }
  },
}

/** The container's entry in containers.json of the store; undefined where the file is too large to read here. */
const storedContainer = (site: CallSite, host: Host): Json | undefined => {
  const folder = site.bundle.slice(0, site.bundle.lastIndexOf(`/${site.containerId}/userdata`))
  const entries = sideFile(host, `${folder}/containers.json`, maxContainersFile)
  return Array.isArray(entries)
    ? entries.find((entry) => textAt(entry, 'id') === site.containerId)
    : undefined
}

const storedName = (stored: Json | undefined): string | undefined => {
  const names = stored !== undefined && isJsonObject(stored) ? stored['names'] : undefined
  return Array.isArray(names) && typeof names[0] === 'string' ? names[0] : undefined
}

/** The reference as typed stands in `metadata`, a JSON text inside the JSON. */
const imageName = (host: Host, stored: Json | undefined): string | undefined => {
  const metadata = textAt(stored, 'metadata')
  if (metadata === undefined) return undefined
  const parsed = host.parseJson(metadata, 8, '')
  return parsed.ok ? textAt(parsed.value, 'image-name') : undefined
}

/** The bundle (graph root) and its twin in the run root, which the pid file or the log names. */
const ownFolders = ({ bundle, pidFile, containerId }: CallSite): Described['ownFolders'] => {
  const run = pidFile.slice(0, pidFile.lastIndexOf('/'))
  return run.endsWith(`/${containerId}/userdata`) ? [bundle, run] : [bundle]
}
