/** A scene for the checks of lintel doctor, of a host in memory and engines as told. */
import { readDecisions } from '../../src/doctor/decisions.ts'
import type { Found } from '../../src/doctor/diagnosis.ts'
import type { Scene, SurveyedEngine, SurveyedHandler } from '../../src/doctor/scene.ts'
import { runningProcesses } from '../../src/installation/processes.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { profiles, sandboxProfile } from '../../src/profiles/index.ts'
import type { RegistrableEngine } from '../../src/registration/registration.ts'
import { rules } from '../../src/rules/index.ts'
import { type MemoryHost, memoryHost, now } from './memory-host.ts'

export const logFile = '/var/log/lintel/decisions.jsonl'

/** What the checks look at on this host; the built-in policy serves. */
export const sceneOf = (told: MemoryHost, engines: readonly SurveyedEngine[] = []): Scene => {
  const { host } = memoryHost(told)
  return {
    host,
    processes: runningProcesses(host),
    engines,
    policy: compilePolicy({}, { rules, profiles, sandbox: sandboxProfile, digest: 'built-in' }),
    decisions: readDecisions(host, logFile, '2027-02-28T12:00:00Z'),
    now,
  }
}

/** A default handler that calls lintel, and one beside it that calls crun. */
export const through: SurveyedHandler = {
  name: 'lintel',
  binary: '/usr/bin/lintel',
  isDefault: true,
  throughLintel: true,
  place: { file: '/etc/x', line: 3 },
  program: '/usr/bin/lintel',
  isLintel: true,
}
export const plain: SurveyedHandler = {
  ...through,
  name: 'crun',
  binary: '/usr/bin/crun',
  isDefault: false,
  throughLintel: false,
  program: '/usr/bin/crun',
  isLintel: false,
}

/** An engine whose files come to these handlers, or cannot be read for this reason. */
export const engineOf = (
  engine: RegistrableEngine,
  handlers: readonly SurveyedHandler[] | string,
  more: { readonly daemon?: number; readonly text?: string; readonly configuration?: string } = {},
): SurveyedEngine => {
  const configuration = more.configuration ?? '/etc/x'
  return {
    installation: {
      engine,
      program: `/usr/bin/${engine}`,
      version: '1.0',
      configuration,
      daemon: more.daemon,
    },
    texts: { [configuration]: more.text },
    handlers: typeof handlers === 'string' ? { ok: false, error: handlers } : { ok: true, value: handlers },
  }
}

/** What the findings are about, in their order. */
export const abouts = (found: readonly Found[]): readonly string[] => found.map(({ about }) => about)

export const docker = engineOf('docker', [through], { daemon: 5 })
export const undiverted = { programs: ['/usr/sbin/runc'] }
export const diverted = { lintel: ['/usr/bin/lintel', '/usr/sbin/runc'] }
export const podman = engineOf('podman', [through])
