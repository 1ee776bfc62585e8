/** Podman has no daemon: each command reads the files, and `podman info` says which runtime it would call. */
import { ok } from '../../core/result.ts'
import type { EngineControl } from './control.ts'
import { output } from './program.ts'

/** Without the variables by which a caller can put other files in the place of the host's. */
const plain = ['env', '-u', 'CONTAINERS_CONF', '-u', 'CONTAINERS_CONF_OVERRIDE'] as const

export const podman: EngineControl = {
  patience: 0,
  check: () => ok(null),
  reload: () => ok('reloaded'),
  effective: ({ host }, { program }, { runtime }) => {
    const path = output(host, [...plain, program, 'info', '--format', '{{.Host.OCIRuntime.Path}}'])
    return path.ok ? ok(path.value.trim() === runtime) : path
  },
}
