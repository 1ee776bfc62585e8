/** Docker's reserved runtime name `runc`, which no configuration can point elsewhere. */
import type { Found } from './diagnosis.ts'
import { diverting } from './programs.ts'
import { runcOfShims } from './runc-of-shims.ts'
import type { Scene } from './scene.ts'

/** Open while the runc that containerd's shim finds is not lintel. */
export const dockerRuncName = (scene: Scene): readonly Found[] => {
  const runc = runcOfShims(scene, 'docker')
  return runc === undefined
    ? []
    : [
        {
          level: 'way-round',
          about: 'docker',
          message: `docker run --runtime runc calls ${runc}: the name is reserved, daemon.json cannot change it`,
          advice: 'lintel install docker --divert',
          divert: diverting(runc),
        },
      ]
}
