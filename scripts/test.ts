/** `npm test`: every check and test there is, and one last line that counts them. */
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

const root = fileURLToPath(new URL('..', import.meta.url))
const isRoot = process.getuid?.() === 0

interface Count {
  passed: number
  failed: number
  skipped: number
}

const total: Count = { passed: 0, failed: 0, skipped: 0 }
const failures: string[] = []
const skips: string[] = []

const add = ({ passed, failed, skipped }: Count): void => {
  total.passed += passed
  total.failed += failed
  total.skipped += skipped
}

const run = (command: string, args: readonly string[], env: Record<string, string> = {}) =>
  execa(command, args, { cwd: root, env, reject: false, all: true, preferLocal: true })

/** A step that passes or fails as a whole, such as a linter. */
const step = async (name: string, command: string, args: readonly string[]): Promise<void> => {
  const began = Date.now()
  const result = await run(command, args)
  const passed = result.exitCode === 0
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`)
  if (!passed) {
    console.log(result.all)
    failures.push(name)
  }
  add({ passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 })
}

/** Generated files are committed: making them again must change nothing. */
const generatedIsCommitted = async (): Promise<void> => {
  const paths = ['src/rules/index.ts', 'src/profiles/index.ts', 'schemas', 'docs/rules', 'docs/coverage.md']
  const digest = async (): Promise<string> => {
    const { stdout } = await run('git', ['ls-files', '-co', '--exclude-standard', ...paths])
    const hash = createHash('sha256')
    for (const file of stdout.split('\n').filter((name) => existsSync(join(root, name)))) {
      hash.update(file).update(readFileSync(join(root, file)))
    }
    return hash.digest('hex')
  }
  const before = await digest()
  await step('generate', 'tsx', ['scripts/generate.ts'])
  const same = before === (await digest())
  if (!same) failures.push('generated files are not up to date: commit what npm run gen makes')
  add({ passed: same ? 1 : 0, failed: same ? 0 : 1, skipped: 0 })
}

/** Two builds of one tree, in different folders, give the same bytes. */
const buildIsReproducible = async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'lintel-rebuild-'))
  const { stdout } = await run('git', [
    'ls-files',
    '-co',
    '--exclude-standard',
    'src',
    'native',
    'schemas',
    'scripts',
    '*.json',
  ])
  for (const file of stdout.split('\n').filter((name) => existsSync(join(root, name)))) {
    cpSync(join(root, file), join(folder, file))
  }
  cpSync(join(root, 'src/policy/generated'), join(folder, 'src/policy/generated'), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const again = await execa('tsx', [join(folder, 'scripts/build.ts')], {
    cwd: folder,
    preferLocal: true,
    localDir: root,
    reject: false,
    all: true,
  })
  const digest = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')
  const same =
    again.exitCode === 0 && digest(join(root, 'dist/lintel')) === digest(join(folder, 'dist/lintel'))
  rmSync(folder, { recursive: true, force: true })
  console.log(`${same ? 'ok  ' : 'FAIL'} two builds are byte-identical`)
  if (!same) failures.push(`two builds differ\n${again.exitCode === 0 ? '' : again.all}`)
  add({ passed: same ? 1 : 0, failed: same ? 0 : 1, skipped: 0 })
}

const cargo = async (): Promise<void> => {
  const manifest = ['--manifest-path', 'native/Cargo.toml', '--locked']
  await step('rustfmt', 'cargo', ['fmt', '--check', '--manifest-path', 'native/Cargo.toml'])
  const env = { LINTEL_BUNDLES: join(root, 'native/target/bundles'), LINTEL_BUILD_ID: 'test' }
  const clippy = await run('cargo', ['clippy', ...manifest, '--all-targets', '--', '-D', 'warnings'], env)
  report('clippy', clippy)
  const tests = await run('cargo', ['test', ...manifest], env)
  const [, passed = '0', failed = '0', ignored = '0'] =
    /test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/.exec(tests.all ?? '') ?? []
  if (tests.exitCode !== 0) {
    console.log(tests.all)
    failures.push('cargo test')
  }
  console.log(`${tests.exitCode === 0 ? 'ok  ' : 'FAIL'} cargo test: ${passed} passed`)
  const crashed = tests.exitCode !== 0 && failed === '0' ? 1 : 0
  add({ passed: Number(passed), failed: Number(failed) + crashed, skipped: Number(ignored) })
}

const report = (name: string, result: { exitCode?: number | undefined; all?: string | undefined }): void => {
  const passed = result.exitCode === 0
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${name}`)
  if (!passed) {
    console.log(result.all)
    failures.push(name)
  }
  add({ passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 })
}

interface JestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numFailedTestSuites: number
  readonly numRuntimeErrorTestSuites: number
}

