/** Whether a health check can ever fail: `exit 0`, `true` and `curl … || true` say healthy whatever happens. */
import { type SimpleCommand, shellCommands } from './shell-command.ts'
import { programOf, shellText, withoutWrappers } from './wrapped-command.ts'

/** Exit status as far as it can be told: `open` depends on what happens when it runs. */
type Status = 'success' | 'failure' | 'open'

/** True when the command of a health check exits with 0 whatever happens. */
export const cannotFail = (command: readonly string[]): boolean => statusOf(command) === 'success'

/** The same for a command text that a shell runs. */
export const textCannotFail = (text: string): boolean => statusOfText(text) === 'success'

const succeeding: ReadonlySet<string> = new Set(['true', ':', 'echo', 'printf', 'sleep', 'date'])

const statusOf = (args: readonly string[]): Status => {
  const command = withoutWrappers(args)
  const text = shellText(command)
  if (text !== undefined) return statusOfText(text)
  const program = programOf(command[0] ?? '')
  if (program === '' || succeeding.has(program)) return 'success'
  if (program === 'exit') return exitStatus(command[1])
  return program === 'false' ? 'failure' : 'open'
}

// exit(1p): the status is taken modulo 256; without a number it is that of the last command.
const exitStatus = (status: string | undefined): Status => {
  if (status === undefined || !/^\d{1,9}$/.test(status)) return 'open'
  return Number(status) % 256 === 0 ? 'success' : 'failure'
}

// What these begin runs or not, depending on something else.
const compound = /^(?:if|while|until|for|case|function|then|do|!|\{|\(|`|trap|set|eval|exec)$/

// Nobody writes a check that long to say nothing.
const longestText = 16 * 1024

const statusOfText = (text: string): Status => {
  if (text.length > longestText) return 'open'
  let status: Status = 'success'
  let left: Status = 'success'
  for (const { joint, words } of pipelines(shellCommands(text))) {
    if (words.some((word) => word === '`' || word === '(') || compound.test(words[0] ?? '')) return 'open'
    const runs = whetherRuns(joint, status)
    if (runs === 'failure') continue
    const bare = words[0] === 'exit' && words[1] === undefined
    const own: Status = bare ? status : statusOf(withoutAssignments(words))
    if (words[0] === 'exit' && runs === 'success') return left === own ? own : 'open'
    // It may end here, with this status, or go on.
    if (words[0] === 'exit' && own !== 'success') left = 'open'
    status = runs === 'success' ? own : own === (joint === '||' ? 'success' : 'failure') ? own : 'open'
  }
  return left === status ? status : 'open'
}

/** Whether the command after this operator runs, told like a status. */
const whetherRuns = (joint: SimpleCommand['joint'], before: Status): Status => {
  if (joint === '&&') return before
  if (joint !== '||') return 'success'
  return before === 'open' ? 'open' : before === 'success' ? 'failure' : 'success'
}

/** Pipelines as one command each: the status of a pipeline is that of its last command. */
const pipelines = (commands: readonly SimpleCommand[]): readonly SimpleCommand[] => {
  const found: SimpleCommand[] = []
  for (const command of commands) {
    const first = command.joint === '|' ? found.pop() : undefined
    found.push(first === undefined ? command : { joint: first.joint, words: command.words })
  }
  return found
}

const withoutAssignments = (words: readonly string[]): readonly string[] => {
  const start = words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word))
  return start < 0 ? [] : words.slice(start)
}
