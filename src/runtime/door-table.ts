/**
 * Calls that plainly pass, as data: the build gives it to the native door (native/src/door.rs), which hands such
 * calls on without starting the machine. Every other spelling is read by `parseArgv`; a test holds the two together.
 */
import { crunGlobals } from './flags/crun.ts'
import { runcGlobals } from './flags/runc.ts'

/** Commands of runc and crun that act on a container that exists, or on none: nothing of them is judged. */
const passedCommands = [
  'checkpoint',
  'delete',
  'events',
  'features',
  'kill',
  'list',
  'pause',
  'ps',
  'resume',
  'spec',
  'start',
  'state',
] as const

/** Global flags before which the door gives up: what follows them is no command. */
const printing = ['help', 'usage', 'version']

export interface DoorTable {
  readonly values: readonly string[]
  readonly switches: readonly string[]
  readonly commands: readonly string[]
}

/** The global flags both runtimes read alike in their long spelling, and the commands that pass. */
export const doorTable = (): DoorTable => ({
  values: [...new Set([...runcGlobals.values, ...crunGlobals.values])],
  switches: [...new Set([...runcGlobals.switches, ...crunGlobals.switches])].filter(
    (name) => !printing.includes(name),
  ),
  commands: passedCommands,
})
