/** What registering lintel with an engine, or taking it out, comes to: from the texts of its files to changes. */
import { err, ok, type Result } from '../core/result.ts'
import type { Host } from '../host/host.ts'
import { registrationOf } from '../registration/engines.ts'
import { baseName } from '../registration/names.ts'
import type { FileChange, Installation, Texts, Wanted } from '../registration/registration.ts'
import { readConfiguration } from './replace-text.ts'
import { type Registered, wantedOf } from './state.ts'

/** The change of one engine. */
export interface EnginePlan {
  readonly installation: Installation
  /** None: it is as wanted. */
  readonly changes: readonly FileChange[]
  /** Whether its default goes through lintel afterwards. */
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
  const start = startOf(installation, { texts: texts.value, known, wanted })
  if (!start.ok) return start
  const made = registration.register(installation, start.value, wanted)
  if (!made.ok) return made
  const result = changed(start.value, made.value)
  const changes = differences(texts.value, result)
  const expected = isThrough(installation, result, wanted)
  if (!expected.ok) return expected
  const files = recordedFiles({ installation, known, texts: texts.value, changes })
  return files.ok ? ok({ installation, changes, expected: expected.value, files: files.value }) : files
}

/** The texts to register in: where lintel became another runtime before, without the names it took over then. */
const startOf = (
  installation: Installation,
  scene: { readonly texts: Texts; readonly known: Registered | undefined; readonly wanted: Wanted },
): Result<Texts, string> => {
  const { texts, known, wanted } = scene
  const isSame = baseName(known?.becomes ?? 'runc') === baseName(wanted.becomes ?? 'runc')
  return known === undefined || isSame ? ok(texts) : restored(installation, texts, known)
}

/** Texts without lintel: byte by byte as they were, where nobody has edited them since. */
const restored = (installation: Installation, texts: Texts, known: Registered): Result<Texts, string> => {
  const untouched = known.files.filter(({ path, after }) => texts[path] === after)
  const back = { ...texts, ...Object.fromEntries(untouched.map(({ path, before }) => [path, before])) }
  const { unregister, handlers } = registrationOf(installation.engine)
  const told = handlers(installation, back, wantedOf(known))
  if (!told.ok) return told
  // What an engine is told may be split over files, of which only one was edited.
  if (untouched.length === known.files.length && !told.value.some(({ throughLintel }) => throughLintel))
    return ok(back)
  const rest = unregister(installation, back, { before: beforeOf(known), wanted: wantedOf(known) })
  return rest.ok ? ok(changed(back, rest.value)) : rest
}

const beforeOf = (known: Registered | undefined): Texts =>
  Object.fromEntries((known?.files ?? []).map(({ path, before }) => [path, before]))

const differences = (texts: Texts, result: Texts): readonly FileChange[] =>
  Object.keys(result)
    .filter((path) => result[path] !== texts[path])
    .map((path) => ({ path, before: texts[path], after: result[path] }))

/** Texts after some changes. */
const changed = (texts: Texts, changes: readonly FileChange[]): Texts => ({
  ...texts,
  ...Object.fromEntries(changes.map(({ path, after }) => [path, after])),
})

const isThrough = (installation: Installation, texts: Texts, wanted: Wanted): Result<boolean, string> => {
  const handlers = registrationOf(installation.engine).handlers(installation, texts, wanted)
  return handlers.ok
    ? ok(handlers.value.some(({ isDefault, throughLintel }) => isDefault && throughLintel))
    : handlers
}

/**
 * What uninstall will need. The text to go back to is the one of before the first registration; where somebody has
 * edited the file since, his text without lintel.
 */
const recordedFiles = (scene: {
  readonly installation: Installation
  readonly known: Registered | undefined
  readonly texts: Texts
  readonly changes: readonly FileChange[]
}): Result<Registered['files'], string> => {
  const { installation, known, texts, changes } = scene
  const old = known?.files ?? []
  const isEdited = changes.some(({ path, before }) =>
    old.some((each) => each.path === path && each.after !== before),
  )
  const cleaned = isEdited && known !== undefined ? restored(installation, texts, known) : ok(texts)
  if (!cleaned.ok) return cleaned
  const clean = cleaned.value
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
 * `known` undefined: registered by hand, or the record is lost. `keepName`: containers are pinned to the runtime name
 * lintel was registered by, which stays as nobody's default; the answer's `files` tell of it. Errors: one line; nothing
 * may be touched then.
 */
export const planUninstall = (
  host: Host,
  { installation, known }: { readonly installation: Installation; readonly known: Registered | undefined },
  { wanted, keepName }: { readonly wanted: Wanted; readonly keepName: boolean },
): Result<EnginePlan, string> => {
  const texts = readTexts(host, installation)
  if (!texts.ok) return texts
  const files = known?.files ?? []
  const all: { [path: string]: string | undefined } = { ...texts.value }
  for (const { path } of files) {
    const text = readConfiguration(host, path)
    if (!text.ok) return text
    all[path] = text.value
  }
  const result = withoutLintel(installation, all, { known, wanted, keepName })
  if (!result.ok) return result
  const expected = isThrough(installation, result.value, wanted)
  if (!expected.ok) return expected
  if (expected.value)
    return err(
      `${installation.engine}: lintel could not be taken out of ${installation.configuration}; edit it by hand`,
    )
  const kept = files
    .map((file) => ({ ...file, after: result.value[file.path] }))
    .filter(({ before, after }) => after !== before)
  const changes = differences(all, result.value)
  return ok({ installation, changes, expected: false, files: keepName ? kept : [] })
}

const withoutLintel = (
  installation: Installation,
  texts: Texts,
  scene: {
    readonly known: Registered | undefined
    readonly wanted: Wanted
    readonly keepName: boolean
  },
): Result<Texts, string> => {
  const { known, wanted, keepName } = scene
  if (known !== undefined && !keepName) return restored(installation, texts, known)
  const { unregister } = registrationOf(installation.engine)
  const rest = unregister(installation, texts, { before: beforeOf(known), wanted, keepName })
  return rest.ok ? ok(changed(texts, rest.value)) : rest
}
