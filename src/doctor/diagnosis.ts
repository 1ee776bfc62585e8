/** What a check of `lintel doctor` says. */

/**
 * `problem`: something is broken, or lintel is not in the way where it should be. `way-round`: a container can be
 * made that lintel never sees. `note`: worth knowing, nothing to do. Worst first.
 */
export const levels = ['problem', 'way-round', 'note'] as const
export type Level = (typeof levels)[number]

export interface Diagnosis {
  /** The check's own name, a slug that does not change. */
  readonly check: string
  readonly level: Level
  /** Engine, file or program it is about. */
  readonly about: string
  /** What was found, one line. */
  readonly message: string
  /** What to do, one line; empty for a note that asks for nothing. */
  readonly advice: string
  /** way-round: whether `lintel install --divert` closes it. */
  readonly divert?: 'closes' | 'leaves open'
}

/** What a check finds: its name is added to each by whoever runs it. */
export type Found = Omit<Diagnosis, 'check'>
