/**
 * How dockerd is brought back to its own runtimes. At SIGHUP it takes over what its file says and keeps what the file no
 * longer says (daemon/reload.go: `if conf.IsValueSet("runtimes")`, the same of "default-runtime"): for a moment the file
 * has to say that there are none, and that the default is `runc`. Measured on 28.5: without that, `--runtime
 * io.containerd.runc.v2` goes on calling lintel until dockerd is started anew.
 */
import { isJsonObject, type Json } from '../../core/json.ts'
import type { Host } from '../../host/host.ts'

/** What has to be said once, and by what value, where a file no longer says it. */
const sticky: { readonly [member: string]: Json } = { 'default-runtime': 'runc', runtimes: {} }

/** The text for the moment in between; undefined where `after` leaves out nothing that dockerd would keep of `before`. */
export const textBetween = (
  host: Host,
  { before, after }: { readonly before: string | undefined; readonly after: string | undefined },
): string | undefined => {
  const [past, next] = [membersOf(host, before), membersOf(host, after)]
  const lost = Object.keys(sticky).filter((member) => member in past && !(member in next))
  if (lost.length === 0) return undefined
  const empty = after === undefined || after.trim() === '' ? '{}\n' : after
  const operations = lost.map(
    (member) => ({ op: 'add', path: `/${member}`, value: sticky[member] ?? null }) as const,
  )
  const patched = host.patchJson(empty, operations)
  return patched.ok ? patched.value : undefined
}

/** The default runtime that a text of daemon.json names; dockerd's own where it names none. */
export const defaultIn = (host: Host, text: string): Json =>
  membersOf(host, text)['default-runtime'] ?? 'runc'

const membersOf = (host: Host, text: string | undefined): { readonly [member: string]: Json } => {
  const parsed = text === undefined ? undefined : host.parseJson(text, 64, '')
  return parsed?.ok === true && isJsonObject(parsed.value) ? parsed.value : {}
}
