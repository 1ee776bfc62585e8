/** buildkitd: reads its file only when it starts, and tells nobody which runtime it calls. */
import { err, ok } from '../../core/result.ts'
import type { EngineControl } from './control.ts'
import { restart } from './restart.ts'

export const buildkit: EngineControl = {
  patience: 15_000,
  check: () => ok(null),
  reload: (scene, installation) => restart(scene, installation, 'builds that run now are lost'),
  effective: ({ host }, { daemon }) => {
    if (daemon === undefined) return ok(undefined)
    return host.signal(daemon, 0).ok ? ok(undefined) : err(`buildkitd (process ${daemon}) has gone`)
  },
}
