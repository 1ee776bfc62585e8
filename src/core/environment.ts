/** Entries of a process's environment, `NAME=value`. Values never leave this and what judges them. */
import { pointer } from './patch.ts'
import type { RuleInput } from './rule.ts'

export interface EnvironmentEntry {
  readonly name: string
  readonly value: string
  /** Of the entry in the document judged. */
  readonly pointer: string
  /** exec: the engine sends again what it had asked for at create, and lintel had removed. */
  readonly standing?: true
}

/** The whole environment as one text: to see at once, before any entry is looked at, that it holds nothing of interest. */
export const environmentText = ({ process }: Pick<RuleInput, 'process'>): string =>
  process?.env?.join('\n') ?? ''

/**
 * The entries that `isWanted` picks, of the process judged; it is given each with the place of its `=`. An exec is told of what its container was
 * not admitted with only: engines send the container's environment again with every exec.
 */
export const pickEntries = (
  { operation, process, config, asked }: RuleInput,
  isWanted: (entry: string, equals: number) => boolean,
): readonly EnvironmentEntry[] => {
  const isExec = operation === 'exec'
  const admitted = isExec ? (config?.process?.env ?? []) : []
  const found: EnvironmentEntry[] = []
  const env = process?.env ?? []
  for (let index = 0; index < env.length; index++) {
    const entry = env[index] ?? ''
    const equals = entry.indexOf('=')
    if (equals < 0 || !isWanted(entry, equals) || admitted.includes(entry)) continue
    const at = isExec ? pointer('env', index) : pointer('process', 'env', index)
    const standing = isExec && asked?.env?.includes(entry) === true
    const [name, value] = [entry.slice(0, equals), entry.slice(equals + 1)]
    found.push({ name, value, pointer: at, ...(standing ? { standing } : {}) })
  }
  return found
}

/** The name for people: only a name of the usual kind, since what stands before the `=` may be anything. */
export const shownName = (name: string): string =>
  /^[A-Za-z_][\w.-]{0,63}$/.test(name) ? name : 'a variable of an unusual name'
