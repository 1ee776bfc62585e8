/** Reads what a guarded call is about: the document to judge, and the configuration the container was admitted with. */
import type { Json } from '../core/json.ts'
import type { Config, OperationName, Process, Resources } from '../core/oci.ts'
import { err, ok, type Result } from '../core/result.ts'
import { isConfig, isProcess, isResources } from '../core/shape.ts'
import type { DocumentKind, Host, HostError } from '../host/host.ts'
import type { GuardedCall } from './argv.ts'
import { readAsked } from './asked.ts'
import { type ExecReading, processOfFlags, resourcesOfFlags } from './flags-document.ts'

const maxConfigBytes = 4 * 1024 * 1024
const maxDepth = 64

/** What is judged. */
export interface Subject {
  readonly operation: OperationName
  readonly containerId: string
  /** Absolute bundle folder; empty when it could not be found (exec and update of an unknown container). */
  readonly bundle: string
  readonly config: Config | undefined
  readonly process: Process | undefined
  readonly resources: Resources | undefined
  /** exec: the process as it was asked for at create, where lintel repaired it. */
  readonly asked: Process | undefined
  /** The document a patch is for, its text, and where the patched text goes. */
  readonly document: Json
  readonly text: string
  /** The text as it came, where what is judged is less than that: a requester's token was taken out. */
  readonly received?: string
  readonly target: Target
}

/** `flags`: the call itself is the document, and lintel does not write calls. */
export type Target =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'stdin' }
  | { readonly kind: 'flags' }

/** A document read from a file: parsed strictly, of the right shape. */
interface Read<Value> {
  readonly value: Value
  readonly document: Json
  readonly text: string
}

/** Loads the subject of a call that `runtime` (a path) will run. Errors: one line that says which file, where in it, what is wrong. */
export const loadSubject = (host: Host, call: GuardedCall, runtime: string): Result<Subject, string> => {
  switch (call.operation) {
    case 'exec':
      return loadExec(host, call, runtime)
    case 'update':
      return loadUpdate(host, call)
    default:
      return loadBundle(host, call)
  }
}

type Of<Operation> = Extract<GuardedCall, { readonly operation: Operation }>

const loadBundle = (host: Host, call: Of<'create' | 'run' | 'restore'>): Result<Subject, string> => {
  const bundle = absolute(host, call.flags.bundle ?? '.')
  const other = 'config' in call.flags ? call.flags.config : undefined
  const path = other === undefined ? `${bundle}/config.json` : absolute(host, other)
  const read = readDocument(host, path, asConfig)
  if (!read.ok) return read
  const { value: config, document, text } = read.value
  const resources = config.linux?.resources
  const { operation, containerId } = call
  return ok({
    operation,
    containerId,
    bundle,
    config,
    process: config.process,
    resources,
    asked: undefined,
    document,
    text,
    target: { kind: 'file', path },
  })
}

const loadExec = (host: Host, call: Of<'exec'>, runtime: string): Result<Subject, string> => {
  const admitted = loadAdmitted(host, call)
  if (!admitted.ok) return admitted
  const { operation, containerId } = call
  const asked = readAsked(host, admitted.value.bundle)
  const base = { operation, containerId, ...admitted.value, resources: undefined, asked }
  if (call.flags.process === undefined) {
    const { config } = admitted.value
    if (config === undefined) return err(`the bundle of container ${containerId} could not be found`)
    const process = processOfFlags(config.process ?? {}, call.flags, readingOf(host, runtime))
    return ok({ ...base, process, document: null, text: '', target: { kind: 'flags' } })
  }
  const path = absolute(host, call.flags.process)
  const read = readDocument(host, path, asProcess)
  return read.ok
    ? ok({ ...base, ...read.value, process: read.value.value, target: { kind: 'file', path } })
    : read
}

/** The subject of a bundle or an exec with this text of lintel's own in its document's place, and all of it read anew. */
export const rereadSubject = (host: Host, subject: Subject, text: string): Subject => {
  const source = { path: subject.bundle, text }
  const received = subject.text
  if (subject.operation === 'exec') {
    const read = parseDocument(host, source, asProcess)
    if (!read.ok) throw new Error(read.error)
    return { ...subject, document: read.value.document, text, process: read.value.value, received }
  }
  const read = parseDocument(host, source, asConfig)
  if (!read.ok) throw new Error(read.error)
  const { value: config, document } = read.value
  return { ...subject, config, process: config.process, document, text, received }
}

/** By the name of the executable, links followed; whatever is not runc is read the way that grants more. */
const readingOf = (host: Host, runtime: string): ExecReading => {
  const real = host.realPath(runtime)
  return /\/runc[^/]*$/.test(real.ok ? real.value : runtime) ? 'runc' : 'crun'
}

const loadUpdate = (host: Host, call: Of<'update'>): Result<Subject, string> => {
  const admitted = loadAdmitted(host, call)
  if (!admitted.ok) return admitted
  const { operation, containerId } = call
  const base = { operation, containerId, ...admitted.value, process: undefined, asked: undefined }
  const { resources: source, values } = call.flags
  if (source === undefined) {
    const resources = resourcesOfFlags(values)
    return ok({ ...base, resources, document: null, text: '', target: { kind: 'flags' } })
  }
  if (source !== '-') {
    const path = absolute(host, source)
    const read = readDocument(host, path, asResources)
    return read.ok
      ? ok({ ...base, ...read.value, resources: read.value.value, target: { kind: 'file', path } })
      : read
  }
  const text = host.readDescriptor(0, maxConfigBytes)
  if (!text.ok) return err(`the resources on standard input cannot be read (${text.error.code})`)
  const fed = host.replaceStdin(text.value)
  if (!fed.ok) return err(`the resources cannot be handed on (${fed.error.code})`)
  const read = parseDocument(host, { path: 'resources on standard input', text: text.value }, asResources)
  return read.ok
    ? ok({ ...base, ...read.value, resources: read.value.value, target: { kind: 'stdin' } })
    : read
}

