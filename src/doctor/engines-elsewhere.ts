/** Engines that run inside a container or a snap: they call a runtime of their own root file system. */
import type { Found } from './diagnosis.ts'
import type { Scene } from './scene.ts'

const daemons = new Set(['dockerd', 'containerd', 'crio', 'buildkitd'])

/** Each such daemon; what it starts is not judged here, only the container it lives in was. */
export const enginesElsewhere = ({ processes }: Scene): readonly Found[] =>
  processes
    .filter(({ name, sameRoot }) => !sameRoot && daemons.has(name))
    .map(({ name, pid }) => ({
      level: 'way-round',
      about: `${name} (pid ${pid})`,
      message: 'runs with another root file system (a container or a snap) and calls the runtime found there',
      advice: 'install lintel there too, or forbid such containers: they need privileged mode',
      divert: 'leaves open',
    }))
