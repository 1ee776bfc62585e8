/**
 * What the engine asked for before lintel repaired it, kept in the bundle: Docker, containerd and CRI-O build every
 * exec from their own copy of it (DESIGN section 4), and only by it can a repeated repair be told from a new demand.
 */
import { isJsonObject } from '../core/json.ts'
import type { Process } from '../core/oci.ts'
import { isProcess } from '../core/shape.ts'
import type { Host } from '../host/host.ts'

const askedFile = (bundle: string): string => `${bundle}/lintel-asked.json`

/** What rule loader-environment removes: variables of the dynamic loader and of the runtimes themselves. */
const repairable = /^(?:LD_|_LIBCONTAINER_|_OCI_)/

const maxAskedBytes = 64 * 1024

/** Keeps what execs are compared with. The bundle is the engine's, which removes it with the container. */
export const keepAsked = (host: Host, bundle: string, process: Process): void => {
  const { user, cwd, capabilities, noNewPrivileges, apparmorProfile, selinuxLabel } = process
  const { rlimits, oomScoreAdj, scheduler, ioPriority } = process
  const kept = { user, cwd, capabilities, noNewPrivileges, apparmorProfile, selinuxLabel }
  // Of the environment only what a repair may take out: the rest may be secret.
  const env = process.env?.filter((entry) => repairable.test(entry))
  const text = JSON.stringify({ ...kept, rlimits, oomScoreAdj, scheduler, ioPriority, env })
  // Not flushed: it is needed only while the host stays up. Without it an exec is held to the repaired configuration
  // alone: stricter, never looser. Appended: a bundle may be used again, and its last line counts.
  host.append(askedFile(bundle), `${text}\n`, 0o600)
}

/** What was kept of this bundle's container; undefined where nothing was repaired. */
export const readAsked = (host: Host, bundle: string): Process | undefined => {
  if (bundle === '') return undefined
  const text = host.readText(askedFile(bundle), maxAskedBytes, false)
  if (!text.ok) return undefined
  const line = text.value.trimEnd().split('\n').at(-1) ?? ''
  const parsed = host.parseJson(line, 16, 'process')
  return parsed.ok && isJsonObject(parsed.value) && isProcess(parsed.value) ? parsed.value : undefined
}
