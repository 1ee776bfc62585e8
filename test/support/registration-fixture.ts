/** A recorded registration: an engine as it was found, its files before, and what is to come of them. */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { registrationOf } from '../../src/registration/engines.ts'
import type {
  FileChange,
  Handler,
  Installation,
  RegistrableEngine,
  Texts,
  Wanted,
} from '../../src/registration/registration.ts'

const root = fileURLToPath(new URL('../../fixtures/registration', import.meta.url))

/** Where each engine looks by itself. */
const usual: { readonly [engine in RegistrableEngine]: string } = {
  docker: '/etc/docker/daemon.json',
  containerd: '/etc/containerd/config.toml',
  crio: '/etc/crio/crio.conf',
  podman: '/etc/containers/containers.conf',
  buildkit: '/etc/buildkit/buildkitd.toml',
}

export const runtime = '/usr/local/sbin/lintel-runtime'

export interface Fixture {
  readonly name: string
  readonly folder: string
  readonly installation: Installation
  readonly wanted: Wanted
  readonly before: Texts
}

/** What registration made of a fixture, as it is kept beside it. */
export interface Outcome {
  readonly refused: string | undefined
  readonly after: Texts
  readonly handlers: readonly string[]
}

/** All fixtures, `engine/case`. */
export const fixtures = (): readonly Fixture[] =>
  readdirSync(root).flatMap((engine) =>
    readdirSync(join(root, engine)).map((each) => readFixture(`${engine}/${each}`)),
  )

const readFixture = (name: string): Fixture => {
  const folder = join(root, name)
  const { engine, program, version, configuration, daemon, argv, tls, becomes } = JSON.parse(
    readFileSync(join(folder, 'installation.json'), 'utf8'),
  )
  const installation: Installation = {
    engine,
    program,
    version,
    configuration: configuration ?? usual[engine as RegistrableEngine],
    daemon,
    argv,
  }
  return {
    name,
    folder,
    installation,
    wanted: { runtime, tls, becomes },
    before: textsIn(join(folder, 'before')),
  }
}

const textsIn = (folder: string): Texts => {
  if (!existsSync(folder)) return {}
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()
  const files = names.filter((name) => statSync(join(folder, name)).isFile())
  return Object.fromEntries(files.map((name) => [`/${name}`, readFileSync(join(folder, name), 'utf8')]))
}

/** The texts with the changes made. */
export const withChanges = (texts: Texts, changes: readonly FileChange[]): Texts => {
  const result: Record<string, string | undefined> = { ...texts }
  for (const { path, before, after } of changes) {
    if (result[path] !== before) throw new Error(`${path} is not what the change says it was`)
    if (after === undefined) delete result[path]
    else result[path] = after
  }
  return result
}

/** Registers, and tells the outcome; a refusal leaves the files as they were. */
export const outcomeOf = ({ installation, wanted, before }: Fixture): Outcome => {
  const { register, handlers } = registrationOf(installation.engine)
  const changes = register(installation, before, wanted)
  if (!changes.ok) return { refused: changes.error, after: {}, handlers: [] }
  const after = withChanges(before, changes.value)
  const told = handlers(installation, after, wanted)
  if (!told.ok) throw new Error(told.error)
  const changed = Object.entries(after).filter(([path, text]) => text !== before[path])
  return { refused: undefined, after: Object.fromEntries(changed), handlers: told.value.map(handlerLine) }
}

const handlerLine = ({ name, binary, isDefault, shim, throughLintel, place }: Handler): string =>
  [
    `${name}${isDefault ? ' (default)' : ''}:`,
    `${binary ?? 'as the engine finds it'}${shim === undefined ? '' : ` by ${shim}`},`,
    `${throughLintel ? 'through lintel' : 'past lintel'},`,
    place === undefined ? 'written nowhere' : `${place.file}:${place.line}`,
  ].join(' ')

/** What is kept beside the fixture. */
export const keptOutcome = ({ folder }: Fixture): Outcome => {
  const refused = join(folder, 'refused.txt')
  const handlers = join(folder, 'handlers.txt')
  return {
    refused: existsSync(refused) ? readFileSync(refused, 'utf8').trimEnd() : undefined,
    after: textsIn(join(folder, 'after')),
    handlers: existsSync(handlers) ? readFileSync(handlers, 'utf8').trimEnd().split('\n') : [],
  }
}

/** Keeps an outcome in place of the one that is there (UPDATE_GOLDEN=1). */
export const keep = ({ folder }: Fixture, { refused, after, handlers }: Outcome): void => {
  for (const name of ['after', 'refused.txt', 'handlers.txt'])
    rmSync(join(folder, name), { recursive: true, force: true })
  if (refused !== undefined) writeFileSync(join(folder, 'refused.txt'), `${refused}\n`)
  if (handlers.length > 0) writeFileSync(join(folder, 'handlers.txt'), `${handlers.join('\n')}\n`)
  for (const [path, text] of Object.entries(after)) {
    const file = join(folder, 'after', path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text ?? '')
  }
}
