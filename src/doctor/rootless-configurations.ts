/** Engines that users run for themselves, with configurations of their own. */
import { isJsonObject } from '../core/json.ts'
import { valueAt } from '../engines/engine.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import type { Host } from '../host/host.ts'
import type { Found } from './diagnosis.ts'
import { isLintel } from './programs.ts'
import type { Scene } from './scene.ts'

/** Rootless daemons that run, and users' files that name another runtime. */
export const rootlessConfigurations = (scene: Scene): readonly Found[] => [
  ...runningDaemons(scene),
  ...homes(scene.host).flatMap(({ user, home }) => [
    ...podmanFiles(scene.host, home).flatMap((path) => podmanFile(scene.host, user, path)),
    ...dockerFile(scene.host, user, `${home}/.config/docker/daemon.json`),
  ]),
]

const daemonNames = new Set(['dockerd', 'containerd', 'buildkitd'])

const runningDaemons = ({ processes }: Scene): readonly Found[] =>
  processes
    .filter(({ uid, sameRoot, name }) => uid > 0 && sameRoot && daemonNames.has(name))
    .map(({ pid, uid, name }) =>
      wayRound(
        `${name} (pid ${pid})`,
        `runs for uid ${uid} without root: it reads that user's configuration, not the host's`,
      ),
    )

interface Home {
  readonly user: string
  readonly home: string
}

const homes = (host: Host): readonly Home[] => {
  const accounts = host.readText('/etc/passwd', 4 * 1024 * 1024, true)
  const all = new Map<string, string>()
  for (const line of accounts.ok ? accounts.value.split('\n') : []) {
    const [user, , , , , home] = line.split(':')
    if (user === undefined || home === undefined || home === '/' || !home.startsWith('/')) continue
    if (!all.has(home)) all.set(home, user)
  }
  return [...all].map(([home, user]) => ({ user, home }))
}

const podmanFiles = (host: Host, home: string): readonly string[] => {
  const base = `${home}/.config/containers/containers.conf`
  const listed = host.listDirectory(`${base}.d`)
  const dropIns = listed.ok ? listed.value.filter((name) => name.endsWith('.conf')) : []
  return [base, ...dropIns.map((name) => `${base}.d/${name}`)]
}

const maxBytes = 1024 * 1024

const podmanFile = (host: Host, user: string, path: string): readonly Found[] => {
  const text = host.readText(path, maxBytes, true)
  if (!text.ok) return []
  const parsed = host.parseToml(text.value)
  const runtime = parsed.ok ? valueAt(parsed.value.value, 'engine', 'runtime') : undefined
  const runtimes = parsed.ok ? valueAt(parsed.value.value, 'engine', 'runtimes') : undefined
  if (parsed.ok && runtime === undefined && runtimes === undefined) return []
  const says = typeof runtime === 'string' ? `runtime = ${JSON.stringify(runtime)}` : 'runtimes of its own'
  return [wayRound(path, `user ${user} has ${says} for Podman without root`)]
}

const dockerFile = (host: AdministratorHost, user: string, path: string): readonly Found[] => {
  const text = host.readText(path, maxBytes, true)
  if (!text.ok) return []
  const parsed = host.parseJson(text.value, 64, '')
  const name = parsed.ok && isJsonObject(parsed.value) ? parsed.value['default-runtime'] : undefined
  const program =
    parsed.ok && typeof name === 'string' ? valueAt(parsed.value, 'runtimes', name, 'path') : undefined
  if (typeof program === 'string' && isLintel(host, program)) return []
  return [
    wayRound(path, `user ${user} has a configuration for Docker without root that does not name lintel`),
  ]
}

const wayRound = (about: string, message: string): Found => ({
  level: 'way-round',
  about,
  message,
  advice: 'name lintel there as the runtime, or lintel install --divert where it calls runc or crun by name',
  divert: 'closes',
})
