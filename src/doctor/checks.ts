/** Every check of `lintel doctor`, in the order they are told. */
import { containersConfigurationVariable } from './containers-configuration-variable.ts'
import { type Diagnosis, type Found, levels } from './diagnosis.ts'
import { dockerBuilds } from './docker-builds.ts'
import { dockerPort } from './docker-port.ts'
import { dockerRuncName } from './docker-runc-name.ts'
import { dockerShimNames } from './docker-shim-names.ts'
import { enginesElsewhere } from './engines-elsewhere.ts'
import { installed } from './installed-runtime.ts'
import { logState } from './log-state.ts'
import { otherHandlers } from './other-handlers.ts'
import { otherRuntimes } from './other-runtimes.ts'
import { otherShims } from './other-shims.ts'
import { overwritten } from './overwritten.ts'
import { passThrough } from './pass-through.ts'
import { podmanPort } from './podman-port.ts'
import { policyState } from './policy-state.ts'
import { registered } from './registered.ts'
import { rootlessConfigurations } from './rootless-configurations.ts'
import { runtimeVersion } from './runtime-version.ts'
import type { Scene } from './scene.ts'
import { securityModules } from './security-modules.ts'
import { unjudgedContainers } from './unjudged-containers.ts'

const checks = {
  registered,
  'installed-runtime': installed,
  overwritten,
  'unjudged-containers': unjudgedContainers,
  'policy-state': policyState,
  'pass-through': passThrough,
  'log-state': logState,
  'runtime-version': runtimeVersion,
  'docker-port': dockerPort,
  'podman-port': podmanPort,
  'other-handlers': otherHandlers,
  'docker-runc-name': dockerRuncName,
  'docker-shim-names': dockerShimNames,
  'docker-builds': dockerBuilds,
  'other-shims': otherShims,
  'other-runtimes': otherRuntimes,
  'rootless-configurations': rootlessConfigurations,
  'containers-configuration-variable': containersConfigurationVariable,
  'engines-elsewhere': enginesElsewhere,
  'security-modules': securityModules,
} satisfies { readonly [check: string]: (scene: Scene) => readonly Found[] }

/** What every check finds, worst first. */
export const diagnose = (scene: Scene, more: readonly Diagnosis[]): readonly Diagnosis[] => {
  const all = [
    ...more,
    ...Object.entries(checks).flatMap(([check, find]) => find(scene).map((found) => ({ check, ...found }))),
  ]
  return levels.flatMap((level) => all.filter((each) => each.level === level))
}
