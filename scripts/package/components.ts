/** What others wrote and the executable holds: crates, QuickJS, npm packages of the bundles, and what is linked in. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { buildTarget } from '../heap-snapshot.ts'

export interface Component {
  readonly name: string
  readonly version: string
  /** An SPDX expression. */
  readonly licence: string
  /** A package URL (github.com/package-url/purl-spec). */
  readonly purl: string
  /** Where its licence files lie; undefined where they come with the system that built. */
  readonly folder: string | undefined
}

interface Metadata {
  readonly packages: readonly {
    readonly name: string
    readonly version: string
    readonly license: string
    readonly manifest_path: string
  }[]
}

/** Crates linked into the executable: those needed to run, not to build or test. */
const crates = async (root: string, target: string): Promise<readonly Component[]> => {
  const manifest = ['--locked', '--manifest-path', join(root, 'native/Cargo.toml')]
  // The tree tells what is linked: metadata would count the features that only tests ask for.
  const tree = [
    'tree',
    ...manifest,
    '--edges',
    'normal',
    '--target',
    target,
    '--prefix',
    'none',
    '--format',
    '{p}',
  ]
  const linked = new Set(
    (await execa('cargo', tree)).stdout.split('\n').map((line) => line.split(' ', 2).join(' ')),
  )
  const words = ['metadata', ...manifest, '--format-version', '1', '--filter-platform', target]
  const { packages }: Metadata = JSON.parse((await execa('cargo', words)).stdout)
  return packages
    .filter(({ name, version }) => linked.has(`${name} v${version}`) && name !== 'lintel')
    .map(({ name, version, license, manifest_path: path }) => ({
      name,
      version,
      licence: license.replaceAll('/', ' OR '),
      purl: `pkg:cargo/${name}@${encodeURIComponent(version)}`,
      folder: dirname(path),
    }))
}

/** quickjs-ng, whose C sources the crate rquickjs-sys carries. */
const quickjs = (found: readonly Component[]): Component => {
  const folder = join(found.find(({ name }) => name === 'rquickjs-sys')?.folder ?? '', 'quickjs')
  const header = readFileSync(join(folder, 'quickjs.h'), 'utf8')
  const [major, minor, patch] = ['MAJOR', 'MINOR', 'PATCH'].map(
    (part) => new RegExp(`QJS_VERSION_${part} +([0-9]+)`).exec(header)?.[1],
  )
  const version = `${major}.${minor}.${patch}`
  return {
    name: 'quickjs-ng',
    version,
    licence: 'MIT',
    purl: `pkg:github/quickjs-ng/quickjs@v${version}`,
    folder,
  }
}

/** npm packages of which something stands in a bundle, as esbuild tells. */
const npmPackages = (root: string): readonly Component[] => {
  const bundles = join(root, 'native/target/bundles')
  const folders = new Set<string>()
  for (const name of readdirSync(bundles).filter((each) => each.endsWith('.meta.json'))) {
    const {
      outputs,
    }: { outputs: { [file: string]: { inputs: { [input: string]: { bytesInOutput: number } } } } } =
      JSON.parse(readFileSync(join(bundles, name), 'utf8'))
    for (const { inputs } of Object.values(outputs))
      for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
        const [folder] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input) ?? []
        if (folder !== undefined && bytesInOutput > 0) folders.add(folder)
      }
  }
  return [...folders].toSorted().map((folder) => {
    const { name, version, license }: { name: string; version: string; license: string } = JSON.parse(
      readFileSync(join(root, folder, 'package.json'), 'utf8'),
    )
    const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
    return { name, version, licence: license, purl, folder: join(root, folder) }
  })
}

/** The version of the C library that Rust's standard library for this target brings; it names it nowhere but inside. */
const muslVersion = async (): Promise<string> => {
  const { stdout } = await execa('rustc', ['--print', 'target-libdir', '--target', await buildTarget()])
  const library = readFileSync(join(stdout, 'self-contained/libc.a')).toString('latin1')
  const [, version] = /\0(1\.\d+\.\d+)\0/.exec(library) ?? []
  if (version === undefined) throw new Error("Rust's musl does not tell its version")
  return version
}

/** What the compilers link in. */
const linkedIn = async (): Promise<readonly Component[]> => {
  const first = async (program: string, words: readonly string[]): Promise<string> =>
    (await execa(program, words)).stdout.split('\n')[0] ?? ''
  const rust = (await first('rustc', ['--version'])).split(' ')[1] ?? ''
  const musl = await muslVersion()
  return [
    {
      name: 'rust-std',
      version: rust,
      licence: 'MIT OR Apache-2.0',
      purl: `pkg:generic/rust-std@${rust}`,
      folder: undefined,
    },
    { name: 'musl', version: musl, licence: 'MIT', purl: `pkg:generic/musl@${musl}`, folder: undefined },
    {
      name: 'llvm-libunwind',
      version: `rust-${rust}`,
      licence: 'Apache-2.0 WITH LLVM-exception',
      purl: `pkg:generic/llvm-libunwind@rust-${rust}`,
      folder: undefined,
    },
  ]
}

/** Every component of the executable built last below `root` for this Rust target, in the order of the package URLs. */
export const componentsOf = async (root: string, target: string): Promise<readonly Component[]> => {
  const found = await crates(root, target)
  const all = [...found, quickjs(found), ...npmPackages(root), ...(await linkedIn())]
  // npm lays the same version twice where two packages need it.
  const once = new Map(all.map((component) => [component.purl, component]))
  return [...once.values()].toSorted((one, other) => (one.purl < other.purl ? -1 : 1))
}

const isLicence = /^(licen[cs]e|copying|notice|unlicense)/i

/** The licence texts of the components, one after the other, as their licences ask. */
export const licenceTexts = (components: readonly Component[]): string =>
  components
    .map(({ name, version, licence, folder }) => {
      const head = `${name} ${version}: ${licence}\n`
      if (folder === undefined)
        return `${head}Linked in from the system that built; its source is that system's.\n`
      const texts = readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isFile() && isLicence.test(entry.name))
        .map((entry) => entry.name)
        .toSorted()
        .map((each) => `\n${readFileSync(join(folder, each), 'utf8').trim()}\n`)
      return head + texts.join('')
    })
    .join(`\n${'='.repeat(78)}\n`)
