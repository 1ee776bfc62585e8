/** The commands of the command line as data, told by the very functions that add them to yargs. */
import type { Argv } from 'yargs'
import { addCommands } from '../../src/cli/commands.ts'

/** One option or positional, as `src/cli/commands.ts` describes it. */
export interface Word {
  readonly name: string
  readonly describe: string | undefined
  readonly choices: readonly string[]
  /** As help shows it; undefined: none. */
  readonly default: string | undefined
  readonly takesValue: boolean
}

export interface Command {
  /** Words as typed: `policy check [file]`. */
  readonly usage: string
  readonly describe: string
  readonly positionals: readonly Word[]
  readonly options: readonly Word[]
  readonly commands: readonly Command[]
}

interface Given {
  readonly type?: string
  readonly describe?: string
  readonly description?: string
  readonly choices?: readonly string[]
  readonly default?: unknown
}

const word = (name: string, given: Given): Word => ({
  name,
  describe: given.describe ?? given.description,
  choices: given.choices ?? [],
  default: given.default === undefined || given.default === false ? undefined : String(given.default),
  takesValue: given.type !== 'boolean',
})

/** A parser that notes what it is told; members it has no note for are taken without effect. */
class Recorder {
  readonly positionals: Word[] = []
  readonly options: Word[] = []
  readonly commands: Command[] = []

  readonly prefix: string

  constructor(prefix: string) {
    this.prefix = prefix
  }

  asParser(): Argv {
    const notes: { readonly [name: string]: (...given: never[]) => void } = {
      positional: (name: string, given: Given = {}) => void this.positionals.push(word(name, given)),
      option: (name: string, given: Given = {}) => void this.options.push(word(name, given)),
      options: (given: { readonly [name: string]: Given }) => {
        for (const [name, each] of Object.entries(given)) this.options.push(word(name, each))
      },
      command: (usage: string, describe: string, build?: (parser: Argv) => unknown) => {
        const inner = new Recorder(`${this.prefix}${usage.split(' ')[0]} `)
        build?.(inner.asParser())
        const { positionals, options, commands } = inner
        this.commands.push({ usage: this.prefix + usage, describe, positionals, options, commands })
      },
    }
    const parser: Argv = new Proxy({} as Argv, {
      get: (_, name) =>
        name === 'then'
          ? undefined
          : (...given: never[]) => {
              notes[String(name)]?.(...given)
              return parser
            },
    })
    return parser
  }
}

const absent = new Proxy({}, { get: () => undefined })

/** Every command, in the order help lists them. Nothing is run: only what describes the commands is called. */
export const commandTree = (): readonly Command[] => {
  const recorder = new Recorder('')
  addCommands(recorder.asParser(), absent as Parameters<typeof addCommands>[1])
  return recorder.commands
}
