/** The policy: valid, nobody's but root's, in force. */
import { policyAdvice } from '../core/policy-advice.ts'
import { policyProblems } from '../policy/load.ts'
import type { Found } from './diagnosis.ts'
import type { Scene } from './scene.ts'

/** What is wrong with the files, then what the policy that serves leaves open. */
export const policyState = (scene: Scene): readonly Found[] => [
  ...fileProblems(scene),
  ...mode(scene),
  ...breakGlass(scene),
  ...exemptions(scene),
]

const about = 'policy'

const fileProblems = ({ host }: Scene): readonly Found[] =>
  policyProblems(host, undefined, { ownership: true }).map(({ kind, message }) => ({
    level: 'problem',
    about,
    message,
    advice:
      kind === 'insecure'
        ? 'every container is refused until then'
        : 'repair it (lintel policy check); the last good policy serves until then, without one all is refused',
  }))

const mode = ({ policy }: Scene): readonly Found[] =>
  policy.mode === 'enforce'
    ? []
    : [
        {
          level: 'note',
          about,
          message: 'mode warn: findings are recorded, nothing is refused or repaired',
          advice: 'set mode = "enforce" when the log shows what you expect',
        },
      ]

const breakGlass = ({ host }: Scene): readonly Found[] => {
  const found = host.readBreakGlass()
  return found?.running !== true
    ? []
    : [
        {
          level: 'problem',
          about: 'break-glass',
          message: `runs until ${found.until}, begun by ${found.by}: ${found.reason}; nothing is refused or repaired`,
          advice: 'lintel break-glass --end',
        },
      ]
}

const exemptions = ({ policy, now }: Scene): readonly Found[] => {
  const today = new Date(now).toISOString().slice(0, 10)
  return policyAdvice(policy, { today, soon: today })
    .filter(({ kind }) => kind === 'expired')
    .map(({ about: exemption, message }) => ({
      level: 'problem',
      about: exemption,
      message,
      advice: 'renew it with a new date, or take it out',
    }))
}
