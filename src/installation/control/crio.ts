/** CRI-O: reads its runtimes again on SIGHUP, and says over its own socket what it runs with. */
import { err, ok } from '../../core/result.ts'
import type { EngineControl } from './control.ts'
import { member, output, sibling } from './program.ts'
import { restart } from './restart.ts'

const hangUp = 1

export const crio: EngineControl = {
  patience: 15_000,
  check: () => ok(null),
  reload: (scene, installation) => {
    const { host } = scene
    const { daemon } = installation
    if (daemon === undefined) return ok('not-running')
    if (!host.signal(daemon, 0).ok) return restart(scene, installation, 'running containers go on')
    const told = host.signal(daemon, hangUp)
    return told.ok ? ok('reloaded') : err(`crio (process ${daemon}) could not be told (${told.error.code})`)
  },
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
