/** Proposals as the text of a policy file that is not valid until somebody signs it. */
import { unknownIdentity } from '../core/identity.ts'
import { type Policy, policyFor, type Selector } from '../core/policy.ts'
import { adjusted } from './alternatives.ts'
import type { Proposal, Proposals } from './proposal.ts'
import type { Seen, SeenRule } from './seen.ts'
import { comment, tomlString, tomlValue } from './toml-text.ts'

/** What the text says of where it comes from. */
export interface Origin {
  readonly logs: readonly string[]
  /** RFC 3339. */
  readonly now: string
  /** Last day proposed for every exemption, YYYY-MM-DD. */
  readonly expires: string
  readonly policy: Policy
}

/** The lines of the file. */
export const proposedPolicy = (seen: Seen, proposals: Proposals, origin: Origin): readonly string[] => [
  ...headOf(seen, proposals, origin),
  '',
  'version = 1',
  ...proposals.proposals.flatMap((each) => ['', ...exemption(each, origin)]),
  ...proposals.untold.flatMap(({ where, rules }) => [
    '',
    comment(
      `${whose(where)}: no exemption can be told apart from other containers; give it a name or an image`,
    ),
    ...rules.flatMap(seenLines),
  ]),
]

const headOf = (seen: Seen, { proposals }: Proposals, { logs, now }: Origin): readonly string[] => {
  const { decisions, refused, unproven, forged, failed, settled, repaired } = seen
  const left = [
    [unproven, 'of callers that no engine is proven for: exemptions never cover those'],
    [forged, 'with forged annotations: nothing is proposed for those'],
    [failed, 'where nothing was judged; lintel log show tells why'],
  ] as const
  const fixed = [...repaired].map(([rule, count]) => `${rule} (${count})`).join(', ')
  return [
    `Proposed by lintel log suggest at ${now} from ${logs.join(', ')}: ${decisions} decisions, ${refused} of them refused, or they would have been.`,
    ...left.flatMap(([count, words]) => (count === 0 ? [] : [`Left out: ${count} ${words}.`])),
    ...(settled === 0 ? [] : [`Left out: ${settled} findings that the policy in force lets pass by now.`]),
    ...(fixed === '' ? [] : [`Repaired, or will be in mode enforce, so not exempted: ${fixed}.`]),
    ...(proposals.length === 0
      ? ['There is nothing to exempt.']
      : [
          'Not valid as it stands: every exemption lacks its reason and its owner. Take out what should stay refused, write',
          'both for what may pass, put the file into /etc/lintel/policy.d and run: lintel policy check',
        ]),
  ].map(comment)
}

const exemption = ({ where, rules, cautions }: Proposal, origin: Origin): readonly string[] => [
  comment(whose(where)),
  ...rules.flatMap(seenLines),
  ...cautions.map((caution) => comment(`  DANGEROUS ${caution}`)),
  ...rules.flatMap((rule) => alternative(rule, where, origin.policy)),
  '[[exemptions]]',
  `rules   = ${tomlValue(rules.map(({ rule }) => rule))}`,
  `where   = ${inlineTable(where)}`,
  'reason  = ""  # why',
  'owner   = ""  # who answers for it',
  `expires = ${origin.expires}`,
]

const whose = ({ engine, image, name, namespace }: Selector): string =>
  [engine, namespace, name, image].filter((part) => part !== undefined).join(' ')

const seenLines = ({ rule, count, first, last, messages }: SeenRule): readonly string[] => {
  const span =
    first.slice(0, 10) === last.slice(0, 10)
      ? `on ${first.slice(0, 10)}`
      : `from ${first.slice(0, 10)} to ${last.slice(0, 10)}`
  const times = count === 1 ? 'once' : `${count} times`
  return [
    comment(`  ${rule}, ${times} ${span}:`),
    ...[...messages].map((message) => comment(`    ${message}`)),
  ]
}

const alternative = ({ rule, actuals }: SeenRule, where: Selector, policy: Policy): readonly string[] => {
  const { engine, image, name, namespace } = where
  const identity = { ...unknownIdentity, proven: true, engine: engine ?? 'none', image, name, namespace }
  const setting = policyFor(policy, identity).rules[rule]
  const change = setting === undefined ? undefined : adjusted(rule, actuals, setting.parameters)
  if (change === undefined) return []
  const lines = [
    `  Instead of the exemption from ${rule}, its setting for these alone:`,
    '    [[overrides]]',
    `    where = ${inlineTable(where)}`,
    `    [overrides.rules.${rule}]`,
    `    ${change.parameter} = ${tomlValue(change.value)}`,
  ]
  return lines.map(comment)
}

const inlineTable = (where: Selector): string =>
  `{ ${Object.entries(where)
    .map(([member, value]) => `${member} = ${tomlString(value)}`)
    .join(', ')} }`
