/** Gathers what the checks look at. */

import type { Policy } from '../core/policy.ts'
import { ok } from '../core/result.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import type { Host } from '../host/host.ts'
import { discover } from '../installation/discover.ts'
import { readTexts } from '../installation/plan.ts'
import { runningProcesses } from '../installation/processes.ts'
import { type Registered, readState } from '../installation/state.ts'
import { builtIn } from '../policy/built-in.ts'
import { compilePolicy } from '../policy/compile.ts'
import { loadPolicy } from '../policy/load.ts'
import { profiles, sandboxProfile } from '../profiles/index.ts'
import { registrationOf } from '../registration/engines.ts'
import type { Handler, Installation } from '../registration/registration.ts'
import { rules } from '../rules/index.ts'
import { readDecisions } from './decisions.ts'
import { foldersOf, isLintel, isProgram, lookUp } from './programs.ts'
import type { Scene, SurveyedEngine, SurveyedHandler } from './scene.ts'

const dayMilliseconds = 86_400_000

/** The host as it is now. */
export const survey = (host: AdministratorHost): Scene => {
  const now = host.clock().epochMilliseconds
  const policy = servingPolicy(host)
  return {
    host,
    processes: runningProcesses(host),
    engines: discover(host).map((installation) => surveyEngine(host, installation)),
    policy,
    decisions: readDecisions(host, policy.log.file, new Date(now - dayMilliseconds).toISOString()),
    now,
  }
}

/** The site's policy; the built-in one where there is none, or where it cannot serve (which a check tells of). */
const servingPolicy = (host: Host): Policy => {
  const loaded = loadPolicy(host, undefined)
  return loaded.ok
    ? loaded.value.policy
    : compilePolicy(
        { profile: builtIn.profile },
        { rules, profiles, sandbox: sandboxProfile, digest: 'built-in' },
      )
}

const surveyEngine = (host: AdministratorHost, installation: Installation): SurveyedEngine => {
  const texts = readTexts(host, installation)
  if (!texts.ok) return { installation, texts: {}, handlers: texts }
  const told = recordOf(host, installation)
  const wanted = { runtime: told?.runtime ?? '', tls: undefined }
  const handlers = registrationOf(installation.engine).handlers(installation, texts.value, wanted)
  return {
    installation,
    texts: texts.value,
    optIn: told?.leaving === true ? undefined : told?.handler,
    handlers: handlers.ok
      ? ok(withDefault(handlers.value.map((each) => surveyHandler(host, installation, each))))
      : handlers,
  }
}

/** Podman takes the next runtime it knows where its usual one is not there (containers/common findRuntime). */
const withDefault = (handlers: readonly SurveyedHandler[]): readonly SurveyedHandler[] => {
  const usual = handlers.find(({ isDefault }) => isDefault)
  if (usual === undefined || usual.place !== undefined || usual.program !== undefined) return handlers
  const next = handlers.find(({ place, program }) => place === undefined && program !== undefined)
  return handlers.map((each) => ({ ...each, isDefault: each === (next ?? usual) }))
}

const surveyHandler = (
  host: AdministratorHost,
  installation: Installation,
  handler: Handler,
): SurveyedHandler => {
  const program = programOf(host, installation, handler)
  return { ...handler, program, isLintel: program !== undefined && isLintel(host, program) }
}

/** What lintel told this engine, where it did. */
const recordOf = (host: Host, { engine }: Installation): Registered | undefined => {
  const state = readState(host)
  return state.ok
    ? state.value.registered.find(({ installation }) => installation.engine === engine)
    : undefined
}

/** Podman looks a runtime it knows by name up in these folders, whatever PATH says (containers/common pkg/config). */
const podmanFolders = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin', '/sbin', '/bin'] as const

const programOf = (
  host: Host,
  { engine, daemon }: Installation,
  { name, binary, shim }: Handler,
): string | undefined => {
  if (binary?.includes('/') === true) return isProgram(host, binary) ? binary : undefined
  if (engine === 'podman') return lookUp(host, binary ?? name, podmanFolders)
  const folders = foldersOf(host, daemon)
  if (engine === 'crio') return lookUp(host, binary ?? name, folders)
  if (binary !== undefined) return lookUp(host, binary, folders)
  const shimFolders = ['/opt/containerd/bin', ...folders]
  const program = shim === undefined ? undefined : shimProgram(shim)
  if (program !== undefined) return lookUp(host, program, shimFolders)
  const own = engine === 'buildkit' ? lookUp(host, 'buildkit-runc', folders) : undefined
  return own ?? lookUp(host, 'runc', shimFolders)
}

/** `containerd-shim-kata-v2` of `io.containerd.kata.v2`; undefined for the shims that call runc. */
const shimProgram = (type: string): string | undefined => {
  const [, name, version] = /^io\.containerd\.(.+)\.(v\d+)$/.exec(type) ?? []
  return name === undefined || name === 'runc' ? undefined : `containerd-shim-${name}-${version}`
}
