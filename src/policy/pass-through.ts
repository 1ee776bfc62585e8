/**
 * The file by which root has lintel hand on every call unjudged: `lintel uninstall` leaves it while containers made with
 * lintel still call it and no engine calls lintel for new ones. It lies beside the policy, whose folder is watched
 * anyway: a call that is judged pays nothing for it.
 */
import { err, ok, type Result } from '../core/result.ts'
import type { Host } from '../host/host.ts'
import { defaultPolicyFile, insecurity } from './sources.ts'

export const passThroughFile = '/etc/lintel/pass-through'

const mark = '# lintel is uninstalled.'

/** Text of the file. */
export const passThroughText = `${mark} No engine of this host calls it for new containers; those made before still do, and
# while this file is here, root's and for nobody else to write, their calls are handed on unjudged and unrecorded.
# lintel install takes it away, and so does lintel uninstall once they are gone. lintel status names them.
`

/** Whether the file counts; undefined where there is none. The error says why it does not: calls are judged then. */
export const readPassThrough = (host: Host): Result<null, string> | undefined => {
  const file = host.stat(passThroughFile, false)
  if (!file.ok && file.error.code === 'ENOENT') return undefined
  if (!file.ok) return err(`${passThroughFile} cannot be looked at (${file.error.code})`)
  const path = defaultPolicyFile.slice(0, defaultPolicyFile.lastIndexOf('/'))
  const folder = host.stat(path, true)
  if (!folder.ok) return err(`${path} cannot be looked at (${folder.error.code})`)
  const problem = insecurity(host, path, folder.value) ?? insecurity(host, passThroughFile, file.value)
  if (problem !== undefined) return err(problem.message)
  if (file.value.kind !== 'file') return err(`${passThroughFile} is no regular file`)
  const text = host.readText(passThroughFile, passThroughText.length * 4, false)
  return text.ok && text.value.startsWith(mark)
    ? ok(null)
    : err(`${passThroughFile} is not what lintel writes`)
}