/** Runs jest on some paths and counts what ran. */
const jest = async (name: string, args: readonly string[]): Promise<void> => {
  const file = join(mkdtempSync(join(tmpdir(), 'lintel-jest-')), 'report.json')
  const began = Date.now()
  const result = await execa('jest', [...args, '--json', `--outputFile=${file}`, '--silent'], {
    cwd: root,
    env: { NODE_OPTIONS: '--experimental-vm-modules --no-warnings' },
    preferLocal: true,
    reject: false,
    stdout: 'ignore',
    stderr: 'pipe',
  })
  const seconds = ((Date.now() - began) / 1000).toFixed(1)
  if (!existsSync(file)) {
    failures.push(`${name}: jest did not run\n${result.stderr}`)
    return add({ passed: 0, failed: 1, skipped: 0 })
  }
  const counts: JestReport = JSON.parse(readFileSync(file, 'utf8'))
  const ok = result.exitCode === 0
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}: ${counts.numPassedTests} passed (${seconds} s)`)
  if (!ok) {
    console.log(result.stderr)
    failures.push(name)
  }
  const failed = counts.numFailedTests + counts.numRuntimeErrorTestSuites
  add({
    passed: counts.numPassedTests,
    failed: !ok && failed === 0 ? 1 : failed,
    skipped: counts.numPendingTests,
  })
}

/** Stages of the machine with SELinux enforcing that `npm test` has the time for; it counts by its own last line. */
const enforcing = async (...stages: readonly string[]): Promise<void> => {
  const began = Date.now()
  const result = await run('tsx', ['test/selinux/main.ts', ...stages])
  const [, passed = '0', failed = '1', skipped = '0'] =
    /(\d+) passed, (\d+) failed, (\d+) skipped\s*$/.exec(result.all ?? '') ?? []
  const ok = result.exitCode === 0
  const seconds = ((Date.now() - began) / 1000).toFixed(1)
  console.log(`${ok ? 'ok  ' : 'FAIL'} with SELinux enforcing: ${passed} passed (${seconds} s)`)
  if (!ok) {
    console.log(result.all)
    failures.push('with SELinux enforcing')
  }
  add({ passed: Number(passed), failed: Number(failed), skipped: Number(skipped) })
}

/** Test files that mount, start engines or act as another user. */
const rootOnly = [
  'test/break-glass',
  'test/e2e',
  'test/replay',
  'test/conformance',
  'test/command-line',
  'test/door',
  'test/evasion',
  'test/failure-',
  'test/hand-on',
  'test/hostile',
  'test/kernel-floor',
  'test/log-command',
  'test/packages-debian',
  'test/packages-kubernetes',
  'test/packages-rpm',
  'test/packages-tarball',
  'test/pass-through',
  'test/policy',
  'test/profile',
  'test/refusal',
  'test/rootless',
  'test/selinux',
]

/** Left by test/evasion.test.ts. */
const evasionTable = join(root, 'dist/evasions.txt')

rmSync(evasionTable, { force: true })
await generatedIsCommitted()
// The compiler keeps one processor busy, and what needs no executable the other.
const building = step('build', 'tsx', ['scripts/build.ts'])
await step('format and lint', 'biome', ['check', '.', '--error-on-warnings'])
await step('types', 'tsc', ['--noEmit'])
await step('types of tests and scripts', 'tsc', ['--noEmit', '-p', 'tsconfig.test.json'])
await step('boundaries', 'depcruise', ['--config', '.dependency-cruiser.cjs', 'src'])
await step('nothing unused', 'knip', [])
await step('shell scripts', 'shellcheck', [
  'scripts/bootstrap.sh',
  '.ci/run',
  ...['in-use.sh', 'install.sh', 'selinux.sh'].map((name) => `install/host/${name}`),
  'install/kubernetes/node-agent.sh',
  'test/selinux/build-image.sh',
  ...['answer', 'bundles', 'cases', 'early-init', 'engines', 'init', 'mls', 'services'].map(
    (name) => `test/selinux/guest/${name}`,
  ),
])
await jest('unit tests', [join(root, 'src/')])
await step('mutation: every rule broken on purpose is noticed', 'tsx', ['scripts/mutation.ts'])
await building
const native = cargo()
await step('packages', 'tsx', ['scripts/package.ts'])
await native
if (isRoot) await step('demo', 'tsx', ['scripts/demo.ts', '--built'])
else {
  skips.push('scripts/demo.ts')
  add({ passed: 0, failed: 0, skipped: 1 })
}
// Emulated: it keeps one processor busy, and waits for nobody.
const emulated = isRoot ? enforcing('cases') : undefined
const endToEnd = join(root, 'test/e2e')
const across = [
  join(root, 'test/'),
  '--maxWorkers=2',
  '--testPathIgnorePatterns',
  endToEnd,
  // CRI-O has to be built first, for longer than all of this takes: npm run test:crio.
  join(root, 'test/crio'),
  ...(isRoot ? [] : rootOnly),
]
await jest('tests across modules', across)
// Engines are mostly waited for: a build fits in between.
const rebuilt = buildIsReproducible()
if (isRoot) await jest('end to end, on real engines', [endToEnd, '--maxWorkers=3'])
else {
  skips.push(...rootOnly)
  add({ passed: 0, failed: 0, skipped: rootOnly.length })
}
await rebuilt
await emulated

if (existsSync(evasionTable)) console.log(`\n${readFileSync(evasionTable, 'utf8')}`)
if (skips.length > 0) console.log(`\nNeed root, not run: ${skips.join(', ')}`)
for (const failure of failures) console.log(`\nFAILED: ${failure}`)
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed > 0 ? 1 : 0
