/** What registering lintel with an engine, or taking it out, comes to: from the texts of its files to changes. */
import { err, ok, type Result } from '../core/result.ts'
import type { Host } from '../host/host.ts'
import { registrationOf } from '../registration/engines.ts'
import type { FileChange, Installation, Texts, Wanted } from '../registration/registration.ts'
import { readConfiguration } from './replace-text.ts'
import type { Registered } from './state.ts'

/** The change of one engine. */
export interface EnginePlan {
  readonly installation: Installation
  /** None: it is as wanted. */
  readonly changes: readonly FileChange[]
  /** Whether its default, or lintel's own handler where one was wanted, goes through lintel afterwards. */
  readonly expected: boolean
  /** What is recorded of its files afterwards. */
  readonly files: Registered['files']
}

/** Texts of all files an engine's registration needs. Errors: one line. */
export const readTexts = (host: Host, installation: Installation): Result<Texts, string> => {
  const texts: { [path: string]: string | undefined } = {}
  const asked = new Set<string>()
  // What is read may name further files.
  for (let before = -1; before < asked.size; ) {
    before = asked.size
    for (const wanted of registrationOf(installation.engine).reads(installation, texts)) {
      if (asked.has(wanted)) continue
      asked.add(wanted)
      for (const path of wanted.endsWith('/') ? filesIn(host, wanted) : [wanted]) {
        const text = readConfiguration(host, path)
        if (!text.ok) return text
        texts[path] = text.value
      }
    }
  }
  return ok(texts)
}

const filesIn = (host: Host, folder: string): readonly string[] => {
  const listed = host.listDirectory(folder)
  const paths = (listed.ok ? listed.value : []).map((name) => folder + name)
  return paths.filter((path) => {
    const stat = host.stat(path, true)
    return stat.ok && stat.value.kind === 'file'
  })
}

/** Registers an engine. `known`: what was recorded of it before. Errors: one line; nothing may be touched then. */
export const planInstall = (
  host: Host,
  { installation, known }: { readonly installation: Installation; readonly known: Registered | undefined },
  wanted: Wanted,
): Result<EnginePlan, string> => {
  const texts = readTexts(host, installation)
  if (!texts.ok) return texts
  const registration = registrationOf(installation.engine)
  const switched = sameHandler(installation, known, wanted)
  if (!switched.ok) return switched
  const changes = registration.register(installation, texts.value, wanted)
  if (!changes.ok) return changes
  const expected = isThrough(installation, changed(texts.value, changes.value), wanted)
  if (!expected.ok) return expected
  const files = recordedFiles({ installation, known, wanted, texts: texts.value, changes: changes.value })
  return files.ok
    ? ok({ installation, changes: changes.value, expected: expected.value, files: files.value })
    : files
}

/** What is registered in one way is not registered in the other on top of it. */
const sameHandler = (
  { engine }: Installation,
  known: Registered | undefined,
  { handler }: Wanted,
): Result<null, string> => {
  if (known === undefined || known.handler === handler) return ok(null)
  const now = known.handler === undefined ? 'for every handler' : `as the handler ${known.handler} alone`
  return err(`${engine}: lintel is registered ${now}; run lintel uninstall ${engine} first`)
}

/** Texts after some changes. */
const changed = (texts: Texts, changes: readonly FileChange[]): Texts => ({
  ...texts,
  ...Object.fromEntries(changes.map(({ path, after }) => [path, after])),
})

const isThrough = (installation: Installation, texts: Texts, wanted: Wanted): Result<boolean, string> => {
  const handlers = registrationOf(installation.engine).handlers(installation, texts, wanted)
  return handlers.ok
    ? ok(
        handlers.value.some(
          ({ name, isDefault, throughLintel }) =>
            throughLintel && (wanted.handler === undefined ? isDefault : name === wanted.handler),
        ),
      )
    : handlers
}

/**
 * What uninstall will need. The text to go back to is the one of before the first registration; where somebody has
 * edited the file since, his text without lintel.
 */
const recordedFiles = (scene: {
  readonly installation: Installation
  readonly known: Registered | undefined
  readonly wanted: Wanted
  readonly texts: Texts
  readonly changes: readonly FileChange[]
}): Result<Registered['files'], string> => {
  const { installation, known, wanted, texts, changes } = scene
  const old = known?.files ?? []
  const isEdited = changes.some(({ path, before }) =>
    old.some((each) => each.path === path && each.after !== before),
  )
  const before = Object.fromEntries(old.map((each) => [each.path, each.before]))
  const cleaned = isEdited
    ? registrationOf(installation.engine).unregister(installation, texts, { before, wanted })
    : ok([])
  if (!cleaned.ok) return cleaned
  const clean = changed(texts, cleaned.value)
  const untouched = old.filter(({ path }) => !changes.some((each) => each.path === path))
  const files = changes.map(({ path, before, after }) => {
    const first = old.find((each) => each.path === path)
    if (first === undefined) return { path, before, after, backup: undefined }
    return first.after === before
      ? { ...first, after }
      : { path, before: clean[path], after, backup: undefined }
  })
  return ok([...untouched, ...files])
}

/**
 * Takes lintel out of an engine's files: byte by byte what was there before, where nobody has edited them since.
 * `known` undefined: registered by hand, or the record is lost. Errors: one line; nothing may be touched then.
 */
export const planUninstall = (
  host: Host,
  { installation, known }: { readonly installation: Installation; readonly known: Registered | undefined },
  wanted: Wanted,
): Result<EnginePlan, string> => {
  const texts = readTexts(host, installation)
  if (!texts.ok) return texts
  const registration = registrationOf(installation.engine)
  const files = known?.files ?? []
  const all: { [path: string]: string | undefined } = { ...texts.value }
  for (const { path } of files) {
    const text = readConfiguration(host, path)
    if (!text.ok) return text
    all[path] = text.value
  }
  const restored: Texts = {
    ...all,
    ...Object.fromEntries(
      files.filter(({ path, after }) => all[path] === after).map(({ path, before }) => [path, before]),
    ),
  }
  const handlers = registration.handlers(installation, restored, wanted)
  if (!handlers.ok) return handlers
  const before = Object.fromEntries(files.map((each) => [each.path, each.before]))
  const rest = handlers.value.some(({ throughLintel }) => throughLintel)
    ? registration.unregister(installation, restored, { before, wanted })
    : ok([])
  if (!rest.ok) return rest
  const result = changed(restored, rest.value)
  const changes = Object.keys(result)
    .filter((path) => result[path] !== all[path])
    .map((path) => ({ path, before: all[path], after: result[path] }))
  const expected = isThrough(installation, result, { ...wanted, handler: undefined })
  if (!expected.ok) return expected
  return expected.value
    ? err(
        `${installation.engine}: lintel could not be taken out of ${installation.configuration}; edit it by hand`,
      )
    : ok({ installation, changes, expected: false, files: [] })
}
