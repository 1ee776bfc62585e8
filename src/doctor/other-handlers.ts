/** Runtimes an engine can be asked for by name that do not call lintel. */

import type { Found } from './diagnosis.ts'
import { diverting } from './programs.ts'
import { isRegistered } from './registered.ts'
import type { Scene } from './scene.ts'

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
  engines.flatMap((engine): readonly Found[] => {
    const { installation, handlers } = engine
    if (!handlers.ok || !isRegistered(engine)) return []
    return handlers.value.flatMap(({ isLintel, program, place, name }): readonly Found[] =>
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
  })
