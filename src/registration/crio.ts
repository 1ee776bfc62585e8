/** CRI-O: a drop-in of crio.conf(5) that gives its handlers lintel's path. */
import { err, ok, type Result } from '../core/result.ts'
import { checkOverruling } from './command-line.ts'
import {
  filesIn,
  type Layer,
  lastOf,
  layersOf,
  namesBelow,
  placeIn,
  textOf,
  unlessOverruled,
} from './layered-toml.ts'
import { baseName, dropInBegin, dropInName, isAtLeast, runtimeName } from './names.ts'
import { faultLine, fromPlans, type Operation, type Planner, rendered, settingsPlan } from './operations.ts'
import type { Handler, Installation, Registration, Texts, Wanted } from './registration.ts'
import { isTable } from './text-edit.ts'
import { tomlText } from './toml-edit.ts'

const inRuntime = (...keys: readonly string[]): readonly string[] => ['crio', 'runtime', ...keys]
const handlersTable = inRuntime('runtimes')

const dropInFolder = ({ configuration }: Installation): string => `${configuration}.d/`
const dropIn = (installation: Installation): string => `${dropInFolder(installation)}${dropInName}.conf`

const files = (installation: Installation, texts: Texts): readonly string[] => [
  installation.configuration,
  ...filesIn(texts, dropInFolder(installation), '.conf'),
]

/** The handler of pods without a RuntimeClass: as written, else CRI-O's own (crun since 1.31). */
const defaultOf = (layers: readonly Layer[], { version }: Installation): string =>
  textOf(layers, inRuntime('default_runtime')) ??
  (version !== undefined && !isAtLeast(version, 1, 31) ? 'runc' : 'crun')

/** The runtime a handler calls: by its path, else by its name; undefined for the types that are no OCI runtime. */
const calledBy = (layers: readonly Layer[], name: string): string | undefined => {
  const type = textOf(layers, [...handlersTable, name, 'runtime_type']) ?? 'oci'
  if (type !== 'oci' && type !== 'pod') return undefined
  return baseName(textOf(layers, [...handlersTable, name, 'runtime_path']) ?? name)
}

/** What CRI-O's built-in handler has beside its path (pkg/config/config.go, defaultRuntimeHandler). */
const builtInHandler = (name: string): readonly (readonly [key: string, raw: string])[] => [
  ['runtime_type', rendered('oci')],
  ['runtime_root', rendered(`/run/${name}`)],
  ['allowed_annotations', rendered(['io.containers.trace-syscall', 'io.kubernetes.cri-o.Devices'])],
]

/** The settings of a handler as the last file that has it writes them: a later table replaces an earlier one whole. */
const settingsOf = (
  layers: readonly Layer[],
  name: string,
): readonly (readonly [key: string, raw: string])[] => {
  const found = lastOf(layers, [...handlersTable, name])
  if (!isTable(found?.value)) return builtInHandler(name)
  return Object.keys(found.value).flatMap((key) => {
    const raw = lastOf(layers, [...handlersTable, name, key])?.raw
    return raw === undefined ? [] : [[key, raw] as const]
  })
}

/** The same handler with lintel's path; its state stays where it is, so that running containers are found. */
const takenOver = (layers: readonly Layer[], name: string, { runtime }: Wanted): readonly Operation[] => [
  { kind: 'set', path: [...handlersTable, name, 'runtime_path'], raw: rendered(runtime) },
  ...settingsOf(layers, name)
    .filter(([key]) => key !== 'runtime_path')
    .map(([key, raw]) => ({ kind: 'set', path: [...handlersTable, name, key], raw }) as const),
]

const notCarriedOver = ['runtime_path', 'runtime_root', 'runtime_type']

/** A handler of lintel's own, made the default: the default one calls a runtime that lintel does not become. */
const ownDefault = (layers: readonly Layer[], usual: string, wanted: Wanted): readonly Operation[] => [
  { kind: 'set', path: inRuntime('default_runtime'), raw: rendered(runtimeName) },
  ...ownHandler(layers, usual, { ...wanted, handler: runtimeName }),
]

/** A handler of lintel's own with the settings of another. */
const ownHandler = (
  layers: readonly Layer[],
  source: string,
  { runtime, handler = runtimeName }: Wanted,
): readonly Operation[] =>
  [
    ['runtime_path', rendered(runtime)] as const,
    ['runtime_type', rendered('oci')] as const,
    ['runtime_root', rendered(`/run/${handler}`)] as const,
    ...settingsOf(layers, source).filter(([key]) => !notCarriedOver.includes(key)),
  ].map(([key, raw]) => ({ kind: 'set', path: [...handlersTable, handler, key], raw, name: true }) as const)

/** The settings that make it; the error is one line: another's handler has the name. */
const addedHandler = (
  layers: readonly Layer[],
  source: string,
  wanted: Wanted & { readonly handler: string },
): Result<readonly Operation[], string> => {
  const taken = lastOf(layers, [...handlersTable, wanted.handler])
  if (taken === undefined) return ok(ownHandler(layers, source, wanted))
  const message = `a handler ${wanted.handler} is written here already; name another`
  return err(faultLine(taken.file, { message, line: taken.line, column: 1 }))
}

const planner: Planner = (installation, texts, wanted) => {
  const file = dropIn(installation)
  const layers = layersOf(
    texts,
    files(installation, texts).filter((path) => path !== file),
  )
  if (!layers.ok) return layers
  const usual = defaultOf(layers.value, installation)
  const becomes = baseName(wanted.becomes ?? 'runc')
  const ours = [...new Set([...namesBelow(layers.value, handlersTable), usual])].filter(
    (name) => calledBy(layers.value, name) === becomes,
  )
  const { handler } = wanted
  const source = ours.includes(usual) ? usual : (ours[0] ?? usual)
  const all =
    handler === undefined
      ? ok([
          ...(ours.includes(usual) ? [] : ownDefault(layers.value, usual, wanted)),
          ...ours.flatMap((name) => takenOver(layers.value, name, wanted)),
        ])
      : addedHandler(layers.value, source, { ...wanted, handler })
  if (!all.ok) return all
  const operations = all.value
  const plan = settingsPlan(file, { format: tomlText, fresh: dropInBegin }, operations)
  const later = layers.value.filter(({ path }) => path !== installation.configuration && path > file)
  return ok([unlessOverruled(plan, operations, { later, replaces: handlersTable.length + 1 })])
}

const handlers: Registration['handlers'] = (installation, texts, { runtime }) => {
  const layers = layersOf(texts, files(installation, texts))
  if (!layers.ok) return layers
  const usual = defaultOf(layers.value, installation)
  return ok(
    [...new Set([...namesBelow(layers.value, handlersTable), usual])].map((name): Handler => {
      const binary = textOf(layers.value, [...handlersTable, name, 'runtime_path'])
      const shim = textOf(layers.value, [...handlersTable, name, 'runtime_type'])
      const place = placeIn(lastOf(layers.value, [...handlersTable, name]))
      return { name, binary, isDefault: name === usual, shim, throughLintel: binary === runtime, place }
    }),
  )
}

const plans = fromPlans(planner)

/** crio.conf(5) and its drop-ins, which count from CRI-O's next start. */
export const crioRegistration: Registration = {
  engine: 'crio',
  reads: (installation) => [installation.configuration, dropInFolder(installation)],
  ...plans,
  register: (installation, texts, wanted) => {
    const checked = checkOverruling(installation, ['--default-runtime', '--runtimes'])
    return checked.ok ? plans.register(installation, texts, wanted) : checked
  },
  handlers,
}
