/** containerd: reads its file only when it starts (SIGHUP ends it); `containerd config dump` says what it makes of it. */
import { isJsonObject, type Json } from '../../core/json.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { AdministratorHost } from '../../host/administrator.ts'
import type { Installation } from '../../registration/registration.ts'
import type { Asked, EngineControl } from './control.ts'
import { member, output, sibling } from './program.ts'
import { restart } from './restart.ts'

export const containerd: EngineControl = {
  patience: 30_000,
  check: ({ host }, installation) => {
    const settings = dump(host, installation)
    return settings.ok ? ok(null) : settings
  },
  reload: (scene, installation) => restart(scene, installation, 'running containers go on'),
  effective: ({ host }, installation, asked) => {
    const settings = dump(host, installation)
    if (!settings.ok) return settings
    const alive = installation.daemon === undefined ? ok(null) : answers(host, installation, settings.value)
    return alive.ok ? ok(isCalled(settings.value, asked)) : alive
  },
}

/** The file with its imports, as containerd merges them with its defaults. */
const dump = (host: AdministratorHost, { program, configuration }: Installation): Result<Json, string> => {
  const text = output(host, [program, '--config', configuration, 'config', 'dump'])
  if (!text.ok) return text
  const parsed = host.parseToml(text.value)
  return parsed.ok
    ? ok(parsed.value.value)
    : err(`${program} config dump prints no TOML: ${parsed.error.message}`)
}

/** Of CRI, under whatever name this version has it; undefined where containerd runs without. */
const isCalled = (settings: Json, { runtime, handler: asked }: Asked): boolean | undefined => {
  const plugins = member(settings, 'plugins')
  for (const plugin of isJsonObject(plugins) ? Object.values(plugins) : []) {
    const table = member(plugin, 'containerd')
    const name = member(table, 'default_runtime_name')
    if (typeof name !== 'string') continue
    const handler = member(member(table, 'runtimes'), asked ?? name)
    return member(member(handler, 'options'), 'BinaryName') === runtime
  }
  return undefined
}

/** Asks the daemon for its plugins: it answers, and CRI is not among those that failed to load. */
const answers = (
  host: AdministratorHost,
  { program }: Installation,
  settings: Json,
): Result<null, string> => {
  const address = member(member(settings, 'grpc'), 'address')
  const socket = typeof address === 'string' ? address : '/run/containerd/containerd.sock'
  const plugins = output(host, [sibling(host, program, 'ctr'), '--address', socket, 'plugins', 'ls'])
  if (!plugins.ok) return plugins
  const failed = /^(\S*cri\S*\s+\S+|\S+\s+cri)\s.*\serror\s*$/m.exec(plugins.value)
  return failed === null
    ? ok(null)
    : err('its CRI plugin did not load; see the log of containerd, or: ctr plugins ls --detailed id==cri')
}
