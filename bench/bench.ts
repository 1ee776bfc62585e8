/**
 * `npm run bench`: what lintel adds, measured as whole processes, paired and interleaved with calling the runtime
 * directly, and held against the budgets of DESIGN section 9. Figures, never a test's pass mark.
 */

import { spawnSync } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

const root = fileURLToPath(new URL('..', import.meta.url))
const lintel = join(root, 'dist/lintel-runtime')
const rounds = Number(process.argv[2] ?? 300)

interface Subject {
  readonly name: string
  readonly command: readonly string[]
  /** Puts back what the call before changed. */
  readonly prepare: () => void
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

const quiet = openSync('/dev/null', 'r+')

const wallMilliseconds = ({ command: [program = '', ...args], prepare, name }: Subject): number => {
  prepare()
  const began = process.hrtime.bigint()
  const ended = spawnSync(program, args, { stdio: [quiet, quiet, quiet] })
  const took = Number(process.hrtime.bigint() - began) / 1e6
  if (ended.status !== 0)
    throw new Error(`${name}: ${[program, ...args].join(' ')} ended with ${ended.status}`)
  return took
}

/** Runs a pair in turn, A B A B …, and prints medians, the difference and the ratio. */
const pair = (title: string, direct: Subject, through: Subject, count: number): number => {
  const times: { direct: number[]; through: number[] } = { direct: [], through: [] }
  for (let round = -5; round < count; round++) {
    const a = wallMilliseconds(direct)
    const b = wallMilliseconds(through)
    if (round >= 0) {
      times.direct.push(a)
      times.through.push(b)
    }
  }
  const [a, b] = [median(times.direct), median(times.through)]
  const added = median(times.through.map((value, index) => value - (times.direct[index] ?? 0)))
  console.log(
    `${title.padEnd(46)} direct ${a.toFixed(2)} ms  through lintel ${b.toFixed(2)} ms  added ${added.toFixed(2)} ms  ratio ${(b / a).toFixed(2)}`,
  )
  return added
}

const workspace = mkdtempSync(
  join(statSync('/dev/shm').isDirectory() ? '/dev/shm' : tmpdir(), 'lintel-bench-'),
)
const bundle = join(workspace, 'bundle')
const log = join(mkdtempSync(join(tmpdir(), 'lintel-bench-log-')), 'decisions.jsonl')

/** A policy with the full profile, its record on a real disk, and this runtime under it. */
const policyFor = (name: string, runtime: string): string => {
  const file = join(workspace, `${name}.toml`)
  writeFileSync(
    file,
    `version = 1\nprofile = "cis-docker-1.13.0"\n[runtime]\npath = ["${runtime}"]\n[log]\nfile = "${log}"\n`,
  )
  return file
}

const compileC = async (name: string, source: string): Promise<string> => {
  const program = join(workspace, name)
  await execa('cc', ['-O2', '-static', '-x', 'c', '-o', program, '-'], { input: source })
  return program
}

const noopSource = 'int main(void) { return 0; }'

/** Prints the peak resident set of a command in KiB; small itself, since a child's figure begins with its parent's. */
const peakSource = `
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int count, char **words) {
  struct rusage usage;
  if (count < 2) return 2;
  if (fork() == 0) { dup2(2, 1); execv(words[1], words + 1); _exit(127); }
  wait(NULL);
  getrusage(RUSAGE_CHILDREN, &usage);
  printf("%ld", usage.ru_maxrss);
  return 0;
}`

/** An ordinary container as Docker 28 sends it, with a bundle of its own. */
const dockerConfig = (): string => {
  const recorded = readFileSync(join(root, 'fixtures/docker-28.5.2-plain/config.json'), 'utf8')
  const config = JSON.parse(recorded)
  config.mounts = config.mounts.filter(({ source }: { source: string }) => !source.includes('/containers/'))
  config.root = { path: 'rootfs' }
  config.process.args = ['/bin/busybox', 'true']
  config.process.terminal = false
  delete config.hooks
  config.linux.cgroupsPath = '/lintel-bench'
  // The machine that measures may not lower it, and runc would fail where lintel has nothing to do with it.
  delete config.process.oomScoreAdj
  return JSON.stringify(config)
}

const makeBundle = (config: string): (() => void) => {
  mkdirSync(join(bundle, 'rootfs/bin'), { recursive: true })
  writeFileSync(join(bundle, 'rootfs/bin/busybox'), readFileSync('/bin/busybox'), { mode: 0o755 })
  const file = join(bundle, 'config.json')
  return () => writeFileSync(file, config)
}

const peakMegabytes = (program: string, command: readonly string[]): number => {
  const { stdout } = spawnSync(program, command, { encoding: 'utf8' })
  return Number(stdout) / 1024
}

const lintSpeed = (config: string): number => {
  const count = 1000
  const folder = join(workspace, 'lint')
  const paths = Array.from({ length: count }, (_, index) => join(folder, String(index)))
  for (const path of paths) {
    mkdirSync(path, { recursive: true })
    writeFileSync(join(path, 'config.json'), config)
  }
  const began = process.hrtime.bigint()
  spawnSync(join(root, 'dist/lintel'), [
    'lint',
    '--profile',
    'cis-docker-1.13.0',
    '--format',
    'json',
    ...paths,
  ])
  return count / (Number(process.hrtime.bigint() - began) / 1e9)
}

const judged = (name: string, figure: number, limit: number, unit: string): void => {
  const within = unit === 'bundles/s' ? figure >= limit : figure <= limit
  console.log(
    `${name.padEnd(46)} ${figure.toFixed(2)} ${unit}, limit ${limit}: ${within ? 'within' : 'OVER'}`,
  )
}

const main = async (): Promise<void> => {
  const noop = await compileC('runc', noopSource)
  const peak = await compileC('peak', peakSource)
  const config = dockerConfig()
  const prepare = makeBundle(config)
  const nothing = (): void => undefined
  const noopPolicy = policyFor('noop', noop)
  const runcPolicy = policyFor('runc', '/usr/sbin/runc')
  const create = ['create', '--bundle', bundle, 'bench']
  const through = (policy: string, args: readonly string[]) => [lintel, '--lintel-policy', policy, ...args]
  // The compiled policy is believed once the file is older than two seconds.
  await new Promise((resolve) => setTimeout(resolve, 2100))
  for (const policy of [noopPolicy, runcPolicy]) spawnSync(lintel, ['--lintel-policy', policy, '--version'])

  console.log(`${rounds} pairs each, medians; whole processes, started by spawn`)
  const createAdded = pair(
    'create, full profile, durable record, no-op runtime',
    { name: 'direct create', command: [noop, ...create], prepare },
    { name: 'create', command: through(noopPolicy, create), prepare },
    rounds,
  )
  const passAdded = pair(
    'passed through (state), no-op runtime',
    { name: 'direct state', command: [noop, 'state', 'bench'], prepare: nothing },
    { name: 'state', command: through(noopPolicy, ['state', 'bench']), prepare: nothing },
    rounds,
  )
  if (process.getuid?.() === 0) {
    const run = ['--root', join(workspace, 'state'), 'run', '--bundle', bundle]
    pair(
      'run to the end (create, start, delete), real runc',
      { name: 'runc run', command: ['/usr/sbin/runc', ...run, 'bench-a'], prepare },
      { name: 'lintel run', command: through(runcPolicy, [...run, 'bench-b']), prepare },
      Math.ceil(rounds / 10),
    )
    pair(
      'passed through (list), real runc',
      {
        name: 'runc list',
        command: ['/usr/sbin/runc', '--root', join(workspace, 'state'), 'list'],
        prepare: nothing,
      },
      {
        name: 'lintel list',
        command: through(runcPolicy, ['--root', join(workspace, 'state'), 'list']),
        prepare: nothing,
      },
      Math.ceil(rounds / 3),
    )
  }
  console.log('\nBudgets (DESIGN section 9)')
  judged('added to create', createAdded, 1.5, 'ms')
  judged('added to a passed-through call', passAdded, 0.4, 'ms')
  prepare()
  judged(
    'peak memory of a create',
    peakMegabytes(peak, through(noopPolicy, ['--dry-run', ...create])),
    6,
    'MB',
  )
  judged('binary', statSync(join(root, 'dist/lintel')).size / 1e6, 5, 'MB')
  judged('lint', lintSpeed(config), 1000, 'bundles/s')
}

try {
  await main()
} finally {
  closeSync(quiet)
  rmSync(workspace, { recursive: true, force: true })
  rmSync(join(log, '..'), { recursive: true, force: true })
}
