/** Files that changed after a daemon read them: what is written is not what it goes by. */
import type { Host } from '../../host/host.ts'
import type { Installation, RegistrableEngine } from '../../registration/registration.ts'

/** The others go by theirs again after SIGHUP, or at every command. */
const readsAtStartOnly = new Set<RegistrableEngine>(['containerd', 'crio', 'buildkit'])

/**
 * The first of these files that changed since the daemon started, of an engine that reads them only then; undefined where
 * none did or none runs. A file from the future tells nothing: a clock was set.
 */
export const newerFile = (
  host: Host,
  { engine, daemon }: Installation,
  paths: readonly string[],
): string | undefined => {
  const started = daemon === undefined || !readsAtStartOnly.has(engine) ? undefined : startOf(host, daemon)
  if (started === undefined) return undefined
  const now = host.clock().epochMilliseconds
  return paths.find((path) => {
    const stat = host.stat(path, true)
    const modified = stat.ok ? Number(BigInt(stat.value.modified) / 1_000_000n) : 0
    return modified > started && modified <= now
  })
}

/** USER_HZ, which is 100 wherever Linux runs containers. */
const ticksPerSecond = 100

/** When a process started: proc_pid_stat(5) field 22 after the boot time of proc_stat(5), in milliseconds, rounded up. */
const startOf = (host: Host, pid: number): number | undefined => {
  const process = host.readText(`/proc/${pid}/stat`, 64 * 1024, true)
  const system = host.readText('/proc/stat', 4 * 1024 * 1024, true)
  if (!process.ok || !system.ok) return undefined
  const ticks = Number(process.value.slice(process.value.lastIndexOf(')') + 2).split(' ')[19])
  const boot = Number(/^btime (\d+)$/m.exec(system.value)?.[1])
  return Number.isFinite(ticks + boot) ? (boot + 1 + ticks / ticksPerSecond) * 1000 : undefined
}
