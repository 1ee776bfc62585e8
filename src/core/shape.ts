/** Narrows a parsed document to the shapes lintel reads; a member of the wrong JSON type is refused by name. */
import { isJsonObject, type Json } from './json.ts'
import type { Config, Process, Resources } from './oci.ts'
import { pointerToken } from './patch.ts'
import { err, ok, type Result } from './result.ts'

type Leaf = 'string' | 'number' | 'boolean'
type Shape =
  | Leaf
  | { readonly list: Shape }
  | { readonly map: Leaf }
  | { readonly members: Members; readonly required?: readonly string[] }
interface Members {
  readonly [name: string]: Shape
}

const strings: Shape = { list: 'string' }
const idMappings: Shape = {
  list: {
    members: { containerID: 'number', hostID: 'number', size: 'number' },
    required: ['containerID', 'hostID', 'size'],
  },
}

const resources: Members = {
  devices: {
    list: {
      members: { allow: 'boolean', type: 'string', major: 'number', minor: 'number', access: 'string' },
      required: ['allow'],
    },
  },
  memory: {
    members: { limit: 'number', swap: 'number', reservation: 'number', disableOOMKiller: 'boolean' },
  },
  pids: { members: { limit: 'number' } },
  cpu: { members: { shares: 'number', quota: 'number', period: 'number' } },
  unified: { map: 'string' },
}

const process: Members = {
  terminal: 'boolean',
  user: { members: { uid: 'number', gid: 'number', additionalGids: { list: 'number' } } },
  args: strings,
  env: strings,
  cwd: 'string',
  capabilities: {
    members: {
      bounding: strings,
      effective: strings,
      permitted: strings,
      inheritable: strings,
      ambient: strings,
    },
  },
  noNewPrivileges: 'boolean',
  apparmorProfile: 'string',
  selinuxLabel: 'string',
}

const seccomp: Members = {
  defaultAction: 'string',
  defaultErrnoRet: 'number',
  architectures: strings,
  flags: strings,
  listenerPath: 'string',
  syscalls: {
    list: {
      required: ['names', 'action'],
      members: {
        names: strings,
        action: 'string',
        args: { list: { members: { index: 'number', value: 'number', valueTwo: 'number', op: 'string' } } },
      },
    },
  },
}

const linux: Members = {
  uidMappings: idMappings,
  gidMappings: idMappings,
  sysctl: { map: 'string' },
  resources: { members: resources },
  cgroupsPath: 'string',
  namespaces: { list: { members: { type: 'string', path: 'string' }, required: ['type'] } },
  devices: {
    list: {
      members: { path: 'string', type: 'string', major: 'number', minor: 'number' },
      required: ['path', 'type'],
    },
  },
  seccomp: { members: seccomp, required: ['defaultAction'] },
  rootfsPropagation: 'string',
  maskedPaths: strings,
  readonlyPaths: strings,
  mountLabel: 'string',
}

const config: Members = {
  ociVersion: 'string',
  process: { members: process },
  root: { members: { path: 'string', readonly: 'boolean' }, required: ['path'] },
  hostname: 'string',
  domainname: 'string',
  mounts: {
    list: {
      members: { destination: 'string', type: 'string', source: 'string', options: strings },
      required: ['destination'],
    },
  },
  annotations: { map: 'string' },
  linux: { members: linux },
}

/** Where a document has another JSON type than the runtime-spec says. */
export interface ShapeError {
  readonly pointer: string
  readonly expected: string
}

/** The document as a configuration (runtime-spec config.md). Absent members are fine; wrong types are not. */
export const readConfig = (document: Json): Result<Config, ShapeError> => {
  const wrong = mismatch(document, { members: config, required: ['ociVersion'] }, '')
  return wrong === undefined && isConfig(document) ? ok(document) : err(wrong ?? missingObject)
}

/** The document as a process block (`--process FILE` of exec). */
export const readProcess = (document: Json): Result<Process, ShapeError> => {
  const wrong = mismatch(document, { members: process }, '')
  return wrong === undefined && isProcess(document) ? ok(document) : err(wrong ?? missingObject)
}

/** The document as resources (`--resources FILE` of update). */
export const readResources = (document: Json): Result<Resources, ShapeError> => {
  const wrong = mismatch(document, { members: resources }, '')
  return wrong === undefined && isResources(document) ? ok(document) : err(wrong ?? missingObject)
}

const missingObject: ShapeError = { pointer: '', expected: 'object' }

// The walk above has looked at every member these types name; the guards only tell the compiler so.
const isConfig = (document: Json): document is Json & Config => isJsonObject(document)
const isProcess = (document: Json): document is Json & Process => isJsonObject(document)
const isResources = (document: Json): document is Json & Resources => isJsonObject(document)

const mismatch = (value: Json, shape: Shape, at: string): ShapeError | undefined => {
  if (typeof shape === 'string') return typeof value === shape ? undefined : { pointer: at, expected: shape }
  if ('list' in shape) return Array.isArray(value) ? listMismatch(value, shape.list, at) : wrong(at, 'array')
  if (!isJsonObject(value)) return wrong(at, 'object')
  if ('map' in shape) return mapMismatch(value, shape.map, at)
  const missing = shape.required?.find((name) => !Object.hasOwn(value, name))
  if (missing !== undefined) return wrong(`${at}/${missing}`, 'present')
  for (const name in value) {
    const member = Object.hasOwn(shape.members, name) ? shape.members[name] : undefined
    const inner = value[name]
    if (member === undefined || inner === undefined) continue
    const found = mismatch(inner, member, `${at}/${name}`)
    if (found !== undefined) return found
  }
  return undefined
}

const listMismatch = (value: readonly Json[], shape: Shape, at: string): ShapeError | undefined => {
  if (typeof shape === 'string') {
    const index = value.findIndex((item) => typeof item !== shape)
    return index < 0 ? undefined : wrong(`${at}/${index}`, shape)
  }
  for (const [index, item] of value.entries()) {
    const found = mismatch(item, shape, `${at}/${index}`)
    if (found !== undefined) return found
  }
  return undefined
}

const mapMismatch = (
  value: { readonly [name: string]: Json },
  leaf: Leaf,
  at: string,
): ShapeError | undefined => {
  const name = Object.keys(value).find((key) => typeof value[key] !== leaf)
  return name === undefined ? undefined : wrong(`${at}/${pointerToken(name)}`, leaf)
}

const wrong = (pointer: string, expected: string): ShapeError => ({ pointer, expected })

/** Every member name of the shapes, space-separated: the strict scan refuses their case variants. */
export const memberNames: string = [...collect({ members: config }, new Set<string>())].join(' ')

/** Members whose value is a free-form map: their keys are data. */
export const mapNames = 'annotations sysctl unified'

function collect(shape: Shape, names: Set<string>): Set<string> {
  if (typeof shape === 'string' || 'map' in shape) return names
  if ('list' in shape) return collect(shape.list, names)
  for (const [name, member] of Object.entries(shape.members)) {
    names.add(name)
    collect(member, names)
  }
  return names
}
