/** Containers that run now although no decision was recorded for them. */
import type { Host } from '../host/host.ts'
import type { Found } from './diagnosis.ts'
import type { Scene } from './scene.ts'

interface RunningContainer {
  readonly id: string
  /** How people find it: the engine's namespace, or the folder of the runtime's state. */
  readonly place: string
}

/** One line a place, naming the first few. */
export const unjudgedContainers = (scene: Scene): readonly Found[] => {
  const places = new Map<string, string[]>()
  for (const { id, place } of runningContainers(scene)) {
    if (!scene.decisions.judged.has(id)) places.set(place, [...(places.get(place) ?? []), id])
  }
  return [...places].map(([place, ids]) => ({
    level: 'problem',
    about: place,
    message: `${ids.length === 1 ? 'a container runs' : `${ids.length} containers run`} that no decision covers: ${listed(ids)}`,
    advice: 'recreate them; the log tells only of containers made since lintel was in their way',
  }))
}

const shown = 5

const listed = (ids: readonly string[]): string => {
  const names = ids.slice(0, shown).map((id) => (/^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : id))
  return `${names.join(', ')}${ids.length > shown ? ` and ${ids.length - shown} more` : ''}`
}

const runningContainers = (scene: Scene): readonly RunningContainer[] => {
  const all = [...ofShims(scene), ...ofRuntimes(scene.host)]
  const seen = new Set<string>()
  return all.filter(({ id }) => {
    if (seen.has(id)) return false
    seen.add(id)
    return true
  })
}

const tasks = '/io.containerd.runtime.v2.task'

/** containerd's: every bundle folder below the state folders that shims run in, and the usual one. */
const ofShims = ({ host, processes }: Scene): readonly RunningContainer[] => {
  const states = processes.flatMap(({ name, folder, sameRoot }) => {
    const at = name.startsWith('containerd-shim') && sameRoot ? (folder?.indexOf(tasks) ?? -1) : -1
    return at < 0 ? [] : [(folder ?? '').slice(0, at)]
  })
  return [...new Set(['/run/containerd', ...states])].flatMap((state) =>
    children(host, `${state}${tasks}`).flatMap((namespace) =>
      children(host, `${state}${tasks}/${namespace}`).flatMap((id) =>
        isAlive(host, textOf(host, `${state}${tasks}/${namespace}/${id}/init.pid`))
          ? [{ id, place: namespace === 'moby' ? 'docker' : `containerd namespace ${namespace}` }]
          : [],
      ),
    ),
  )
}

/** Those of Podman, CRI-O and calls by hand: what the runtimes keep of them in their default folders. */
const ofRuntimes = (host: Host): readonly RunningContainer[] =>
  ['/run/runc', '/run/crun'].flatMap((root) =>
    children(host, root).flatMap((id) => {
      const state = textOf(host, `${root}/${id}/state.json`) ?? textOf(host, `${root}/${id}/status`)
      const pid = /"(?:init_process_pid|pid)"\s*:\s*(\d+)/.exec(state ?? '')?.[1]
      return isAlive(host, pid) ? [{ id, place: root }] : []
    }),
  )

const children = (host: Host, folder: string): readonly string[] => {
  const listed = host.listDirectory(folder)
  return listed.ok ? listed.value : []
}

const textOf = (host: Host, path: string): string | undefined => {
  const text = host.readText(path, 4 * 1024 * 1024, false)
  return text.ok ? text.value : undefined
}

const isAlive = (host: Host, pid: string | undefined): boolean => {
  const number = Number(pid?.trim() ?? 0)
  return Number.isInteger(number) && number > 0 && host.stat(`/proc/${number}`, true).ok
}
