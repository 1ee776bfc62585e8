/** Whether what is written in an engine's files is what it does, as the engine itself says. */
import { buildkit } from '../installation/control/buildkit.ts'
import { containerd } from '../installation/control/containerd.ts'
import type { EngineControl } from '../installation/control/control.ts'
import { crio } from '../installation/control/crio.ts'
import { docker } from '../installation/control/docker.ts'
import { newerFile } from '../installation/control/newer-file.ts'
import { podman } from '../installation/control/podman.ts'
import type { RegistrableEngine } from '../registration/registration.ts'
import { standingOf } from './registered.ts'
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
  const { installation, handlers, optIn } = engine
  if (!handlers.ok) return { state: 'unknown', why: 'its configuration cannot be read' }
  const handler = standingOf(engine) === 'opt-in' ? optIn : undefined
  const used = handlers.value.find(
    ({ name, isDefault, isLintel }) => isLintel && (handler === undefined ? isDefault : name === handler),
  )
  if (used === undefined) return { state: 'no', why: 'its files do not name lintel' }
  const files = Object.keys(engine.texts).filter((path) => engine.texts[path] !== undefined)
  const stale = newerFile(scene.host, installation, files)
  if (stale !== undefined)
    return { state: 'no', why: `${stale} is newer than the daemon, which must be restarted` }
  // What an engine calls by a bare name it also names so, but for Podman.
  const told = installation.engine === 'podman' ? used.program : (used.binary ?? 'runc')
  const quiet = { host: scene.host, say: () => undefined, restartCommand: undefined }
  const asked = controls[installation.engine].effective(quiet, installation, { runtime: told ?? '', handler })
  if (!asked.ok) return { state: 'unknown', why: asked.error }
  if (asked.value === undefined) return { state: 'unknown', why: silence(engine) }
  return asked.value
    ? { state: 'yes', why: '' }
    : {
        state: 'no',
        why: `it says that its ${handler === undefined ? 'default runtime' : `handler ${handler}`} is not ${told}; it must read its files again`,
      }
}

const silence = ({ installation: { engine, daemon } }: SurveyedEngine): string =>
  daemon === undefined ? 'its daemon does not run' : `${engine} does not tell which runtime it calls`
