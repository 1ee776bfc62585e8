/** `lintel log …` as yargs reads it; each command hands on to its own file. */
import type { Add } from './commands.ts'
import { logMetrics } from './log-metrics.ts'
import { receiveLog } from './log-receive.ts'
import { sealLog } from './log-seal.ts'
import { selectionOptions } from './log-selection.ts'
import { followLog, showLog } from './log-show.ts'
import { logStats } from './log-stats.ts'
import { suggestPolicy } from './log-suggest.ts'
import { verifyLog } from './log-verify.ts'

const json = { type: 'boolean', default: false, describe: 'as JSON' } as const

/** A number option that yargs refuses unless it is whole and not negative. */
const counted = (name: string) =>
  ({
    type: 'number',
    requiresArg: true,
    coerce: (value: number | undefined): number | undefined => {
      if (value === undefined || (Number.isInteger(value) && value >= 0)) return value
      throw new Error(`--${name} takes a whole number`)
    },
  }) as const

/** Given once for each file, so that what follows is another argument. */
const fileEach = { type: 'string', array: true, nargs: 1, requiresArg: true } as const

const limit = { ...counted('limit'), alias: 'n' } as const

const recordsJson = { ...json, describe: 'the records as they stand in the log' } as const

const addShow: Add = (parser, { host, output, settle }) =>
  parser
    .command(
      'show',
      'the decisions, oldest first, rotated logs included',
      (inner) =>
        inner
          .options(selectionOptions)
          .option('limit', { ...limit, describe: 'only the last so many' })
          .option('json', recordsJson),
      (options) => settle(showLog(host, output, options)),
    )
    .command(
      'follow',
      'the last decisions and each that comes, until interrupted',
      (inner) =>
        inner
          .options(selectionOptions)
          .option('limit', { ...limit, default: 10, describe: 'how many of before' })
          .option('json', recordsJson),
      (options) => settle(followLog(host, output, options)),
    )

const addCounting: Add = (parser, { host, output, settle }) =>
  parser
    .command(
      'stats',
      'how many decisions, by verdict, rule, engine, image, user and day',
      (inner) => inner.options(selectionOptions).option('json', json),
      (options) => settle(logStats(host, output, options)),
    )
    .command(
      'metrics',
      "totals for Prometheus, as node_exporter's textfile collector takes them",
      (inner) =>
        inner
          .option('output', {
            type: 'string',
            requiresArg: true,
            describe: 'file to write, at once; totals then outlive rotation',
          })
          .option('state', {
            type: 'string',
            requiresArg: true,
            default: '/var/lib/lintel/metrics.json',
            describe: 'where totals are kept',
          }),
      ({ output: file, state }) => settle(logMetrics(host, output, { output: file, state })),
    )

const addSuggest: Add = (parser, { host, output, settle }) =>
  parser.command(
    'suggest',
    'what was refused, or would have been in mode warn, as a policy with exemptions to sign',
    (inner) =>
      inner.options(selectionOptions).option('days', {
        ...counted('days'),
        default: 90,
        describe: 'how long they shall count',
      }),
    ({ days = 90, ...options }) => settle(suggestPolicy(host, output, { ...options, days })),
  )

const addVerify: Add = (parser, { host, output, settle }) =>
  parser.command(
    'verify [files..]',
    'is the chain of records unbroken; which were altered, removed, moved or added',
    (inner) =>
      inner
        .positional('files', {
          type: 'string',
          array: true,
          describe: "logs, gzip or not, in any order; default: the policy's own, with what was rotated",
        })
        .option('received', {
          type: 'boolean',
          default: false,
          describe: 'they are copies on an aggregator: a record that stands twice is none added',
        })
        .option('public-key', {
          ...fileEach,
          describe:
            'Ed25519 public key (PEM, or a JWK Set) that seals are judged with; more than one for old keys',
        })
        .option('seals', { ...fileEach, describe: 'seals of this log written beside it (log seal --into)' })
        .option('json', json),
    ({ files = [], received, publicKey: publicKeys = [], seals = [], json: asJson }) =>
      settle(verifyLog(host, output, { files, received, json: asJson, publicKeys, seals })),
  )

const addSeal: Add = (parser, { host, output, settle }) =>
  parser.command(
    'seal [log]',
    'have a key vouch for all records so far, in a record of its own',
    (inner) =>
      inner
        .positional('log', { type: 'string', describe: "the log; default: the policy's own" })
        .option('key', {
          type: 'string',
          requiresArg: true,
          demandOption: true,
          describe: 'Ed25519 private key (PKCS#8, PEM) that nobody else can read',
        })
        .option('into', {
          type: 'string',
          requiresArg: true,
          describe: 'another log for the seal, where this one is a copy that must stay as it is',
        }),
    ({ log, key, into }) => settle(sealLog(host, output, { log, key, into })),
  )

const addReceive: Add = (parser, { host, settle }) =>
  parser.command(
    'receive',
    "for an aggregator's rsyslog (mmexternal): write each record that comes into its host's file, once",
    (inner) =>
      inner
        .option('into', {
          type: 'string',
          requiresArg: true,
          demandOption: true,
          describe: 'folder of the hosts: INTO/HOST/decisions.jsonl',
        })
        .option('hosts', {
          type: 'number',
          requiresArg: true,
          default: 10_000,
          describe: 'so many get a file of their own, all others together INTO/_/decisions.jsonl',
        }),
    ({ into, hosts }) => settle(receiveLog(host, { into, hosts })),
  )

/** Adds the group. */
export const addLog: Add = (parser, scene) =>
  parser.command(
    'log',
    'show, follow, count, verify, seal and receive decisions; make a policy of what was seen',
    (command) =>
      [addShow, addCounting, addSuggest, addVerify, addSeal, addReceive]
        .reduce((extended, add) => add(extended, scene), command)
        .demandCommand(1, 'show, follow, stats, metrics, suggest, verify, seal or receive is needed'),
  )
