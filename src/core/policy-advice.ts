/** What an administrator should hear of a policy that serves: exemptions that run out, and parts without effect. */
import type { Exemption, Override, OverrideSelector, Policy } from './policy.ts'

/** `warning`: something to do. `note`: something to know. */
export interface Advice {
  readonly level: 'warning' | 'note'
  readonly kind: 'expired' | 'expiring' | 'unused' | 'off' | 'unmatched' | 'ineffective'
  /** Which part of the policy is meant, e.g. `exemption 2 (readonly-rootfs; shop-team)`. */
  readonly about: string
  readonly message: string
}

/** Days before its end from which an exemption is reported. */
export const noticeDays = 30

/** Everything that can be told from the policy alone. `today` and `soon` are days, `YYYY-MM-DD`, UTC. */
export const policyAdvice = (
  policy: Policy,
  { today, soon }: { readonly today: string; readonly soon: string },
): readonly Advice[] => [
  ...policy.exemptions.flatMap((exemption, index) => {
    const about = exemptionName(exemption, index)
    return [
      ...expiry(exemption, { about, today, soon }),
      ...idleRules(policy, exemption, about),
      ...unmatched(exemption.where, about),
    ]
  }),
  ...siteOverrides(policy).flatMap((override, index) => {
    const about = `override ${index + 1} (${Object.keys(override.rules).join(', ')})`
    return [...idleChanges(policy, override, about), ...unmatched(override.where, about)]
  }),
]

/** How messages call an exemption: its place in the files, its rules and its owner. */
export const exemptionName = ({ rules, owner }: Exemption, index: number): string =>
  `exemption ${index + 1} (${rules.join(', ')}; ${owner})`

/** The overrides the site has written; that of pause containers it has not. */
const siteOverrides = ({ overrides }: Policy): readonly Override[] =>
  overrides.filter(({ builtIn }) => builtIn !== true)

const expiry = (
  { expires }: Exemption,
  { about, today, soon }: { readonly about: string; readonly today: string; readonly soon: string },
): readonly Advice[] => {
  if (expires < today)
    return [{ level: 'warning', kind: 'expired', about, message: `ended on ${expires} and no longer counts` }]
  if (expires <= soon) return [{ level: 'warning', kind: 'expiring', about, message: `ends on ${expires}` }]
  return []
}

const idleRules = (policy: Policy, exemption: Exemption, about: string): readonly Advice[] => {
  const idle = exemption.rules.filter((id) => !mayBeOn(policy, id))
  if (idle.length === 0) return []
  return [{ level: 'warning', kind: 'off', about, message: `exempts from ${idle.join(', ')}, which is off` }]
}

const mayBeOn = (policy: Policy, id: string): boolean =>
  (policy.rules[id]?.action ?? 'off') !== 'off' ||
  policy.overrides.some(({ rules }) => (rules[id]?.action ?? 'off') !== 'off')

const idleChanges = (policy: Policy, { rules }: Override, about: string): readonly Advice[] =>
  Object.entries(rules).flatMap(([id, { action, parameters }]): readonly Advice[] => {
    if (Object.keys(parameters).length > 0 && action === undefined && !mayBeOn(policy, id)) {
      const message = `sets parameters of ${id}, which is off; give it an action`
      return [{ level: 'warning', kind: 'off', about, message }]
    }
    if (Object.keys(parameters).length > 0 || (action !== undefined && !isSet(policy, id, action))) return []
    return [{ level: 'warning', kind: 'ineffective', about, message: `leaves ${id} as it is anyway` }]
  })

/** True when the rule has this action for everyone already. */
const isSet = (policy: Policy, id: string, action: string): boolean =>
  (policy.rules[id]?.action ?? 'off') === action &&
  siteOverrides(policy).every(({ rules }) => (rules[id]?.action ?? action) === action)

/** Why no container can ever be meant: facts that an engine never tells (src/engines). */
const unmatched = (where: OverrideSelector, about: string): readonly Advice[] => {
  const reasons = [
    ...impossible(where),
    ...(where.name?.startsWith('/') === true ? ['names are matched without the leading slash'] : []),
    ...Object.entries(where).flatMap(([member, pattern]) =>
      typeof pattern === 'string' && /\s/.test(pattern) ? [`no ${member} has a space in it`] : [],
    ),
  ]
  return reasons.map((reason) => ({
    level: 'warning',
    kind: 'unmatched',
    about,
    message: `can never match: ${reason}`,
  }))
}

const impossible = ({ engine, image, name, namespace, sandbox }: OverrideSelector): readonly string[] => {
  if (engine === undefined) return []
  const pods = engine === 'containerd' || engine === 'crio'
  if (!pods && namespace !== undefined) return [`${engine} has no namespaces`]
  if (!pods && sandbox !== undefined) return [`${engine} has no pause containers`]
  if (engine === 'buildkit' && (image !== undefined || name !== undefined))
    return ['a build step has neither name nor image']
  return []
}
