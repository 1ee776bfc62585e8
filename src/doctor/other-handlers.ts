/** Runtimes an engine can be asked for by name that do not call lintel. */

import type { Found } from './diagnosis.ts'
import { diverting } from './programs.ts'
import { isRegistered, standingOf } from './registered.ts'
import type { Scene, SurveyedEngine } from './scene.ts'

/** How a user asks for a runtime, in the words of each engine. */
const asked = {
  docker: (name: string) => `docker run --runtime ${name}`,
  containerd: (name: string) => `a RuntimeClass with handler ${name}`,
  crio: (name: string) => `a RuntimeClass with handler ${name}`,
  podman: (name: string) => `podman --runtime ${name}`,
  buildkit: (name: string) => `worker ${name}`,
} as const

/** One for each written in its files; an engine that is not registered at all is told of elsewhere. */
export const otherHandlers = ({ engines }: Scene): readonly Found[] =>
  engines
    .filter(isRegistered)
    .flatMap((engine) => [...(standingOf(engine) === 'opt-in' ? unasked(engine) : []), ...written(engine)])

/** Where lintel has only a handler of its own, whoever does not ask for it passes by. */
const unasked = ({ installation: { engine }, handlers, optIn }: SurveyedEngine): readonly Found[] => {
  const program = handlers.ok ? handlers.value.find(({ isDefault }) => isDefault)?.program : undefined
  return [
    {
      level: 'way-round',
      about: engine,
      message: `lintel is the handler ${optIn} alone: a container that does not ask for it is made by ${program ?? 'another runtime'}`,
      advice: `lintel uninstall ${engine}, then lintel install ${engine} without --handler`,
      divert: program === undefined ? 'leaves open' : diverting(program),
    },
  ]
}

const written = ({ installation, handlers }: SurveyedEngine): readonly Found[] =>
  (handlers.ok ? handlers.value : []).flatMap(({ isLintel, program, place, name }): readonly Found[] =>
    isLintel || program === undefined || place === undefined
      ? []
      : [
          {
            level: 'way-round',
            about: installation.engine,
            message: `${asked[installation.engine](name)} calls ${program} (${place.file}:${place.line})`,
            advice: `lintel install ${installation.engine}, or take the entry out`,
            divert: diverting(program),
          },
        ],
  )
