/** What an uninstall left: containers that still call lintel, and whether every call is handed on unjudged. */
import { readDiversions } from '../installation/divert-record.ts'
import { readState } from '../installation/state.ts'
import { leavingContainers } from '../installation/unregister.ts'
import { passThroughFile, readPassThrough } from '../policy/pass-through.ts'
import type { Found } from './diagnosis.ts'
import type { Scene } from './scene.ts'

/** A file that hands everything on although lintel is in somebody's way, or that does not count; and who still calls. */
export const passThrough = (scene: Scene): readonly Found[] => [...ofFile(scene), ...ofContainers(scene)]

const ofFile = (scene: Scene): readonly Found[] => {
  const read = readPassThrough(scene.host)
  if (read === undefined) return []
  const problem = (message: string, advice: string): readonly Found[] => [
    { level: 'problem', about: passThroughFile, message, advice },
  ]
  if (!read.ok)
    return problem(
      `does not count, and calls are judged: ${read.error}`,
      'remove it; lintel uninstall writes it anew where it is needed',
    )
  const called = callers(scene)
  return called.length === 0
    ? [
        {
          level: 'note',
          about: passThroughFile,
          message: 'lintel is uninstalled, and hands on unjudged what containers made before still call',
          advice: '',
        },
      ]
    : problem(
        `every call is handed on unjudged, although ${called.join(' and ')} lintel`,
        'lintel install takes it away',
      )
}

const callers = ({ host, engines }: Scene): readonly string[] => {
  const calling = engines
    .filter(
      ({ handlers }) =>
        handlers.ok && handlers.value.some(({ isDefault, isLintel }) => isDefault && isLintel),
    )
    .map(({ installation }) => `${installation.engine} calls`)
  const diverted = readDiversions(host)
  return diverted.ok && diverted.value.diversions.length > 0
    ? [...calling, `the path of ${diverted.value.diversions.map(({ path }) => path).join(', ')} is`]
    : calling
}

const ofContainers = ({ host }: Scene): readonly Found[] => {
  const state = readState(host)
  if (!state.ok) return []
  return leavingContainers(host, state.value).map(({ installation: { engine }, pinned }) => ({
    level: 'note',
    about: engine,
    message: pinned.ok
      ? pinned.value.length === 0
        ? 'lintel was taken out of it, and no container of it needs lintel any more'
        : `lintel was taken out of it, but containers made before still call it: ${pinned.value.join(', ')}`
      : `lintel was taken out of it; which containers still call it cannot be told: ${pinned.error}`,
    advice: 'lintel uninstall, once they are made anew or removed, takes the rest of it away',
  }))
}
