/** `npm run build`: TypeScript to bundles, bundles to bytecode inside one static executable, dist/lintel. */
import { createHash } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { execa } from 'execa'
import { doorTable } from '../src/runtime/door-table.ts'
import { buildTarget, linkedExecutable, withSnapshot } from './heap-snapshot.ts'
import { leanRules } from './lean-rules.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const bundles = join(root, 'native/target/bundles')

/** The bytecode modules; `lean` ones carry rules without what only people read. */
const modules = [
  { name: 'runtime', entry: 'src/runtime/main.ts', lean: 'types' },
  { name: 'judge', entry: 'src/runtime/judge-main.ts', lean: 'types' },
  { name: 'policy', entry: 'src/policy/main.ts', lean: 'whole' },
  { name: 'identity', entry: 'src/identity/main.ts', lean: 'types' },
  { name: 'cli', entry: 'src/cli/main.ts', lean: undefined },
] as const

const { version }: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** Digest of everything the decisions are made of; the same sources give the same id. */
const buildId = (): string => {
  const hash = createHash('sha256')
  const sources = ['src', 'native/src', 'schemas'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  )
  for (const file of sources.filter((name) => /(?<!\.test)\.(ts|js|rs|json)$/.test(name)).toSorted()) {
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(root, file)))
  }
  return hash.digest('hex').slice(0, 16)
}

/** yargs as it runs without Node: its browser build on our platform shim, and texts measured without Intl. */
const yargsPlatform: Plugin = {
  name: 'yargs-platform',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^yargs$/ }, () => ({ path: join(root, 'node_modules/yargs/browser.mjs') }))
    onResolve({ filter: /platform-shims\/browser\.mjs$/ }, () => ({
      path: join(root, 'src/cli/platform/yargs-platform.ts'),
    }))
    onResolve({ filter: /^string-width$/ }, () => ({ path: join(root, 'src/cli/platform/string-width.ts') }))
  },
}

const bundle = async ({ name, entry, lean }: (typeof modules)[number]): Promise<void> => {
  const { metafile } = await build({
    entryPoints: [join(root, entry)],
    outfile: join(bundles, `${name}.js`),
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['browser', 'import'],
    target: 'es2023',
    minifySyntax: true,
    minifyIdentifiers: true,
    minifyWhitespace: true,
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
    define: { LINTEL_VERSION: JSON.stringify(version) },
    plugins: lean === undefined ? [yargsPlatform] : [leanRules(lean)],
    absWorkingDir: root,
    metafile: true,
  })
  // What is inside, for the bill of materials (scripts/package/bill-of-materials.ts).
  writeFileSync(join(bundles, `${name}.meta.json`), JSON.stringify(metafile))
}

/** Flags for a static executable whose bytes do not depend on where it was built. */
const rustFlags = [
  '-Ctarget-feature=+crt-static',
  '-Crelocation-model=static',
  `--remap-path-prefix=${root}=.`,
  `--remap-path-prefix=${process.env['CARGO_HOME'] ?? join(process.env['HOME'] ?? '', '.cargo')}=cargo`,
].join('\u001f')

const compile = async (): Promise<string> => {
  const target = await buildTarget()
  await execa(
    'cargo',
    [
      'build',
      '--release',
      '--locked',
      '--target',
      target,
      '--manifest-path',
      join(root, 'native/Cargo.toml'),
    ],
    {
      stdio: 'inherit',
      env: {
        CARGO_ENCODED_RUSTFLAGS: rustFlags,
        LINTEL_BUNDLES: bundles,
        LINTEL_BUILD_ID: buildId(),
        LINTEL_EMBED: 'cold',
        // The executable is not position independent, but build scripts are; PIE code still calls within a file directly.
        // No panic unwinds through C: rquickjs stops each where C called Rust.
        CFLAGS: `-fPIE -fno-asynchronous-unwind-tables -ffile-prefix-map=${root}=. -ffile-prefix-map=${process.env['HOME'] ?? ''}=home`,
      },
    },
  )
  return linkedExecutable()
}

const install = (executable: Buffer): void => {
  const dist = join(root, 'dist')
  mkdirSync(dist, { recursive: true })
  const out = join(dist, 'lintel')
  rmSync(out, { force: true })
  writeFileSync(out, executable, { mode: 0o755 })
  // The caller's umask does not count.
  chmodSync(out, 0o755)
  const link = join(dist, 'lintel-runtime')
  rmSync(link, { force: true })
  symlinkSync('lintel', link)
  const megabytes = (statSync(out).size / 1e6).toFixed(2)
  console.log(`${relative(process.cwd(), out)}: ${megabytes} MB (limit 5 MB), link lintel-runtime -> lintel`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(bundles, { recursive: true })
  const { values, switches, commands } = doorTable()
  writeFileSync(
    join(bundles, 'door.txt'),
    `${[values, switches, commands].map((names) => names.join(' ')).join('\n')}\n`,
  )
  await Promise.all(modules.map(bundle))
  install(await withSnapshot(await compile(), bundles))
}
