/** Containers that keep calling lintel after the engine's files do not name it any more: each keeps the runtime it was made with. */
import { isJsonObject, type Json } from '../core/json.ts'
import { ok, type Result } from '../core/result.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import type { Installation } from '../registration/registration.ts'
import { askDocker } from './control/docker-api.ts'
import { member, output } from './control/program.ts'
import { runningProcesses } from './processes.ts'

/** How lintel is known to an engine. */
export interface Names {
  readonly installation: Installation
  /** Names it was registered under that mean nothing to the engine without it. */
  readonly names: readonly string[]
  /** The path the engine was told. */
  readonly runtime: string
}

/** One line a container: its name, or its id. Errors: one line that says why it cannot be told. */
export const pinnedContainers = (
  host: AdministratorHost,
  registration: Names,
): Result<readonly string[], string> => {
  switch (registration.installation.engine) {
    case 'docker':
      return ofDocker(host, registration)
    case 'containerd':
      return ok(ofContainerd(host, registration))
    case 'podman':
      return ofPodman(host, registration)
    case 'crio':
      return ok(ofConmon(host, registration))
    case 'buildkit':
      // Its containers live as long as one step of a build.
      return ok([])
  }
}

const ofDocker = (
  host: AdministratorHost,
  { installation, names, runtime }: Names,
): Result<readonly string[], string> => {
  if (installation.daemon === undefined) return ok(ofStoppedDocker(host, { installation, names }))
  const listed = askDocker(host, installation, '/containers/json?all=1')
  if (!listed.ok) return listed
  const ids = (Array.isArray(listed.value) ? listed.value : []).flatMap((each: unknown) =>
    isJsonObject(each) && typeof each['Id'] === 'string' ? [each['Id']] : [],
  )
  const running = ofShims(host, runtime).flatMap(({ namespace, id }) => (namespace === dockers ? [id] : []))
  return ok(
    ids.flatMap((id) => {
      const found = askDocker(host, installation, `/containers/${id}/json`)
      const container = found.ok ? found.value : undefined
      const used = member(member(container, 'HostConfig'), 'Runtime')
      const name = member(container, 'Name')
      const isPinned = names.some((each) => each === used) || running.includes(id)
      return isPinned ? [typeof name === 'string' ? name.replace(/^\//, '') : id] : []
    }),
  )
}

/** What `docker create` wrote down: `hostconfig.json` of each container, below the data root. */
const ofStoppedDocker = (
  host: AdministratorHost,
  { installation, names }: Omit<Names, 'runtime'>,
): readonly string[] => {
  const told = member(parsedFile(host, installation.configuration), 'data-root')
  const folder = `${typeof told === 'string' ? told : '/var/lib/docker'}/containers`
  return foldersIn(host, folder).filter((id) => {
    const runtime = member(parsedFile(host, `${folder}/${id}/hostconfig.json`), 'Runtime')
    return names.some((name) => name === runtime)
  })
}

const parsedFile = (host: AdministratorHost, path: string): Json | undefined => {
  const text = host.readText(path, 16 * 1024 * 1024, true)
  const parsed = text.ok ? host.parseJson(text.value, 64, '') : undefined
  return parsed?.ok === true ? parsed.value : undefined
}

/** containerd's namespace of Docker's containers. */
const dockers = 'moby'

const ofContainerd = (host: AdministratorHost, { runtime }: Names): readonly string[] =>
  ofShims(host, runtime)
    .filter(({ namespace }) => namespace !== dockers)
    .map(({ namespace, id }) => `${namespace}/${id}`)

/** Where shims of the host's containerd and of dockerd's own have their bundles. */
const shims = ['/run/containerd', '/run/docker/containerd/daemon'].map(
  (state) => `${state}/io.containerd.runtime.v2.task`,
)

/** A running shim keeps what it was started with in its bundle (options.json; containerd runtime/v2/shim). */
const ofShims = (
  host: AdministratorHost,
  runtime: string,
): readonly { readonly namespace: string; readonly id: string }[] =>
  shims.flatMap((folder) =>
    foldersIn(host, folder).flatMap((namespace) =>
      foldersIn(host, `${folder}/${namespace}`)
        .filter((id) => {
          const options = host.readText(`${folder}/${namespace}/${id}/options.json`, 1024 * 1024, false)
          return options.ok && options.value.includes(JSON.stringify(runtime))
        })
        .map((id) => ({ namespace, id })),
    ),
  )

const foldersIn = (host: AdministratorHost, folder: string): readonly string[] => {
  const listed = host.listDirectory(folder)
  return listed.ok ? listed.value : []
}

const ofPodman = (
  host: AdministratorHost,
  { installation, names, runtime }: Names,
): Result<readonly string[], string> => {
  const ids = output(host, [installation.program, 'ps', '--all', '--quiet', '--no-trunc'])
  if (!ids.ok) return ids
  const words = ids.value.split('\n').filter((id) => id !== '')
  const users = ofUsers(host, runtime)
  if (words.length === 0) return ok(users)
  const inspect = [installation.program, 'container', 'inspect', '--format', '{{.Name}}\t{{.OCIRuntime}}']
  const found = output(host, [...inspect, ...words])
  if (!found.ok) return found
  const rows = found.value.split('\n').map((line) => line.split('\t'))
  const own = rows.flatMap(([name = '', used = '']) =>
    used === runtime || names.includes(used) ? [name] : [],
  )
  return ok([...own, ...users])
}

/** Those of users without root, which root's Podman does not list, while they run. */
const ofUsers = (host: AdministratorHost, runtime: string): readonly string[] =>
  runningProcesses(host)
    .filter(({ name, uid, argv }) => name === 'conmon' && uid !== 0 && optionIn(argv, '-r') === runtime)
    .map(({ argv, uid, pid }) => `${optionIn(argv, '-n') ?? `process ${pid}`} of uid ${uid}`)

/** conmon is told the runtime by `-r` and the container by `-c`. */
const ofConmon = (host: AdministratorHost, { runtime }: Names): readonly string[] =>
  runningProcesses(host)
    .filter(({ name, argv }) => name === 'conmon' && optionIn(argv, '-r') === runtime)
    .map(({ argv, pid }) => optionIn(argv, '-c') ?? `process ${pid}`)

const optionIn = (argv: readonly string[], option: string): string | undefined => {
  const index = argv.indexOf(option)
  return index < 0 ? undefined : argv[index + 1]
}
