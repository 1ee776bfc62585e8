/** Examples of `ulimits`. */
import type { HostFacts } from '../../core/facts.ts'
import type { BadExample, Example } from '../../core/rule.ts'

const limit = (type: string, hard: number, soft = hard): object => ({ type, soft, hard })
const files = (hard: number, soft = hard): object => ({ rlimits: [limit('RLIMIT_NOFILE', hard, soft)] })
const caller = (hard: string): Partial<HostFacts> => ({
  onHost: true,
  texts: {
    '/proc/self/limits': `Limit                     Soft Limit           Hard Limit           Units     \nMax core file size        0                    unlimited            bytes     \nMax processes             1000                 2000                 processes \nMax open files            1024                 ${hard.padEnd(20)} files     \n`,
  },
})
const infinity = 2 ** 64

export const ulimitsGood: readonly Example[] = [
  { name: 'a limit', process: files(65536) },
  { name: 'that of the engine', facts: caller('1048576') },
  { name: 'lower than that of the engine', process: files(1024), facts: caller('1073741816') },
  {
    name: 'more than the engine has, as Podman asks by itself',
    process: files(65536),
    facts: caller('4096'),
  },
  { name: 'no bound', process: files(infinity), parameters: { nofile: -1 } },
  { name: 'a pause container', identity: { sandbox: true, proven: true }, facts: caller('unlimited') },
  {
    name: 'an exec that leaves it to its container',
    operation: 'exec',
    process: {},
    facts: caller('unlimited'),
  },
  {
    name: 'an exec with what its container has by exemption',
    operation: 'exec',
    config: { process: files(2000000) },
    process: files(2000000),
  },
]

export const ulimitsBad: readonly BadExample<'excessive' | 'raised' | 'unknown'>[] = [
  { name: 'too large, the soft limit with it', process: files(2000000), message: 'excessive' },
  { name: 'none, the soft limit left as it is', process: files(infinity, 1024), message: 'excessive' },
  {
    name: 'LimitNOFILE=infinity of the engine, while the configuration is silent',
    facts: caller('1073741816'),
    message: 'excessive',
  },
  {
    name: 'the same, beside a limit of another kind',
    process: { rlimits: [limit('RLIMIT_NPROC', 100)] },
    facts: caller('unlimited'),
    message: 'excessive',
  },
  {
    name: 'named twice: the larger counts',
    process: { rlimits: [limit('RLIMIT_NOFILE', 1024), limit('RLIMIT_NOFILE', 2000000)] },
    message: 'excessive',
  },
  {
    name: 'core files, where none may be written',
    process: files(1024),
    facts: caller('1024'),
    parameters: { core: 0 },
    message: 'excessive',
  },
  {
    name: 'more than the engine has, where that is not allowed',
    process: files(65536),
    facts: caller('4096'),
    parameters: { raise: false },
    message: 'raised',
  },
  {
    name: 'an exec with more than its container was admitted with',
    operation: 'exec',
    config: { process: files(1048576) },
    process: files(2000000),
    message: 'excessive',
  },
  {
    name: 'an exec whose limits leave one to the engine',
    operation: 'exec',
    config: { process: files(1024) },
    process: { rlimits: [limit('RLIMIT_NPROC', 100)] },
    facts: caller('unlimited'),
    message: 'excessive',
  },
  {
    name: 'a restore, whose limits are those of the checkpoint',
    operation: 'restore',
    process: files(2000000),
    message: 'excessive',
    fixable: false,
  },
  { name: 'a silent configuration, away from the host', message: 'unknown' },
]