interface Admitted {
  readonly bundle: string
  readonly config: Config | undefined
}

/**
 * The bundle and configuration an existing container was created with; neither where the runtime's state does not
 * tell. Errors: the configuration is not as lintel could have admitted it.
 */
const loadAdmitted = (host: Host, call: GuardedCall): Result<Admitted, string> => {
  const bundle = admittedBundle(host, call)
  if (bundle === undefined) return ok({ bundle: '', config: undefined })
  const read = readDocument(host, `${bundle}/config.json`, asConfig)
  return read.ok ? ok({ bundle, config: read.value.value }) : read
}

/** runc keeps `bundle=DIR` among the labels of state.json, crun a member `bundle` in status. */
const admittedBundle = (host: Host, { globals, containerId }: GuardedCall): string | undefined => {
  if (!/^[\w+.-]+$/.test(containerId) || containerId === '.' || containerId === '..') return undefined
  for (const folder of stateFolders(host, globals.root, containerId)) {
    const state = host.readText(`${folder}/state.json`, maxConfigBytes, false)
    if (state.ok) {
      // A whole parse of a 30 KB state for one label would cost more than everything else of an exec.
      const label = /"bundle=((?:[^"\\]|\\.)*)"/.exec(state.value)?.[1]
      return label === undefined ? undefined : label.replace(/\\(.)/g, '$1')
    }
    const status = host.readText(`${folder}/status`, maxConfigBytes, false)
    const bundle = status.ok ? /"bundle"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(status.value)?.[1] : undefined
    if (bundle !== undefined) return bundle.replace(/\\(.)/g, '$1')
  }
  return undefined
}

/** Where a container's state may be: below the runtime's `--root`, else below the default of each runtime. */
export const stateFolders = (host: Host, root: string | undefined, containerId: string): readonly string[] =>
  (root === undefined ? defaultRoots(host) : [absolute(host, root)]).map((each) => `${each}/${containerId}`)

const defaultRoots = (host: Host): readonly string[] => {
  const user = host.environment('XDG_RUNTIME_DIR')
  const own = user === undefined || host.process.effectiveUid === 0 ? [] : [`${user}/runc`, `${user}/crun`]
  return [...own, '/run/runc', '/run/crun']
}

/** A path of the command line as an absolute one, without a slash at its end. */
export const absolute = (host: Host, path: string): string => {
  if (path.startsWith('/')) return withoutSlash(path)
  const folder = host.currentDirectory()
  const below = path === '.' || path === '' ? '' : `/${path}`
  return withoutSlash(`${folder.ok ? folder.value : ''}${below}`)
}

const withoutSlash = (path: string): string =>
  path.length > 1 && path.endsWith('/') ? withoutSlash(path.slice(0, -1)) : path

/** Which definition of the schema a document is held to, and the type it then has. */
interface Reader<Value extends Json> {
  readonly kind: DocumentKind
  readonly is: (document: Json) => document is Value
}

const asConfig = { kind: 'config', is: isConfig } as const
const asProcess = { kind: 'process', is: isProcess } as const
const asResources = { kind: 'resources', is: isResources } as const

const readDocument = <Value extends Json>(
  host: Host,
  path: string,
  reader: Reader<Value>,
): Result<Read<Value>, string> => {
  const text = host.readText(path, maxConfigBytes, false)
  return text.ok
    ? parseDocument(host, { path, text: text.value }, reader)
    : err(fileProblem(path, text.error))
}

/** Parses and narrows one document; the error names file, line and column. */
export const parseDocument = <Value extends Json>(
  host: Pick<Host, 'parseJson'>,
  { path, text }: { readonly path: string; readonly text: string },
  reader: Reader<Value>,
): Result<Read<Value>, string> => {
  const parsed = host.parseJson(text, maxDepth, reader.kind)
  if (!parsed.ok) return err(`${path}:${parsed.error.line}:${parsed.error.column}: ${parsed.error.message}`)
  const { value } = parsed
  return reader.is(value)
    ? ok({ value, document: value, text })
    : err(`${path}:1:1: the document must be an object`)
}

/** Why a file could not be read, in words. */
export const fileProblem = (
  path: string,
  { code, line = 1, column = 1 }: Pick<HostError, 'code' | 'line' | 'column'>,
): string => {
  switch (code) {
    case 'ENOENT':
      return `${path} does not exist`
    case 'EISDIR':
      return `${path} is a folder where a file is expected`
    case 'EFBIG':
      return `${path} is larger than ${maxConfigBytes / 1024 / 1024} MiB`
    case 'EILSEQ':
      return `${path}:${line}:${column}: this is not UTF-8 text`
    case 'ELOOP':
      return `${path} is a symbolic link; lintel judges only the file itself`
    default:
      return `${path} cannot be read (${code})`
  }
}
