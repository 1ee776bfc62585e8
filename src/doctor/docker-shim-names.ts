/** Docker's runtime names that are a containerd shim's: asked for, they need no entry in daemon.json. */
import type { Found } from './diagnosis.ts'
import { diverting } from './programs.ts'
import { runcOfShims } from './runc-of-shims.ts'
import type { Scene, SurveyedEngine } from './scene.ts'

const shimName = 'io.containerd.runc.v2'

/**
 * Open while the runc of the shim is not lintel and daemon.json does not redefine the name. Docker before 23 forgets the
 * name on SIGHUP and knows it again from its next start: that counts as open.
 */
export const dockerShimNames = (scene: Scene): readonly Found[] => {
  const runc = runcOfShims(scene, 'docker')
  if (runc === undefined) return []
  const engines = scene.engines.filter(({ installation }) => installation.engine === 'docker')
  return engines
    .filter((engine) => !redefines(engine))
    .map(() => ({
      level: 'way-round',
      about: 'docker',
      message: `docker run --runtime ${shimName} calls ${runc}: Docker hands such a name to containerd as it is`,
      advice: 'lintel install docker --divert',
      divert: diverting(runc),
    }))
}

const redefines = ({ handlers }: SurveyedEngine): boolean =>
  handlers.ok && handlers.value.some(({ name, isLintel }) => name === shimName && isLintel)
