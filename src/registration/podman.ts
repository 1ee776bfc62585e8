/** Podman: a drop-in of containers.conf(5) that defines lintel and makes it the default. */
import { err, ok } from '../core/result.ts'
import { filesIn, lastOf, layersOf, namesBelow, placeIn, textOf, unlessOverruled } from './layered-toml.ts'
import { baseName, dropInBegin, dropInName, isAtLeast, runtimeName } from './names.ts'
import { fromPlans, type Operation, type Planner, rendered, settingsPlan } from './operations.ts'
import type { Handler, Installation, Registration, Texts } from './registration.ts'
import { memberAt } from './text-edit.ts'
import { tomlText } from './toml-edit.ts'

const vendor = '/usr/share/containers/containers.conf'
const inEngine = (...keys: readonly string[]): readonly string[] => ['engine', ...keys]

/** What Podman takes for runtimes that log JSON where nobody says (containers/common pkg/config/default.go). */
const speakJson = ['crun', 'runc', 'kata', 'runsc', 'youki', 'krun', 'ocijail']

const dropInFolder = ({ configuration }: Installation): string => `${configuration}.d/`

const files = (installation: Installation, texts: Texts): readonly string[] => [
  vendor,
  installation.configuration,
  ...filesIn(texts, dropInFolder(installation), '.conf'),
]

const planner: Planner = (installation, texts, wanted) => {
  const { version, configuration } = installation
  if (version !== undefined && !isAtLeast(version, 2, 0)) {
    return err(`${installation.program}: Podman ${version} has no containers.conf; take its runc by --divert`)
  }
  // Drop-ins are read since 3.2 (containers/common 0.38).
  const separate = version === undefined || isAtLeast(version, 3, 2)
  const file = separate ? `${dropInFolder(installation)}${dropInName}.conf` : configuration
  const layers = layersOf(
    texts,
    files(installation, texts).filter((path) => path !== file || !separate),
  )
  if (!layers.ok) return layers
  const takenOver = baseName(wanted.becomes ?? 'runc')
  const json = lastOf(layers.value, inEngine('runtime_supports_json'))?.value
  const names: readonly unknown[] = Array.isArray(json) ? json : speakJson
  const appended = names.some((name) => memberAt(name, ['append']) === true)
  const told = names.filter((name) => typeof name === 'string')
  const known = appended ? [...new Set([...speakJson, ...told])] : told
  const operations: readonly Operation[] = [
    { kind: 'set', path: inEngine('runtime'), raw: rendered(runtimeName) },
    {
      kind: 'set',
      path: inEngine('runtime_supports_json'),
      raw: rendered(known.includes(runtimeName) ? known : [...known, runtimeName]),
    },
    { kind: 'set', path: inEngine('runtimes', runtimeName), raw: rendered([wanted.runtime]), name: true },
    { kind: 'set', path: inEngine('runtimes', takenOver), raw: rendered([wanted.runtime]) },
  ]
  const plan = settingsPlan(file, { format: tomlText, fresh: separate ? dropInBegin : '' }, operations)
  const folder = dropInFolder(installation)
  const later = layers.value.filter(({ path }) => separate && path.startsWith(folder) && path > file)
  return ok([unlessOverruled(plan, operations, { later })])
}

/** Names Podman knows without being told, in the order it tries them for its default. */
const builtIn = ['crun', 'runc']

const handlers: Registration['handlers'] = (installation, texts, { runtime }) => {
  const layers = layersOf(texts, files(installation, texts))
  if (!layers.ok) return layers
  const chosen = textOf(layers.value, inEngine('runtime'))
  const table = inEngine('runtimes')
  const defined = namesBelow(layers.value, table, Array.isArray)
  const usual = builtIn[0]
  return ok(
    [...new Set([...defined, ...builtIn, ...(chosen === undefined ? [] : [chosen])])].map((name): Handler => {
      const found = lastOf(layers.value, [...table, name])
      const first: unknown = Array.isArray(found?.value) ? found.value[0] : undefined
      const binary = typeof first === 'string' ? first : name.startsWith('/') ? name : undefined
      return {
        name,
        binary,
        isDefault: name === (chosen ?? usual),
        throughLintel: binary === runtime,
        place: placeIn(found),
      }
    }),
  )
}

/** containers.conf(5): `/usr/share`, then `/etc`, then drop-ins; nothing to reload. */
export const podmanRegistration: Registration = {
  engine: 'podman',
  reads: (installation) => [vendor, installation.configuration, dropInFolder(installation)],
  ...fromPlans(planner),
  handlers,
}
