/** What `lintel doctor` has to say: every engine with how it stands, and every diagnosis. */
import { diagnose } from './checks.ts'
import type { LastDecision } from './decisions.ts'
import type { Diagnosis, Found } from './diagnosis.ts'
import { type Effect, effectOf } from './effect.ts'
import { prove } from './prove.ts'
import { isRegistered, type Standing, standingOf } from './registered.ts'
import type { Scene, SurveyedEngine } from './scene.ts'

export interface EngineReport {
  readonly engine: string
  readonly program: string
  readonly version?: string
  readonly configuration: string
  readonly daemon?: number
  readonly registered: Standing
  readonly effective: Effect['state']
  /** The newest recorded decision about a container of this engine; absent where the log has none. */
  readonly evidence?: LastDecision
  /** Whether a container asked for right now was recorded; absent where that was not tried. */
  readonly proven?: boolean
}

export interface Report {
  readonly engines: readonly EngineReport[]
  readonly diagnoses: readonly Diagnosis[]
}

/** Examines the host. `proof`: also starts a throw-away container where an engine's client can. */
export const examine = (scene: Scene, proof: boolean): Report => {
  const examined = scene.engines.map((engine) => examineEngine(scene, engine, proof))
  const none: readonly Diagnosis[] =
    scene.engines.length > 0
      ? []
      : [
          {
            check: 'engines',
            level: 'note',
            about: 'host',
            message: 'no container engine was found',
            advice: '',
          },
        ]
  return {
    engines: examined.map(({ report }) => report),
    diagnoses: diagnose(scene, [...none, ...examined.flatMap(({ diagnoses }) => diagnoses)]),
  }
}

const examineEngine = (
  scene: Scene,
  engine: SurveyedEngine,
  proof: boolean,
): { readonly report: EngineReport; readonly diagnoses: readonly Diagnosis[] } => {
  const { version, daemon, ...rest } = engine.installation
  const registered = standingOf(engine)
  const effect = effectOf(scene, engine)
  const proved = proof && isRegistered(engine) ? prove(scene, engine) : undefined
  const decisions = proved?.ok === true ? proved.value : scene.decisions
  const evidence = decisions.last.get(rest.engine)
  const report: EngineReport = {
    ...rest,
    ...(version === undefined ? {} : { version }),
    ...(daemon === undefined ? {} : { daemon }),
    registered,
    effective: effect.state,
    ...(evidence === undefined ? {} : { evidence }),
    ...(proved === undefined ? {} : { proven: proved.ok }),
  }
  const doubts = isRegistered(engine) ? [...ineffective(rest.engine, effect), ...unproven(report)] : []
  const failed = proved?.ok === false ? [failedProof(rest.engine, proved.error)] : []
  return { report, diagnoses: [...doubts, ...failed] }
}

const ineffective = (engine: string, { state, why }: Effect): readonly Diagnosis[] => {
  if (state === 'yes') return []
  const found: Found =
    state === 'no'
      ? {
          level: 'problem',
          about: engine,
          message: `is registered but not effective: ${why}`,
          advice: `lintel install ${engine} makes it read its files; else restart it`,
        }
      : {
          level: 'note',
          about: engine,
          message: `whether it is effective cannot be told: ${why}`,
          advice: '',
        }
  return [{ check: 'effective', ...found }]
}

const unproven = ({ engine, evidence, proven }: EngineReport): readonly Diagnosis[] =>
  evidence !== undefined || proven !== undefined
    ? []
    : [
        {
          check: 'proven',
          level: 'note',
          about: engine,
          message: 'no decision about one of its containers is in the log yet',
          advice: clients.has(engine) ? 'lintel doctor --prove' : 'start a container',
        },
      ]

const clients = new Set(['docker', 'podman'])

const failedProof = (engine: string, message: string): Diagnosis => ({
  check: 'proven',
  level: clients.has(engine) ? 'problem' : 'note',
  about: engine,
  message: `could not be proven: ${message}`,
  advice: clients.has(engine) ? `lintel install ${engine}; what the engine calls instead is told above` : '',
})
