/**
 * How dockerd is brought back to its own default runtime. At SIGHUP it takes over what its file says and keeps what the
 * file no longer says (daemon/reload.go: `if conf.IsValueSet("default-runtime")`): for a moment the file has to say `runc`.
 */
import { isJsonObject } from '../../core/json.ts'
import type { Host } from '../../host/host.ts'

const member = 'default-runtime'

/** True where this text of daemon.json names a default runtime. */
export const namesDefault = (host: Host, text: string | undefined): boolean => {
  const parsed = text === undefined ? undefined : host.parseJson(text, 64, '')
  return parsed?.ok === true && isJsonObject(parsed.value) && parsed.value[member] !== undefined
}

/** The text for the moment in between; undefined where the file names a default itself, or is no JSON. */
export const textBetween = (host: Host, text: string | undefined): string | undefined => {
  if (namesDefault(host, text)) return undefined
  const empty = text === undefined || text.trim() === '' ? '{}\n' : text
  const patched = host.patchJson(empty, [{ op: 'add', path: `/${member}`, value: 'runc' }])
  return patched.ok ? patched.value : undefined
}
