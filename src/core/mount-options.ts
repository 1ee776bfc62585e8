/** Changes to the options of a mount, as patches. */
import type { Mount } from './oci.ts'
import { type PatchOperation, pointer } from './patch.ts'

/** Operations that put options at the end of a mount's own, where the last of a pair (`ro`, `rw`) wins. */
export const appendOptions = (
  mount: Mount | undefined,
  index: number,
  options: readonly string[],
): readonly PatchOperation[] => {
  const at = pointer('mounts', index, 'options')
  if (mount === undefined || options.length === 0) return []
  if (mount.options === undefined) return [{ op: 'add', path: at, value: options }]
  return options.map((option) => ({ op: 'add', path: `${at}/-`, value: option }))
}
