/** Whether what is written in an engine's files is what it does, as the engine itself says. */
import type { Host } from '../host/host.ts'
import { buildkit } from '../installation/control/buildkit.ts'
import { containerd } from '../installation/control/containerd.ts'
import type { EngineControl } from '../installation/control/control.ts'
import { crio } from '../installation/control/crio.ts'
import { docker } from '../installation/control/docker.ts'
import { podman } from '../installation/control/podman.ts'
import type { RegistrableEngine } from '../registration/registration.ts'
import type { Scene, SurveyedEngine } from './scene.ts'

/** `why`: what the answer rests on where it is not yes, for a person. */
export interface Effect {
  readonly state: 'yes' | 'no' | 'unknown'
  readonly why: string
}

const controls: { readonly [engine in RegistrableEngine]: EngineControl } = {
  docker,
  containerd,
  crio,
  podman,
  buildkit,
}

/** Asks the engine whether new containers get lintel; one that runs with older files than there are now does not. */
export const effectOf = (scene: Scene, engine: SurveyedEngine): Effect => {
  const { installation, handlers } = engine
  if (!handlers.ok) return { state: 'unknown', why: 'its configuration cannot be read' }
  const used = handlers.value.find(({ isDefault, isLintel }) => isDefault && isLintel)
  if (used === undefined) return { state: 'no', why: 'its files do not name lintel' }
  const stale = readsAtStartOnly.has(installation.engine) ? newerFile(scene.host, engine) : undefined
  if (stale !== undefined)
    return { state: 'no', why: `${stale} is newer than the daemon, which must be restarted` }
  // What an engine calls by a bare name it also names so, but for Podman.
  const told = installation.engine === 'podman' ? used.program : (used.binary ?? 'runc')
  const quiet = { host: scene.host, say: () => undefined, restartCommand: undefined }
  const asked = controls[installation.engine].effective(quiet, installation, told ?? '')
  if (!asked.ok) return { state: 'unknown', why: asked.error }
  if (asked.value === undefined) return { state: 'unknown', why: silence(engine) }
  return asked.value
    ? { state: 'yes', why: '' }
    : { state: 'no', why: `it says that its default runtime is not ${told}; it must read its files again` }
}

const silence = ({ installation: { engine, daemon } }: SurveyedEngine): string =>
  daemon === undefined ? 'its daemon does not run' : `${engine} does not tell which runtime it calls`

/** The others read theirs again on SIGHUP, or at every command. */
const readsAtStartOnly = new Set<RegistrableEngine>(['containerd', 'buildkit'])

/** The first of the engine's files that changed after its daemon started; undefined where none did or none runs. */
const newerFile = (host: Host, { installation: { daemon }, texts }: SurveyedEngine): string | undefined => {
  const started = daemon === undefined ? undefined : startOf(host, daemon)
  if (started === undefined) return undefined
  return Object.keys(texts).find((path) => {
    const stat = texts[path] === undefined ? undefined : host.stat(path, true)
    return stat?.ok === true && Number(BigInt(stat.value.modified) / 1_000_000n) > started
  })
}

/** USER_HZ, which is 100 wherever Linux runs containers. */
const ticksPerSecond = 100

/** When a process started: proc_pid_stat(5) field 22 after the boot time of proc_stat(5), in milliseconds, rounded up. */
const startOf = (host: Host, pid: number): number | undefined => {
  const process = host.readText(`/proc/${pid}/stat`, 64 * 1024, true)
  const system = host.readText('/proc/stat', 4 * 1024 * 1024, true)
  if (!process.ok || !system.ok) return undefined
  const ticks = Number(process.value.slice(process.value.lastIndexOf(')') + 2).split(' ')[19])
  const boot = Number(/^btime (\d+)$/m.exec(system.value)?.[1])
  return Number.isFinite(ticks + boot) ? (boot + 1 + ticks / ticksPerSecond) * 1000 : undefined
}
