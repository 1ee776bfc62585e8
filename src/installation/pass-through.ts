/**
 * What stays of lintel in an engine's files while containers were made with it. Podman knows a container's runtime by
 * name alone and can neither enter nor stop it once no file tells what that name is; Docker's and containerd's shims
 * keep the path.
 */
import type { FileChange, RegistrableEngine } from '../registration/registration.ts'

const dropIn = '/etc/containers/containers.conf.d/zz-lintel.conf'

const mark = '# Left by `lintel uninstall` for containers that were made with lintel.'

/** True for the text of a file that stays. */
export const isPassThrough = (text: string | undefined): boolean => text?.startsWith(mark) === true

/** The changes of an uninstall, with what has to stay for containers that exist. `runtime`: the path they call. */
export const withPassThrough = (
  engine: RegistrableEngine,
  changes: readonly FileChange[],
  runtime: string,
): readonly FileChange[] => {
  if (engine !== 'podman') return changes
  const text = `${mark} Run it again when they are gone.

[engine.runtimes]
lintel = [${JSON.stringify(runtime)}]
`
  const own = changes.find(({ path }) => path === dropIn)
  const change = { path: dropIn, before: own?.before, after: text }
  return [...changes.filter((each) => each !== own), ...(change.before === text ? [] : [change])]
}
