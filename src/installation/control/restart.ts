/** Restarts an engine that reads its files only when it starts, and says so before. */
import { err, ok, type Result } from '../../core/result.ts'
import type { Host } from '../../host/host.ts'
import type { Installation } from '../../registration/registration.ts'
import { discover } from '../discover.ts'
import type { ControlScene, Reloaded } from './control.ts'
import { output } from './program.ts'

/**
 * By systemd where the daemon is one of its services, else by the command the administrator gave; without either it is
 * for him to do. `meanwhile`: what becomes of running containers. Errors: one line.
 */
export const restart = (
  { host, say, restartCommand }: ControlScene,
  installation: Installation,
  meanwhile: string,
): Result<Reloaded, string> => {
  const { engine, daemon } = installation
  if (daemon === undefined) return ok('not-running')
  const unit = unitOf(host, installation, daemon)
  const command =
    restartCommand !== undefined
      ? // Whatever it starts must not keep our pipes open.
        ['/bin/sh', '-c', `exec </dev/null >/dev/null 2>&1; ${restartCommand}`]
      : unit === undefined
        ? undefined
        : ['systemctl', 'restart', unit]
  if (command === undefined) return ok('by-hand')
  if (restartCommand === undefined) {
    // A drop-in of its unit may be among what changed.
    const reread = output(host, ['systemctl', 'daemon-reload'])
    if (!reread.ok) return reread
  }
  say(`restarting ${engine} (${restartCommand ?? command.join(' ')}); ${meanwhile}`)
  const ran = output(host, command)
  if (ran.ok) return ok('reloaded')
  return err(restartCommand === undefined ? ran.error : `it could not be restarted by: ${restartCommand}`)
}

/** The systemd unit of a process, or the usual one of an engine whose process has ended; undefined without systemd. */
const unitOf = (host: Host, { engine }: Installation, pid: number): string | undefined => {
  if (!host.stat('/run/systemd/system', true).ok) return undefined
  const groups = host.readText(`/proc/${pid}/cgroup`, 1024 * 1024, true)
  return groups.ok ? /\/([^/\n]+\.service)$/m.exec(groups.value)?.[1] : `${engine}.service`
}

/** The installation as it is now, after its daemon may have been replaced. */
export const current = (host: Host, { engine, configuration, ...rest }: Installation): Installation =>
  discover(host).find((each) => each.engine === engine && each.configuration === configuration) ?? {
    ...rest,
    engine,
    configuration,
    daemon: undefined,
  }
