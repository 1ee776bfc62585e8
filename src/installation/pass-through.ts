/** Whether calls are judged at all: not while lintel is out of every engine and only containers made before call it. */
import type { AdministratorHost } from '../host/administrator.ts'
import { passThroughFile, passThroughText } from '../policy/pass-through.ts'
import { registrationOf } from '../registration/engines.ts'
import type { FileChange, Installation } from '../registration/registration.ts'
import { discover } from './discover.ts'
import { readDiversions } from './divert-record.ts'
import { installedRuntime } from './place.ts'
import { readTexts } from './plan.ts'
import { readConfiguration } from './replace-text.ts'
import { recordOf, type State } from './state.ts'

/** The change that makes the file be there, or not; none where that is so. */
export const passThroughChange = (host: AdministratorHost, isWanted: boolean): readonly FileChange[] => {
  const read = readConfiguration(host, passThroughFile)
  const before = read.ok ? read.value : ''
  const after = isWanted ? passThroughText : undefined
  return before === after ? [] : [{ path: passThroughFile, before, after }]
}

/**
 * True unless it is certain that lintel judges for nobody on this host once these installations are rid of it: nothing
 * else is registered, by lintel or by hand, nothing diverted, and every file could be read. `undiverting`: diversions
 * are being taken back too.
 */
export const isInForce = (
  host: AdministratorHost,
  about: { readonly state: State; readonly rid: readonly Installation[]; readonly undiverting: boolean },
): boolean => {
  const { state, rid, undiverting } = about
  const isRid = ({ engine, configuration }: Installation): boolean =>
    rid.some((each) => each.engine === engine && each.configuration === configuration)
  const isLeft = (each: Installation): boolean => recordOf(state, each)?.leaving === true
  const own = installedRuntime(host)
  const diverted = readDiversions(host)
  if (!own.ok || !diverted.ok || (!undiverting && diverted.value.diversions.length > 0)) return true
  const others = [...state.registered.map(({ installation }) => installation), ...discover(host)]
  return others.some(
    (each) => !isRid(each) && callsLintel(host, each, { runtime: own.value, isLeft: isLeft(each) }),
  )
}

/** True too where the engine's files cannot be read. Where lintel was taken out, only names stay that are no default. */
const callsLintel = (
  host: AdministratorHost,
  installation: Installation,
  { runtime, isLeft }: { readonly runtime: string; readonly isLeft: boolean },
): boolean => {
  const texts = readTexts(host, installation)
  if (!texts.ok) return true
  const wanted = { runtime, tls: undefined }
  const handlers = registrationOf(installation.engine).handlers(installation, texts.value, wanted)
  if (!handlers.ok) return true
  return handlers.value.some(({ throughLintel, isDefault }) => throughLintel && (isDefault || !isLeft))
}
