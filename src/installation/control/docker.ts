/** dockerd: reads its runtimes again on SIGHUP; where it listens, only when it starts. */
import { isJsonObject } from '../../core/json.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { AdministratorHost } from '../../host/administrator.ts'
import type { Host } from '../../host/host.ts'
import type { FileChange, Installation } from '../../registration/registration.ts'
import { replaceText } from '../replace-text.ts'
import type { ControlScene, EngineControl } from './control.ts'
import { dockerRuntimes } from './docker-api.ts'
import { defaultIn, textBetween } from './docker-default.ts'
import { output } from './program.ts'
import { restart } from './restart.ts'

const hangUp = (host: AdministratorHost, daemon: number): Result<null, string> => {
  const told = host.signal(daemon, 1)
  return told.ok ? told : err(`dockerd (process ${daemon}) could not be told (${told.error.code})`)
}

/** The first version that knows --validate. */
const firstValidating = 23

export const docker: EngineControl = {
  patience: 15_000,
  check: ({ host }, { program, version, configuration }) => {
    if (!(Number.parseInt(version ?? '0', 10) >= firstValidating) || !host.stat(configuration, true).ok)
      return ok(null)
    const checked = output(host, [program, '--validate', '--config-file', configuration])
    return checked.ok ? ok(null) : checked
  },
  reload: (scene, installation, changes) => {
    const { daemon, configuration } = installation
    if (daemon === undefined) return ok('not-running')
    const file = changes.find(({ path }) => path === configuration)
    const hasMoved =
      file !== undefined && listening(scene.host, file.before) !== listening(scene.host, file.after)
    if (hasMoved || !scene.host.signal(daemon, 0).ok)
      return restart(scene, installation, 'without live-restore its containers stop')
    const between = file === undefined ? ok(null) : passBetween(scene, { ...installation, daemon }, file)
    if (!between.ok) return between
    const told = hangUp(scene.host, daemon)
    return told.ok ? ok('reloaded') : told
  },
  effective: ({ host }, installation, { runtime }) => {
    if (installation.daemon === undefined) return ok(undefined)
    const found = dockerRuntimes(host, installation, runtime)
    return found.ok ? ok(found.value.through.includes(found.value.defaultRuntime)) : found
  },
}

const longestWait = 10_000

/** Has dockerd read the text between, if it has to go back to runtimes of its own, and puts the file back. */
const passBetween = (
  { host }: ControlScene,
  installation: Installation & { readonly daemon: number },
  { path, before, after }: FileChange,
): Result<null, string> => {
  const text = textBetween(host, { before, after })
  if (text === undefined) return ok(null)
  const wanted = defaultIn(host, text)
  const written = replaceText(host, path, text)
  if (!written.ok) return written
  const told = hangUp(host, installation.daemon)
  const began = host.clock().elapsedMicroseconds
  while (told.ok && host.clock().elapsedMicroseconds - began < longestWait * 1000) {
    const found = dockerRuntimes(host, installation, '')
    if (found.ok && found.value.defaultRuntime === wanted) break
    host.sleep(100)
  }
  const back = replaceText(host, path, after)
  return back.ok ? told : back
}

/** What of the file SIGHUP does not change (daemon/config/config_linux.go, Reload). */
const listening = (host: Host, text: string | undefined): string => {
  const file = text === undefined ? undefined : host.parseJson(text, 64, '')
  const settings = file?.ok === true && isJsonObject(file.value) ? file.value : {}
  const names = ['hosts', 'tls', 'tlsverify', 'tlscacert', 'tlscert', 'tlskey']
  return JSON.stringify(names.map((name) => settings[name]))
}
