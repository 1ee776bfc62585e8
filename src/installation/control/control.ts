/** How one engine is made to read its files, and asked what it makes of them. */
import type { Result } from '../../core/result.ts'
import type { AdministratorHost } from '../../host/administrator.ts'
import type { FileChange, Installation, Wanted } from '../../registration/registration.ts'

export interface ControlScene {
  readonly host: AdministratorHost
  /** Tells the administrator what is being done, one line. */
  readonly say: (line: string) => void
  /** A shell command that restarts an engine which no service manager looks after. */
  readonly restartCommand: string | undefined
}

/** The executable an engine is asked about; `handler`: whether that one calls it, and not the default. */
export type Asked = Pick<Wanted, 'runtime' | 'handler'>

/** `by-hand`: it runs, reads its files only when it starts, and lintel does not know how to restart it. */
export type Reloaded = 'reloaded' | 'not-running' | 'by-hand'

export interface EngineControl {
  /** Milliseconds it may take until it answers with its new settings. */
  readonly patience: number
  /** The engine's own check of its files, before it is told to read them. The error is one line in its words. */
  readonly check: (scene: ControlScene, installation: Installation) => Result<null, string>
  /** Makes the running engine read its files, of which these were changed. Errors: one line. */
  readonly reload: (
    scene: ControlScene,
    installation: Installation,
    changes: readonly FileChange[],
  ) => Result<Reloaded, string>
  /**
   * Whether its default for new containers (or the handler named) is this executable, as the engine itself says;
   * undefined where it cannot be asked. The error, one line, means that it does not answer.
   */
  readonly effective: (
    scene: ControlScene,
    installation: Installation,
    asked: Asked,
  ) => Result<boolean | undefined, string>
}
