/** Podman: conmon calls the runtime for create and exec, podman itself for update. */
import { type EngineContext, everyFact, inapplicable, known, unknown } from '../core/engine-context.ts'
import { isJsonObject, type Json } from '../core/json.ts'
import type { Host } from '../host/host.ts'
import {
  buildContext,
  type CallSite,
  type Described,
  type Engine,
  optionValue,
  sideFile,
  textAt,
  undescribed,
} from './engine.ts'

const maxContainersFile = 256 * 1024

/** `<graph root>/<driver>-containers/<id>/userdata`, whatever the storage driver. */
const isUserdata = ({ bundle, containerId }: CallSite): boolean =>
  bundle.endsWith(`-containers/${containerId}/userdata`) &&
  /\/[a-z]+-containers\/[^/]+\/userdata$/.test(bundle)

/** A RUN step of Buildah, on its own or inside `podman build`: bundle and id carry the builder's name. */
const isBuildStep = ({ parent, bundle, containerId }: CallSite): boolean =>
  (parent.program === 'podman' || parent.program === 'buildah') &&
  /^buildah-buildah[0-9]+$/.test(containerId) &&
  /\/buildah[0-9]+$/.test(bundle)

const inDatabase = unknown('Podman keeps it in its database, which is locked while it calls the runtime')

const silent = {
  ports: inDatabase,
  publishesAll: inDatabase,
  restart: inDatabase,
  healthCheck: inDatabase,
  networks: inapplicable('Docker’s bridge is not there'),
} satisfies Partial<EngineContext>

/** Containers of Podman, with conmon or podman itself as the caller; Buildah's steps included. */
export const podman: Engine = {
  id: 'podman',
  ways: { Podman: silent, Buildah: buildContext },
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
      return {
        ...undescribed,
        speaker: 'podman',
        buildStep: true,
        ownFolders: [site.bundle],
        context: buildContext,
      }
    }
    const stored = storedContainer(site, host)
    const image = imageName(host, stored)
    return {
      ...undescribed,
      speaker: 'podman',
      context: {
        ...everyFact(inDatabase),
        ...silent,
        image: image === undefined ? inDatabase : known(image),
      },
      name: optionValue(site.parent.argv, '-n') ?? storedName(stored),
      image,
      ownFolders: ownFolders(site),
      kept: { labels: undefined, created: textAt(stored, 'created') },
    }
  },
}

/**
 * The container's entry in the store's list, or in that of those with --rm (containers/storage, since Podman 5 at the
 * latest); undefined where a file is too large to read here.
 */
const storedContainer = (site: CallSite, host: Host): Json | undefined => {
  const folder = site.bundle.slice(0, site.bundle.lastIndexOf(`/${site.containerId}/userdata`))
  for (const name of ['containers.json', 'volatile-containers.json']) {
    const entries = sideFile(host, `${folder}/${name}`, maxContainersFile)
    const entry = Array.isArray(entries)
      ? entries.find((each) => textAt(each, 'id') === site.containerId)
      : undefined
    if (entry !== undefined) return entry
  }
  return undefined
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
