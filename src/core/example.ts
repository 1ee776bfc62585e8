/** Turns a rule's example into the input it stands for: a layer over one ordinary, harmless container. */
import { noFlags } from './call.ts'
import { type EngineContext, known } from './engine-context.ts'
import { type HostFacts, noHostFacts, type PathFact } from './facts.ts'
import { unknownIdentity } from './identity.ts'
import { isJsonObject, type Json } from './json.ts'
import type { Example, RuleInput } from './rule.ts'
import { isConfig, isProcess, isResources } from './shape.ts'

/** The container every example is laid over: what a careful engine sends, and no rule finds fault with. */
export const exampleBase: Json = {
  ociVersion: '1.0.2',
  process: {
    user: { uid: 1000, gid: 1000 },
    args: ['sleep', '100'],
    cwd: '/',
    capabilities: { bounding: ['CAP_CHOWN'], effective: [], permitted: [] },
    noNewPrivileges: true,
  },
  root: { path: 'rootfs', readonly: true },
  hostname: 'example',
  mounts: [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
    { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: ['nosuid', 'noexec', 'nodev'] },
  ],
  linux: {
    resources: {
      devices: [{ allow: false, access: 'rwm' }],
      memory: { limit: 268435456 },
      pids: { limit: 200 },
      cpu: { shares: 512 },
    },
    namespaces: [{ type: 'mount' }, { type: 'network' }, { type: 'uts' }, { type: 'pid' }, { type: 'ipc' }],
    seccomp: {
      defaultAction: 'SCMP_ACT_ERRNO',
      architectures: ['SCMP_ARCH_X86_64'],
      syscalls: [{ names: ['read', 'write', 'exit', 'execve'], action: 'SCMP_ACT_ALLOW' }],
    },
    maskedPaths: [
      '/proc/acpi',
      '/proc/asound',
      '/proc/interrupts',
      '/proc/kcore',
      '/proc/keys',
      '/proc/latency_stats',
      '/proc/sched_debug',
      '/proc/scsi',
      '/proc/timer_list',
      '/proc/timer_stats',
      '/sys/devices/virtual/powercap',
      '/sys/firmware',
    ],
    readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
  },
}

/** Lays one value over another: objects member by member, `null` removes, everything else replaces. */
export const layer = (below: Json, above: Json): Json => {
  if (!isJsonObject(below) || !isJsonObject(above)) return above
  const merged: { [name: string]: Json } = { ...below }
  for (const [name, value] of Object.entries(above)) {
    if (value === null) delete merged[name]
    else merged[name] = layer(merged[name] ?? null, value)
  }
  return merged
}

const asJson = (value: object | undefined): Json => JSON.parse(JSON.stringify(value ?? {}))

/** What a careful engine tells of the example's container. */
const harmlessContext: EngineContext = {
  ports: known([]),
  publishesAll: known(false),
  restart: known({ name: 'no', retries: 0 }),
  healthCheck: known(['CMD', '/bin/check']),
  networks: known(['application']),
  image: known('registry.example/application:1.4.2'),
}

/**
 * The input of an example and the document a fix would patch.
 * `process` and `resources` of a create example are laid over the config's own; of an exec or update example
 * they are the document asked for. Returns undefined when the example is not a well-formed configuration.
 */
export const exampleInput = (
  example: Example,
): { readonly input: RuleInput; readonly document: Json } | undefined => {
  const operation = example.operation ?? 'create'
  const atCreate = operation !== 'exec' && operation !== 'update'
  const layers = atCreate
    ? { ...example.config, ...(example.process && { process: example.process }) }
    : { ...example.config }
  const layered = layer(exampleBase, asJson(layers))
  const withResources = atCreate && example.resources !== undefined
  const document = withResources
    ? layer(layered, { linux: { resources: asJson(example.resources) } })
    : layered
  const process = asJson(operation === 'exec' ? example.process : {})
  const resources = asJson(operation === 'update' ? example.resources : {})
  const asked = asJson(example.asked)
  if (!isConfig(document) || !isProcess(process) || !isResources(resources) || !isProcess(asked))
    return undefined
  const input: RuleInput = {
    operation,
    config: document,
    process: operation === 'exec' ? process : document.process,
    resources: operation === 'update' ? resources : document.linux?.resources,
    asked: example.asked === undefined ? undefined : asked,
    identity: { ...unknownIdentity, ...example.identity },
    requester: example.requester,
    engine: { ...harmlessContext, ...example.engine },
    call: { ...noFlags, ...example.call },
    facts: { ...noHostFacts, ...example.facts },
  }
  return {
    input,
    document: atCreate ? document : asJson(operation === 'exec' ? example.process : example.resources),
  }
}

/** The facts of one path, for examples: a plain file of its own that exists, changed as told. */
const pathFact = (path: string, overrides: Partial<PathFact> = {}): PathFact => ({
  path,
  error: null,
  real: path,
  id: `1:${path}`,
  kind: 'file',
  device: '1',
  fileSystem: '',
  represents: '0',
  ancestors: [],
  aliases: [],
  submounts: [],
  ...overrides,
})

/** Facts of a host where these paths were looked at, for examples: an id each, or whatever else is to differ. */
export const hostFacts = (paths: {
  readonly [path: string]: string | Partial<PathFact>
}): Partial<HostFacts> => ({
  onHost: true,
  paths: Object.fromEntries(
    Object.entries(paths).map(([path, fact]) => [
      path,
      pathFact(path, typeof fact === 'string' ? { id: fact } : fact),
    ]),
  ),
})
