/** Is every engine found told to call lintel, and is what it is told to call there. */
import type { Found } from './diagnosis.ts'
import type { Scene, SurveyedEngine, SurveyedHandler } from './scene.ts'

/**
 * How an engine's files stand. `yes`: its default and every other runtime written in them call lintel. `partly`: the
 * default does, another does not. `opt-in`: only the handler that was added for it does. `unknown`:
 * they cannot be read. `none`: it takes no runtime from them (containerd without CRI).
 */
export type Standing = 'yes' | 'partly' | 'opt-in' | 'no' | 'unknown' | 'none'

/** How this one stands; what the engine knows beside its files (Docker's `runc`) is not counted here. */
export const standingOf = ({ handlers, optIn }: SurveyedEngine): Standing => {
  if (!handlers.ok) return 'unknown'
  if (handlers.value.length === 0) return 'none'
  const byDefault = handlers.value.filter(({ isDefault }) => isDefault)
  if (byDefault.length === 0 || !byDefault.every(callsLintel)) {
    const own = handlers.value.find(({ name }) => name === optIn)
    return own !== undefined && callsLintel(own) ? 'opt-in' : 'no'
  }
  return handlers.value.every((each) => each.place === undefined || callsLintel(each)) ? 'yes' : 'partly'
}

/** True while lintel is the default, or can be asked for where no more was wanted. */
export const isRegistered = (engine: SurveyedEngine): boolean =>
  ['yes', 'partly', 'opt-in'].includes(standingOf(engine))

const callsLintel = ({ isLintel, throughLintel, program }: SurveyedHandler): boolean =>
  isLintel || (throughLintel && program === undefined)

/** Engines that do not call lintel, call a program that is not there, or cannot be read. */
export const registered = ({ engines }: Scene): readonly Found[] =>
  engines.flatMap((engine): readonly Found[] => {
    const { installation, handlers } = engine
    const about = installation.engine
    if (!handlers.ok)
      return [
        {
          level: 'problem',
          about,
          message: handlers.error,
          advice: 'repair the file; nobody can say what the engine calls until then',
        },
      ]
    const missing = handlers.value.filter(
      ({ program, binary }) => program === undefined && binary !== undefined,
    )
    return [...(standingOf(engine) === 'no' ? [unregistered(engine)] : []), ...missing.map(absent(about))]
  })

const unregistered = ({ installation }: SurveyedEngine): Found => {
  const { engine, configuration, daemon } = installation
  const isUsed = daemon !== undefined || engine === 'podman'
  const consequence = isUsed ? 'so its containers are not judged' : 'and it does not run'
  return {
    level: isUsed ? 'problem' : 'note',
    about: engine,
    message: `is not registered: ${configuration} does not make lintel its runtime, ${consequence}`,
    advice: `lintel install ${engine}`,
  }
}

const absent =
  (about: string) =>
  ({ name, binary, place }: SurveyedHandler): Found => ({
    level: 'problem',
    about,
    message: `runtime ${name} is ${binary}, which is no program here${
      place === undefined ? '' : ` (${place.file}:${place.line})`
    }`,
    advice: 'put the program back, or take the entry out: every container of that runtime fails',
  })
