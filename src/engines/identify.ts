/** Asks every engine adapter whose call this is. A fifth engine is one file and one line here. */
import { type EngineContext, everyFact, inapplicable, unknown } from '../core/engine-context.ts'
import { type Identity, unknownIdentity } from '../core/identity.ts'
import type { Host } from '../host/host.ts'
import { buildkit } from './buildkit.ts'
import { containerd } from './containerd.ts'
import { crio } from './crio.ts'
import { docker } from './docker.ts'
import type { CallSite, Engine, KeptByEngine } from './engine.ts'
import { podman } from './podman.ts'

/** Every engine lintel knows. */
const engines: readonly Engine[] = [docker, containerd, podman, crio, buildkit]

/** The calling process of lintel: executable and arguments, from /proc. */
export const callingProcess = (host: Host): CallSite['parent'] => {
  const folder = `/proc/${host.process.parentPid}`
  const executable = host.readLink(`${folder}/exe`)
  const line = host.readText(`${folder}/cmdline`, 64 * 1024, true)
  const argv = line.ok ? line.value.split('\0').slice(0, -1) : []
  const path = executable.ok ? executable.value : (argv[0] ?? '')
  // An executable replaced by an upgrade while it runs reads `… (deleted)`.
  return { program: baseName(path.replace(/ \(deleted\)$/, '')), argv }
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/**
 * Who calls, for which container. Annotations are believed only after process, root and bundle path agree on
 * the engine; an unproven engine gives its words (for messages) and nothing that could exempt anything.
 */
export const identify = (site: CallSite, host: Host): Caller => {
  const words = [site.parent.program, ...site.parent.argv.slice(1, 3)].join(' ').trim()
  // A shell's command may carry a requester's token, and what is recorded may not.
  const caller = words.includes('eyJ') ? words.replace(/eyJ[\w.-]{16,}/g, 'eyJ…') : words
  for (const engine of engines) {
    const recognised = engine.recognise(site)
    if (recognised === undefined) continue
    const { context, kept, ...described } = engine.describe(site, host)
    const known = { engine: engine.id, containerId: site.containerId, caller, proven: recognised.proven }
    if (recognised.proven) return { identity: { ...described, ...known }, context, kept }
    const identity = { ...unknownIdentity, ...known, speaker: described.speaker }
    return { identity, context: everyFact(unknown('the engine is not proven')), kept: undefined }
  }
  const identity = { ...unknownIdentity, containerId: site.containerId, caller }
  return { identity, context: everyFact(engineless), kept: undefined }
}

const engineless = inapplicable('a runtime called without an engine has none')

/** Who called, and what the engine's own files say of the container. */
export interface Caller {
  readonly identity: Identity
  readonly context: EngineContext
  /** Only of a proven engine. */
  readonly kept: KeptByEngine | undefined
}

/** For docs/coverage.md: every way a container comes to the runtime, with the facts that way never tells. */
export const ways: { readonly [name: string]: Partial<EngineContext> } = {
  ...Object.assign({}, ...engines.map((engine) => engine.ways)),
  'no engine': everyFact(engineless),
}
