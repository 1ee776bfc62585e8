/** Image builds of dockerd's own BuildKit, which calls `runc` by its name whatever the default runtime is. */
import type { Found } from './diagnosis.ts'
import { diverting, environmentOf, foldersOf, isLintel, lookUp } from './programs.ts'
import type { Scene } from './scene.ts'

/** The variable by which dockerd takes another program for it (moby builder/builder-next, from 25.0). */
const variable = 'DOCKER_BUILDKIT_RUNC_COMMAND'

/** Open while the `runc` on dockerd's PATH, or the one its environment names, is not lintel. */
export const dockerBuilds = ({ host, engines }: Scene): readonly Found[] =>
  engines
    .filter(({ installation }) => installation.engine === 'docker')
    .flatMap(({ installation: { daemon } }): readonly Found[] => {
      const told = daemon === undefined ? undefined : environmentOf(host, daemon, variable)
      const name = told === undefined || told === '' ? 'runc' : told
      const program = name.startsWith('/') ? name : lookUp(host, name, foldersOf(host, daemon))
      if (program === undefined || isLintel(host, program)) return []
      return [
        {
          level: 'way-round',
          about: 'docker',
          message: `docker build (BuildKit) runs its steps by ${program}, not by the default runtime`,
          advice: 'lintel install docker --divert',
          divert: diverting(program),
        },
      ]
    })
