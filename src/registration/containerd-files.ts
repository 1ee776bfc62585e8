/** containerd's configuration as it is spread over files: the main one, what it imports, and the CRI table in them. */
import { ok, type Result } from '../core/result.ts'
import { filesIn, type Layer, layersOf, namesBelow, textOf } from './layered-toml.ts'
import { dropInName, folderOf, isAtLeast } from './names.ts'
import type { Installation, Texts } from './registration.ts'
import { tomlText } from './toml-edit.ts'

/** The shim that calls runc or what takes its place. */
export const runcShim = 'io.containerd.runc.v2'

/** The CRI settings that count, and the files they come from. */
export interface CriSettings {
  /** All files, in the order containerd reads them. */
  readonly all: readonly Layer[]
  /** The files whose CRI settings count: of 1.x one, of 2.x all. */
  readonly layers: readonly Layer[]
  /** The version containerd reads the settings as; 1 where none is written. */
  readonly version: number
  /** Key path of the CRI plugin's table. */
  readonly root: readonly string[]
  /** True for containerd 2.x, which merges what it imports, and for k0s, which merges what it is given. */
  readonly merges: boolean
}

/**
 * Reads the settings. `own`: with lintel's drop-in, as containerd sees them; without, as they were. The error is a
 * line about a file that is no TOML.
 */
export const criSettings = (
  installation: Installation,
  texts: Texts,
  own: boolean,
): Result<CriSettings, string> => {
  const managed = managedFolder(installation, texts)
  const merges = managed !== undefined || isAtLeast(installation.version, 2, 0)
  const merged = managed === undefined ? [] : filesIn(texts, managed, '.toml')
  const paths = [...filesRead(installation, texts), ...merged].filter(
    (path) => own || !path.endsWith(`/${dropInName}.toml`),
  )
  const all = layersOf(texts, paths)
  if (!all.ok) return all
  if (merges) {
    const plugins = all.value.some(({ text }) => tomlText.find(text, ['plugins']) !== undefined)
    // A file that says neither its version nor anything of plugins takes that of the next.
    const version = Math.max(...all.value.map(versionOf), plugins ? 1 : 3)
    return ok({ all: all.value, layers: all.value, version, root: rootOf(version), merges })
  }
  const one = all.value.findLast((layer) => tomlText.find(layer.text, rootOf(versionOf(layer))) !== undefined)
  const main = one ?? all.value[0]
  const version = main === undefined ? 2 : versionOf(main)
  const layers = main === undefined ? [] : [main]
  return ok({ all: all.value, layers, version, root: rootOf(version), merges })
}

const versionOf = ({ text }: Layer): number => {
  const version = tomlText.find(text, ['version'])?.value
  return typeof version === 'number' && version >= 1 ? version : 1
}

const rootOf = (version: number): readonly string[] => {
  if (version <= 1) return ['plugins', 'cri']
  return ['plugins', version === 2 ? 'io.containerd.grpc.v1.cri' : 'io.containerd.cri.v1.runtime']
}

const pluginNames = ['cri', 'io.containerd.grpc.v1.cri', 'io.containerd.cri.v1.runtime']

/** True where containerd is told not to load its CRI plugin, as for a containerd that only Docker uses. */
export const criDisabled = ({ all }: CriSettings): boolean =>
  all.some(({ text }) => {
    const disabled = tomlText.find(text, ['disabled_plugins'])?.value
    return Array.isArray(disabled) && disabled.some((name) => pluginNames.includes(name))
  })

/** Handlers that older files define outside `runtimes`. */
const oldHandlers = ['default_runtime', 'untrusted_workload_runtime']

const isSet = ({ layers, root }: CriSettings, name: string): boolean =>
  textOf(layers, [...root, 'containerd', name, 'runtime_type']) !== undefined

/** Name of the handler of pods without a RuntimeClass. */
export const usualHandler = (settings: CriSettings): string =>
  isSet(settings, 'default_runtime')
    ? 'default_runtime'
    : (textOf(settings.layers, [...settings.root, 'containerd', 'default_runtime_name']) ?? 'runc')

/**
 * Key paths of the handlers: those written, and `runc`, which containerd has by itself where its default is `runc` or
 * no handler is written (1.x), or always (2.x).
 */
export const handlerPaths = (settings: CriSettings): readonly (readonly string[])[] => {
  const { layers, merges } = settings
  const containerd = [...settings.root, 'containerd']
  const written = namesBelow(layers, [...containerd, 'runtimes'])
  const builtIn = merges || written.length === 0 || usualHandler(settings) === 'runc' ? ['runc'] : []
  return [
    ...[...new Set([...written, ...builtIn])].map((name) => [...containerd, 'runtimes', name]),
    ...oldHandlers.filter((name) => isSet(settings, name)).map((name) => [...containerd, name]),
  ]
}

/** Folder (with its ending slash) of which the main file imports every `.toml` file; undefined where there is none. */
export const importedFolder = (installation: Installation, texts: Texts): string | undefined =>
  patternsOf(installation.configuration, texts)
    .find((pattern) => /\/\*(\.toml)?$/.test(pattern))
    ?.replace(/[^/]*$/, '')

/** The imports of a file, as absolute patterns. */
const patternsOf = (path: string, texts: Texts): readonly string[] => {
  const imports = tomlText.find(texts[path] ?? '', ['imports'])?.value
  const patterns: readonly unknown[] = Array.isArray(imports) ? imports : []
  return patterns
    .filter((pattern) => typeof pattern === 'string')
    .map((pattern) => (pattern.startsWith('/') ? pattern : folderOf(path) + pattern))
}

/** The main file and what is imported, each once, in the order containerd reads them. */
const filesRead = ({ configuration }: Installation, texts: Texts): readonly string[] => {
  const read: string[] = []
  const pending = [configuration]
  for (let path = pending.shift(); path !== undefined; path = pending.shift()) {
    if (read.includes(path)) continue
    read.push(path)
    pending.push(...patternsOf(path, texts).flatMap((pattern) => matching(pattern, texts)))
  }
  return read
}

const matching = (pattern: string, texts: Texts): readonly string[] => {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
  const expression = new RegExp(`^${escaped}$`)
  return Object.keys(texts)
    .filter((path) => texts[path] !== undefined && expression.test(path))
    .toSorted()
}

/** Folder whose files k0s merges into what it writes; undefined for a configuration that k0s leaves alone. */
export const managedFolder = ({ configuration }: Installation, texts: Texts): string | undefined =>
  texts[configuration]?.startsWith('# k0s_managed=true\n')
    ? `${folderOf(configuration)}containerd.d/`
    : undefined

/** Every file and folder that may hold a part of the configuration, as far as the texts read so far tell. */
export const placesToRead = (installation: Installation, texts: Texts): readonly string[] => {
  const folder = folderOf(installation.configuration)
  const imported = filesRead(installation, texts).flatMap((path) => patternsOf(path, texts))
  const places = imported.map((pattern) => (/[*?[]/.test(pattern) ? folderOf(pattern) : pattern))
  // Where distributions import from by themselves, so that one reading does for them.
  const usual = ['conf.d/', 'config.d/', ...(folder === '/etc/k0s/' ? ['containerd.d/'] : [])].map(
    (name) => folder + name,
  )
  return [...new Set([installation.configuration, ...usual, ...places])]
}
