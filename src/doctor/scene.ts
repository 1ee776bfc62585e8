/** What the checks of `lintel doctor` look at, gathered once. */
import type { Policy } from '../core/policy.ts'
import type { Result } from '../core/result.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import type { RunningProcess } from '../installation/processes.ts'
import type { Handler, Installation, Texts } from '../registration/registration.ts'
import type { LoggedDecisions } from './decisions.ts'

/** One engine with its configuration as it is now. */
export interface SurveyedEngine {
  readonly installation: Installation
  /** Its configuration files by path. */
  readonly texts: Texts
  /** What can be asked of it by name; the error is the line that says what is wrong with its files. */
  readonly handlers: Result<readonly SurveyedHandler[], string>
  /** The handler that `lintel install --handler` added; undefined where lintel is to be in everybody's way. */
  readonly optIn?: string | undefined
}

/** A handler with the program it comes to on this host. */
export interface SurveyedHandler extends Handler {
  /** Absolute path; undefined where no such program exists. */
  readonly program: string | undefined
  /** Whether that program is lintel, by whatever path. */
  readonly isLintel: boolean
}

export interface Scene {
  readonly host: AdministratorHost
  readonly processes: readonly RunningProcess[]
  readonly engines: readonly SurveyedEngine[]
  /** The policy that serves; the built-in one where the site's cannot be read. */
  readonly policy: Policy
  readonly decisions: LoggedDecisions
  /** Milliseconds since the epoch. */
  readonly now: number
}
