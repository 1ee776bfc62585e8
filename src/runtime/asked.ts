/**
 * What the engine asked for before lintel repaired it, kept in the bundle: Docker, containerd and CRI-O build every
 * exec from their own copy of it (DESIGN section 4), and only by it can a repeated repair be told from a new demand.
 */
import { isJsonObject } from '../core/json.ts'
import type { Process } from '../core/oci.ts'
import { isProcess } from '../core/shape.ts'
import type { Host } from '../host/host.ts'

const askedFile = (bundle: string): string => `${bundle}/lintel-asked.json`

const maxAskedBytes = 64 * 1024

/** Keeps what execs are compared with. The bundle is the engine's, which removes it with the container. */
export const keepAsked = (host: Host, bundle: string, process: Process): void => {
  const { user, capabilities, noNewPrivileges, apparmorProfile, selinuxLabel } = process
  const { rlimits, oomScoreAdj, scheduler, ioPriority } = process
  const kept = { user, capabilities, noNewPrivileges, apparmorProfile, selinuxLabel }
  const text = JSON.stringify({ ...kept, rlimits, oomScoreAdj, scheduler, ioPriority })
  // Without it an exec is held to the repaired configuration alone: stricter, never looser.
  host.writeFile(askedFile(bundle), text, 0o600)
}

/** What was kept of this bundle's container; undefined where nothing was repaired. */
export const readAsked = (host: Host, bundle: string): Process | undefined => {
  if (bundle === '') return undefined
  const text = host.readText(askedFile(bundle), maxAskedBytes, false)
  if (!text.ok) return undefined
  const parsed = host.parseJson(text.value, 16, 'process')
  return parsed.ok && isJsonObject(parsed.value) && isProcess(parsed.value) ? parsed.value : undefined
}
