/** Every engine's control by its name, and what is the same for all: telling it, and waiting until it says that it took. */
import { err, ok, type Result } from '../../core/result.ts'
import type { FileChange, Installation, RegistrableEngine } from '../../registration/registration.ts'
import { buildkit } from './buildkit.ts'
import { containerd } from './containerd.ts'
import type { ControlScene, EngineControl } from './control.ts'
import { crio } from './crio.ts'
import { docker } from './docker.ts'
import { podman } from './podman.ts'
import { current } from './restart.ts'

const controls: { readonly [engine in RegistrableEngine]: EngineControl } = {
  docker,
  containerd,
  crio,
  podman,
  buildkit,
}

/** What an engine is to be told, and what it is to say afterwards. */
export interface Telling {
  readonly installation: Installation
  readonly changes: readonly FileChange[]
  readonly runtime: string
  /** A handler of lintel's own, which is asked about instead of the default. */
  readonly handler?: string | undefined
  /** Whether its default is to be `runtime`; undefined: it only has to answer. */
  readonly expected: boolean | undefined
}

/** The engine's own check of its files. The error is one line that begins with its name. */
export const checkFiles = (scene: ControlScene, installation: Installation): Result<null, string> => {
  const checked = controls[installation.engine].check(scene, installation)
  return checked.ok
    ? checked
    : err(`${installation.engine} does not accept its configuration: ${checked.error}`)
}

/**
 * Tells the engine and waits until it says that it took the change. Answers false where that is left to be done by
 * hand, or at its next start; it has been said then. The error is one line that begins with its name.
 */
export const tell = (scene: ControlScene, telling: Telling): Result<boolean, string> => {
  const { installation, changes } = telling
  const { engine, daemon, configuration } = installation
  const reloaded = controls[engine].reload(scene, installation, changes)
  if (!reloaded.ok) return err(`${engine}: ${reloaded.error}`)
  if (reloaded.value === 'by-hand') {
    scene.say(
      `${engine} (process ${daemon}) reads ${configuration} only when it starts: restart it as you started it, then run lintel doctor (--restart-command CMD lets lintel do it)`,
    )
    return ok(false)
  }
  if (reloaded.value === 'not-running') scene.say(`${engine} does not run; it reads its files when it starts`)
  const verified = verify(scene, telling)
  return verified.ok ? ok(reloaded.value === 'reloaded') : verified
}

/**
 * Waits until the engine says what is expected of it, `patience` milliseconds or as long as it may take. The error is
 * one line that begins with its name.
 */
export const verify = (
  scene: ControlScene,
  telling: Telling,
  patience: number = controls[telling.installation.engine].patience,
): Result<null, string> => {
  const { expected } = telling
  const { engine } = telling.installation
  const { effective } = controls[engine]
  const began = scene.host.clock().elapsedMicroseconds
  for (;;) {
    const installation = living(scene, telling.installation)
    const found =
      installation === undefined ? err('it does not run any more') : effective(scene, installation, telling)
    if (found.ok && (found.value ?? expected) === expected) return ok(null)
    if (found.ok && expected === undefined) return ok(null)
    if (scene.host.clock().elapsedMicroseconds - began >= patience * 1000)
      return err(`${engine}: ${found.ok ? contradiction(telling) : found.error}`)
    scene.host.sleep(200)
  }
}

/** The installation with the daemon that runs now; undefined where one ran and none does. */
const living = ({ host }: ControlScene, installation: Installation): Installation | undefined => {
  const { daemon } = installation
  if (daemon === undefined || host.signal(daemon, 0).ok) return installation
  const found = current(host, installation)
  return found.daemon === undefined ? undefined : found
}

const contradiction = ({ expected, runtime, handler }: Telling): string =>
  `it still says that its ${handler === undefined ? 'default runtime' : `handler ${handler}`} is ${expected === true ? 'not ' : ''}${runtime}`
