/**
 * CRI-O: says over its own socket what it runs with. On SIGHUP it reads its runtimes again, and says so, into a copy of its
 * settings that its calls of runtimes do not look at (server/server.go, New; measured with 1.36): only a restart counts.
 */
import { err, ok } from '../../core/result.ts'
import type { EngineControl } from './control.ts'
import { member, output, sibling } from './program.ts'
import { restart } from './restart.ts'

export const crio: EngineControl = {
  patience: 15_000,
  check: () => ok(null),
  reload: (scene, installation) => restart(scene, installation, 'running containers go on'),
  effective: ({ host }, { program, daemon }, { runtime, handler: named }) => {
    if (daemon === undefined) return ok(undefined)
    const asked = output(host, [program, 'status', 'config'])
    // Before 1.30 a program of its own.
    const text = asked.ok ? asked : output(host, [sibling(host, program, 'crio-status'), 'config'])
    if (!text.ok) return err(asked.ok ? text.error : asked.error)
    const parsed = host.parseToml(text.value)
    if (!parsed.ok) return err(`crio status config prints no TOML: ${parsed.error.message}`)
    const table = member(member(parsed.value.value, 'crio'), 'runtime')
    const name = named ?? member(table, 'default_runtime')
    const handler = typeof name === 'string' ? member(member(table, 'runtimes'), name) : undefined
    return ok(member(handler, 'runtime_path') === runtime)
  },
}
