/** `lintel status`: how lintel stands on this host, on one screen. */
import { effectOf } from '../doctor/effect.ts'
import { standingOf } from '../doctor/registered.ts'
import type { Scene } from '../doctor/scene.ts'
import { survey } from '../doctor/survey.ts'
import type { AdministratorHost } from '../host/administrator.ts'
import { readState } from '../installation/state.ts'
import { leavingContainers } from '../installation/unregister.ts'
import { policyProblems } from '../policy/load.ts'
import { readPassThrough } from '../policy/pass-through.ts'
import { ago } from './ago.ts'
import { exitStatus, type Output, wrap } from './output.ts'

declare const LINTEL_VERSION: string

/** Shows it. Returns 0, 1 where the policy has problems, 3 where it could not look. */
export const status = (host: AdministratorHost, output: Output, format: 'text' | 'json'): number => {
  const { effectiveUid, initialUserNamespace } = host.process
  if (effectiveUid !== 0 || !initialUserNamespace) {
    output.complain('only root can look at every engine of the host; run it as root')
    return exitStatus.internal
  }
  const scene = survey(host)
  const facts = factsOf(scene)
  if (format === 'json') output.print(JSON.stringify(facts, undefined, 2))
  else printText(output, facts, scene.now)
  return facts.policy.problems.length > 0 ? exitStatus.findings : exitStatus.clean
}

const factsOf = (scene: Scene) => {
  const { host, policy, decisions, engines } = scene
  const log = host.stat(policy.log.file, true)
  const breakGlass = host.readBreakGlass()
  return {
    version: 1,
    lintel: LINTEL_VERSION,
    policy: {
      profile: policy.profile,
      mode: policy.mode,
      digest: policy.digest,
      problems: policyProblems(host, undefined, { ownership: true }).map(({ message }) => message),
    },
    breakGlass: breakGlass?.running === true ? breakGlass : null,
    passThrough: readPassThrough(host)?.ok === true,
    leaving: leavingOf(scene),
    engines: engines.map((engine) => ({
      engine: engine.installation.engine,
      version: engine.installation.version ?? null,
      running: engine.installation.daemon !== undefined,
      registered: standingOf(engine),
      effective: effectOf(scene, engine).state,
      evidence: decisions.last.get(engine.installation.engine) ?? null,
    })),
    decisions: decisions.counts,
    log: {
      file: policy.log.file,
      bytes: log.ok ? log.value.size : null,
      files: decisions.files.length,
      since: decisions.since ?? null,
    },
  }
}

/** Containers of engines that lintel was taken out of; null where they cannot be told. */
const leavingOf = ({ host }: Scene) => {
  const state = readState(host)
  const leaving = state.ok ? leavingContainers(host, state.value) : []
  return leaving.map(({ installation, pinned }) => ({
    engine: installation.engine,
    containers: pinned.ok ? pinned.value : null,
  }))
}

const printLeaving = (
  line: (name: string, text: string) => void,
  facts: ReturnType<typeof factsOf>,
): void => {
  if (facts.passThrough) line('uninstalled', 'every call is handed on, nothing is judged')
  for (const { engine, containers } of facts.leaving) {
    const names = containers === null ? 'which cannot be told now' : containers.join(', ')
    const text =
      containers?.length === 0
        ? `${engine}: no container needs lintel any more; run lintel uninstall`
        : `${engine}: containers made before still call lintel (${names}); once they are gone, run lintel uninstall`
    line('', text)
  }
}

const printText = (output: Output, facts: ReturnType<typeof factsOf>, now: number): void => {
  const { policy, breakGlass, engines, decisions, log } = facts
  const line = (name: string, text: string): void =>
    output.print(`${output.bold(name.padEnd(12))}${wrap(text, output.columns, ' '.repeat(12)).trimStart()}`)
  line('lintel', facts.lintel)
  line('policy', `mode ${policy.mode}, profile ${policy.profile}, digest ${policy.digest.slice(0, 12)}`)
  for (const problem of policy.problems) line('', output.red(problem))
  if (breakGlass !== null)
    line(
      'break-glass',
      output.red(`runs until ${breakGlass.until}, by ${breakGlass.by}: ${breakGlass.reason}`),
    )
  printLeaving(line, facts)
  if (engines.length === 0) line('engines', 'none found')
  for (const [index, { engine, version, running, registered, effective, evidence }] of engines.entries()) {
    const last = evidence === null ? 'no decision yet' : `last decision ${ago(evidence.time, now)}`
    const runs = running || engine === 'podman' ? '' : ', not running'
    line(
      index === 0 ? 'engines' : '',
      `${engine} ${version ?? ''}${runs}: registered ${registered}, effective ${effective}, ${last}`,
    )
  }
  line(
    'last 24 h',
    `${decisions.allow} allowed, ${decisions.fix} repaired, ${decisions.deny} refused, ${decisions.would_deny} would be refused`,
  )
  const size = log.bytes === null ? 'nothing written yet' : `${Math.ceil(log.bytes / 1024)} KiB`
  const since =
    log.since === null
      ? ''
      : `, back to ${log.since.slice(0, 10)} in ${log.files} ${log.files === 1 ? 'file' : 'files'}`
  line('log', `${log.file}, ${size}${since}`)
}
