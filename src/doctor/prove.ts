/** Proof that an engine calls lintel: a container that cannot run anything is asked for, and must be in the decision log. */
import { err, ok, type Result } from '../core/result.ts'
import type { Host } from '../host/host.ts'
import { output, sibling } from '../installation/control/program.ts'
import { type LoggedDecisions, readDecisions } from './decisions.ts'
import type { Scene, SurveyedEngine } from './scene.ts'

/** An empty tar archive: two blocks of zeros. */
const emptyImage = '\0'.repeat(1024)

/** Small and confined, so that a policy has little to refuse; a refusal is recorded and proves as much. */
const options = [
  ...['--network', 'none', '--memory', '64m', '--pids-limit', '16', '--read-only'],
  ...['--user', '65534:65534', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
]

/** What an image without files holds: starting it calls the runtime, which finds nothing to execute. */
const command = '/lintel-doctor'

/**
 * Has the engine create and start a container of an empty image, takes both away again, and looks the container's id up
 * in the decision log. Only for engines whose own client can do that: docker and podman. Answers the decisions with
 * those of the container. Errors: one line.
 */
export const prove = (scene: Scene, engine: SurveyedEngine): Result<LoggedDecisions, string> => {
  const { host, policy, now } = scene
  const { engine: name, program } = engine.installation
  if (name !== 'docker' && name !== 'podman')
    return err(`lintel has no client for ${name}; start a container and look again`)
  const client = sibling(host, program, name)
  const container = throwAway(host, client)
  if (!container.ok) return container
  const decisions = readDecisions(host, policy.log.file, new Date(now - dayMilliseconds).toISOString())
  return decisions.judged.has(container.value)
    ? ok(decisions)
    : err(`container ${container.value.slice(0, 12)} was started, and no decision was recorded`)
}

const dayMilliseconds = 86_400_000

/** The id of a container that was started, whatever came of it, and is gone. */
const throwAway = (host: Host, client: string): Result<string, string> => {
  const imported = host.spawn([client, 'import', '-'], emptyImage, 60_000)
  const image = imported.ok && imported.value.status === 0 ? lastLine(imported.value.stdout) : ''
  if (image === '')
    return err(
      `${client} import failed: ${imported.ok ? lastLine(imported.value.stderr) : imported.error.code}`,
    )
  const created = output(host, [client, 'create', ...options, image, command])
  const container = created.ok ? ok(lastLine(created.value)) : created
  if (container.ok) {
    // It fails, by the policy or because the image is empty.
    host.spawn([client, 'start', container.value], '', 60_000)
    host.spawn([client, 'rm', '--force', container.value], '', 60_000)
  }
  host.spawn([client, 'rmi', image], '', 60_000)
  return container
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? ''
