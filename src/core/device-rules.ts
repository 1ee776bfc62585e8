/** What the ordered list of device rules comes to (linux.resources.devices). */
import type { DeviceRule } from './oci.ts'

/**
 * True when the rules end up allowing every block or every character device to be read or written. The list is
 * taken in its order, the last match deciding, from a start of nothing allowed (runc libcontainer/cgroups/devices);
 * a missing type means all, a missing or negative number any (runtime-spec config-linux.md, Allowed Device list).
 */
export const reachesEveryDevice = (rules: readonly DeviceRule[]): boolean => {
  let [block, character] = [false, false]
  for (const { allow, type = 'a', major = -1, minor = -1, access = 'rwm' } of rules) {
    if (major !== -1 || minor !== -1) continue
    const [reads, writes] = [access.includes('r'), access.includes('w')]
    // An allowed half is access enough; only a denial of both takes it back.
    if (allow ? !reads && !writes : !reads || !writes) continue
    if (type === 'a' || type === 'b') block = allow
    if (type !== 'b') character = allow
  }
  return block || character
}
