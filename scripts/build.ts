/** `npm run build`: TypeScript to bundles, bundles to bytecode inside one static executable, dist/lintel. */
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Node, parse } from 'acorn'
import { build, type Plugin, transform } from 'esbuild'
import { execa } from 'execa'

const root = fileURLToPath(new URL('..', import.meta.url))
const bundles = join(root, 'native/target/bundles')

/** The three bytecode modules; `lean` ones carry rules without what only people read. */
const modules = [
  { name: 'runtime', lean: true },
  { name: 'policy', lean: true },
  { name: 'cli', lean: false },
] as const

/** Members of a rule that only documentation and tests read (see defineRule). */
const forReaders = new Set(['rationale', 'examples'])

/** Drops the documentation members of every `defineRule({...})`, so that the hot path does not load them. */
export const withoutDocumentation = (source: string): string => {
  let lean = source
  const program = parse(source, { ecmaVersion: 'latest', sourceType: 'module' })
  const cuts = definitions(program).flatMap((definition) =>
    definition.properties.flatMap((property) =>
      property.type === 'Property' && property.key.type === 'Identifier' && forReaders.has(property.key.name)
        ? [{ from: property.start, to: source[property.end] === ',' ? property.end + 1 : property.end }]
        : [],
    ),
  )
  for (const { from, to } of cuts.toSorted((a, b) => b.from - a.from))
    lean = lean.slice(0, from) + lean.slice(to)
  return lean
}

const definitions = (program: Node & { body: readonly Node[] }) => {
  const found: import('acorn').ObjectExpression[] = []
  for (const statement of program.body as import('acorn').Program['body']) {
    if (statement.type !== 'ExportNamedDeclaration' || statement.declaration?.type !== 'VariableDeclaration')
      continue
    for (const { init } of statement.declaration.declarations) {
      if (init?.type !== 'CallExpression' || init.callee.type !== 'Identifier') continue
      const [argument] = init.arguments
      if (init.callee.name === 'defineRule' && argument?.type === 'ObjectExpression') found.push(argument)
    }
  }
  return found
}

const leanRules: Plugin = {
  name: 'lean-rules',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/src\/rules\/.*\.ts$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, 'utf8'), { loader: 'ts', target: 'es2023' })
      return { contents: withoutDocumentation(code), loader: 'js' }
    })
  },
}

const { version }: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** Digest of everything the decisions are made of; the same sources give the same id. */
const buildId = (): string => {
  const hash = createHash('sha256')
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).toSorted()
  for (const file of files.filter((name) => /(?<!\.test)\.(ts|js)$/.test(name))) {
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(root, 'src', file)))
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

const bundle = async ({ name, lean }: (typeof modules)[number]): Promise<void> => {
  await build({
    entryPoints: [join(root, `src/${name}/main.ts`)],
    outfile: join(bundles, `${name}.js`),
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['browser', 'import'],
    target: 'es2023',
    minifySyntax: true,
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
    define: { BUILD_ID: JSON.stringify(buildId()), LINTEL_VERSION: JSON.stringify(version) },
    plugins: lean ? [leanRules] : [yargsPlatform],
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

const target = 'x86_64-unknown-linux-gnu'

const compile = async (): Promise<string> => {
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
        CFLAGS: `-ffile-prefix-map=${root}=. -ffile-prefix-map=${process.env['HOME'] ?? ''}=home`,
      },
    },
  )
  return join(root, 'native/target', target, 'release/lintel')
}

const install = (binary: string): void => {
  const dist = join(root, 'dist')
  mkdirSync(dist, { recursive: true })
  const out = join(dist, 'lintel')
  rmSync(out, { force: true })
  copyFileSync(binary, out)
  const link = join(dist, 'lintel-runtime')
  rmSync(link, { force: true })
  symlinkSync('lintel', link)
  const megabytes = (statSync(out).size / 1e6).toFixed(2)
  console.log(`${relative(process.cwd(), out)}: ${megabytes} MB (limit 5 MB), link lintel-runtime -> lintel`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(bundles, { recursive: true })
  await Promise.all(modules.map(bundle))
  install(await compile())
}
