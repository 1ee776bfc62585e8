/** `lintel log …` as yargs reads it; each command hands on to its own file. */
import type { Add } from './commands.ts'
import { selectionOptions } from './log-selection.ts'
import { followLog, showLog } from './log-show.ts'
import { verifyLog } from './log-verify.ts'

const json = { type: 'boolean', default: false, describe: 'as JSON' } as const

const limit = {
  type: 'number',
  requiresArg: true,
  alias: 'n',
} as const

/** How many; anything but a whole number from 0 on is said to be none. */
const count = (name: string, value: number | undefined): number | undefined => {
  if (value === undefined || (Number.isInteger(value) && value >= 0)) return value
  throw new Error(`--${name} takes a number`)
}

/** Adds the group. */
export const addLog: Add = (parser, { host, output, settle }) =>
  parser.command('log', 'show, follow and count decisions; make a policy of what was seen', (command) =>
    command
      .command(
        'show',
        'the decisions, oldest first, rotated logs included',
        (inner) =>
          inner
            .options(selectionOptions)
            .option('limit', { ...limit, describe: 'only the last so many' })
            .option('json', { ...json, describe: 'the records as they stand in the log' }),
        ({ limit: last, ...options }) =>
          settle(showLog(host, output, { ...options, limit: count('limit', last) })),
      )
      .command(
        'follow',
        'the last decisions and each that comes, until interrupted',
        (inner) =>
          inner
            .options(selectionOptions)
            .option('limit', { ...limit, default: 10, describe: 'how many of before' })
            .option('json', { ...json, describe: 'the records as they stand in the log' }),
        ({ limit: last, ...options }) =>
          settle(followLog(host, output, { ...options, limit: count('limit', last) })),
      )
      .command(
        'verify [files..]',
        'is the chain of records unbroken; which were altered, removed, moved or added',
        (inner) =>
          inner
            .positional('files', {
              type: 'string',
              array: true,
              describe: "logs, gzip or not, in any order; default: the policy's own, with what was rotated",
            })
            .option('json', json),
        ({ files = [], ...options }) => settle(verifyLog(host, output, { files, json: options.json })),
      )
      .demandCommand(1, 'show, follow or verify is needed'),
  )
