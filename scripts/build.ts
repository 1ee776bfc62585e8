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
import { leanRules } from './lean-rules.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const bundles = join(root, 'native/target/bundles')

/** The bytecode modules; `lean` ones carry rules without what only people read, and no names of variables. */
const modules = [
  { name: 'runtime', entry: 'src/runtime/main.ts', lean: 'types' },
  { name: 'judge', entry: 'src/runtime/judge-main.ts', lean: 'types' },
  { name: 'policy', entry: 'src/policy/main.ts', lean: 'whole' },
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
  await build({
    entryPoints: [join(root, entry)],
    outfile: join(bundles, `${name}.js`),
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['browser', 'import'],
    target: 'es2023',
    minifySyntax: true,
    minifyIdentifiers: lean !== undefined,
    minifyWhitespace: lean !== undefined,
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
    define: { LINTEL_VERSION: JSON.stringify(version) },
    plugins: lean === undefined ? [yargsPlatform] : [leanRules(lean)],
    absWorkingDir: root,
  })
}

/** Flags for a static executable whose bytes do not depend on where it was built. */
const rustFlags = [
  '-Ctarget-feature=+crt-static',
  '-Crelocation-model=static',
  `--remap-path-prefix=${root}=.`,
  `--remap-path-prefix=${process.env['CARGO_HOME'] ?? join(process.env['HOME'] ?? '', '.cargo')}=cargo`,
].join('\u001f')

/** The machine's own target; naming it keeps the static flags away from build scripts. */
const hostTarget = async (): Promise<string> => {
  const { stdout } = await execa('rustc', ['-vV'])
  return /^host: (.*)$/m.exec(stdout)?.[1] ?? 'x86_64-unknown-linux-gnu'
}

const compile = async (): Promise<string> => {
  const target = await hostTarget()
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
        CFLAGS: `-ffile-prefix-map=${root}=. -ffile-prefix-map=${process.env['HOME'] ?? ''}=home`,
      },
    },
  )
  return join(root, 'native/target', target, 'release/lintel')
}

/** Where a section of a 64-bit little-endian ELF file lies in it (elf(5), Shdr). */
const sectionOf = (file: Buffer, name: string): { readonly offset: number; readonly size: number } => {
  const table = Number(file.readBigUInt64LE(40))
  const [entry, count, names] = [58, 60, 62].map((at) => file.readUInt16LE(at))
  const header = (index: number): Buffer => file.subarray(table + index * (entry ?? 0))
  const place = (at: Buffer) => ({
    offset: Number(at.readBigUInt64LE(24)),
    size: Number(at.readBigUInt64LE(32)),
  })
  const strings = place(header(names ?? 0)).offset
  const wanted = Array.from({ length: count ?? 0 }, (_, index) => header(index)).find(
    (at) => file.subarray(strings + at.readUInt32LE(0)).indexOf(`${name}\0`) === 0,
  )
  if (wanted === undefined) throw new Error(`the executable has no section ${name}`)
  return place(wanted)
}

/**
 * The executable with the snapshot of its heap inside (docs/decisions/0002-heap-snapshot.md). Two are made, by two
 * processes: what differs between them would depend on the process, and none of that may be shipped.
 */
const withSnapshot = async (binary: string): Promise<Buffer> => {
  const file = readFileSync(binary)
  const snapshot = async (name: string): Promise<Buffer> => {
    const path = join(bundles, name)
    await execa(binary, ['--write-snapshot', path], { stdio: 'inherit' })
    return readFileSync(path)
  }
  const [one, other] = [await snapshot('heap-1.bin'), await snapshot('heap-2.bin')]
  if (!one.equals(other)) throw new Error('the heap depends on the process that makes it')
  const { offset, size } = sectionOf(file, '.lintel.heap')
  if (one.length > size) throw new Error(`the heap needs ${one.length} bytes, its section has ${size}`)
  one.copy(file, offset)
  console.log(`heap snapshot: ${one.length} of ${size} bytes`)
  return file
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
  install(await withSnapshot(await compile()))
}
