/**
 * `npm run bench`: what lintel adds, measured as whole processes, paired and interleaved with calling the runtime
 * directly, and held against the budgets of DESIGN section 9. Figures, never a test's pass mark.
 */

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

const root = fileURLToPath(new URL('..', import.meta.url))
const lintel = join(root, 'dist/lintel-runtime')
const rounds = Number(process.argv[2] ?? 300)

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

interface Pair {
  readonly title: string
  readonly direct: readonly string[]
  readonly through: readonly string[]
  /** The configuration is written anew before each call. */
  readonly rewrites: boolean
  readonly count: number
}

/** Runs a pair in turn, A B A B …, and prints medians, the difference and the ratio. */
const measure = async (pairs: string, { title, direct, through, rewrites, count }: Pair): Promise<number> => {
  const files = rewrites ? [template, join(bundle, 'config.json')] : ['-', '-']
  const { stdout } = await execa(pairs, [String(count), ...files, ...direct, '--', ...through])
  const rounds = stdout.split('\n').map((line) => line.split(' ').map((text) => Number(text) / 1000))
  const a = median(rounds.map(([time = Number.NaN]) => time))
  const b = median(rounds.map(([, time = Number.NaN]) => time))
  const added = median(rounds.map(([one = Number.NaN, other = Number.NaN]) => other - one))
  const figures = `direct ${a.toFixed(2)} ms  through lintel ${b.toFixed(2)} ms  added ${added.toFixed(2)} ms`
  console.log(`${title.padEnd(52)} ${figures}  ratio ${(b / a).toFixed(2)}`)
  return added
}

const workspace = mkdtempSync(
  join(statSync('/dev/shm').isDirectory() ? '/dev/shm' : tmpdir(), 'lintel-bench-'),
)
const bundle = join(workspace, 'bundle')
const template = join(workspace, 'config.json')
const log = join(mkdtempSync(join(tmpdir(), 'lintel-bench-log-')), 'decisions.jsonl')

/**
 * A policy with the full profile, its record on a real disk, and this runtime under it. Nobody but the bench calls the
 * runtime here: its cgroup is nobody's, and only told.
 */
const policyFor = (name: string, runtime: string): string => {
  const file = join(workspace, `${name}.toml`)
  writeFileSync(
    file,
    `version = 1\nprofile = "cis-docker-1.13.0"\nrules.cgroup-parent.action = "warn"\n[runtime]\npath = ["${runtime}"]\n[log]\nfile = "${log}"\n`,
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

const makeBundle = (config: string): void => {
  mkdirSync(join(bundle, 'rootfs/bin'), { recursive: true })
  writeFileSync(join(bundle, 'rootfs/bin/busybox'), readFileSync('/bin/busybox'), { mode: 0o755 })
  for (const file of [template, join(bundle, 'config.json')]) writeFileSync(file, config)
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
  const pairs = await compileC('pairs', readFileSync(join(root, 'bench/pairs.c'), 'utf8'))
  const config = dockerConfig()
  makeBundle(config)
  const noopPolicy = policyFor('noop', noop)
  const runcPolicy = policyFor('runc', '/usr/sbin/runc')
  const through = (policy: string, args: readonly string[]) => [lintel, '--lintel-policy', policy, ...args]
  // The compiled policy is believed once the file is older than two seconds.
  await new Promise((resolve) => setTimeout(resolve, 2100))
  for (const policy of [noopPolicy, runcPolicy]) spawnSync(lintel, ['--lintel-policy', policy, '--version'])

  console.log(`${rounds} pairs each, medians; whole processes, from spawn to end`)
  const create = ['create', '--bundle', bundle, 'bench']
  const createAdded = await measure(pairs, {
    title: 'create, full profile, durable record, no-op runtime',
    direct: [noop, ...create],
    through: through(noopPolicy, create),
    rewrites: true,
    count: rounds,
  })
  const passAdded = await measure(pairs, {
    title: 'passed through (state), no-op runtime',
    direct: [noop, 'state', 'bench'],
    through: through(noopPolicy, ['state', 'bench']),
    rewrites: false,
    count: rounds,
  })
  if (process.getuid?.() === 0) {
    const rooted = ['--root', join(workspace, 'state')]
    await measure(pairs, {
      title: 'run to the end (create, start, delete), real runc',
      direct: ['/usr/sbin/runc', ...rooted, 'run', '--bundle', bundle, 'bench-a'],
      through: through(runcPolicy, [...rooted, 'run', '--bundle', bundle, 'bench-b']),
      rewrites: true,
      count: Math.ceil(rounds / 10),
    })
    await measure(pairs, {
      title: 'passed through (list), real runc',
      direct: ['/usr/sbin/runc', ...rooted, 'list'],
      through: through(runcPolicy, [...rooted, 'list']),
      rewrites: false,
      count: Math.ceil(rounds / 3),
    })
  }
  console.log('\nBudgets (DESIGN section 9)')
  judged('added to create', createAdded, 1.5, 'ms')
  judged('added to a passed-through call', passAdded, 0.4, 'ms')
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
  rmSync(workspace, { recursive: true, force: true })
  rmSync(join(log, '..'), { recursive: true, force: true })
}
