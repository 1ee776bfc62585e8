/** Requires that no two containers on a host have the same SELinux categories. */
import type { LevelClaim } from '../../core/facts.ts'
import { selinuxProbe, selinuxState } from '../../core/lsm.ts'
import { defineRule, type RuleInput } from '../../core/rule.ts'
import { knownLabel, processLabelOf } from '../../selinux/label.ts'
import { categoryCount, formatLevel } from '../../selinux/range.ts'
import { ownCategoriesBad, ownCategoriesGood } from '../support/selinux-own-categories-examples.ts'

export const selinuxOwnCategories = defineRule({
  id: 'selinux-own-categories',
  title: 'Ensure that no other container has the SELinux categories of this one',
  severity: 'medium',
  category: 'lsm',
  references: [
    { url: 'https://github.com/SELinuxProject/selinux-notebook/blob/main/src/mls_mcs.md' },
    { url: 'https://github.com/containers/container-selinux' },
  ],
  rationale:
    'SELinux tells containers of one type apart by their categories alone. Two with the same read and write each other’s files and may signal each other; one with more than another’s reaches that one’s. Engines draw a pair at random, and take whatever label=level: says. What lintel admitted is written down in /run/lintel, so a container from before the rule was on is not seen, nor one whose runtime is not called through lintel. A label without categories has none to share (selinux-label asks for them); a host without SELinux is asked for nothing, whatever else confines there. Podman’s pods share one level and nothing a user cannot forge tells which pod is meant: they need an exemption.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {
    'share-with-requester': {
      type: 'boolean',
      description:
        'Whether containers for one proven user may have the same: for sites where categories stand for users or projects.',
      default: false,
    },
  },
  messages: {
    shared: {
      what: 'the SELinux level {actual} is that of another container that runs, or one of the two holds all categories of the other',
      why: 'Nothing would keep one from the files of the other.',
      remedy: {
        docker: 'remove --security-opt label=level:, or choose categories that no container has',
        podman: 'remove --security-opt label=level:, or choose categories that no container has',
        kubernetes:
          'remove securityContext.seLinuxOptions.level; containers of one pod have one level anyway',
        ctr: 'choose other categories in --selinux-label',
        default: 'give process.selinuxLabel and linux.mountLabel categories that no container has',
      },
    },
    unknown: {
      what: 'whether another container has the SELinux level {actual} is not known',
      why: 'Only root of the host sees every container.',
      remedy: { default: 'judge it on the host it is to run on, as root' },
    },
  },
  probes: (input) => {
    const level = levelOf(input)
    return level === undefined ? [] : [selinuxProbe, { path: level, kind: 'level' }]
  },
  check: (input, parameters) => {
    const level = levelOf(input)
    if (level === undefined || selinuxState(input.facts) === 'off') return []
    const where = { pointer: '/process/selinuxLabel', actual: level, expected: 'categories of its own' }
    const holders = input.facts.levels[level]
    if (holders === undefined) return [{ message: 'unknown', ...where, unknown: true }]
    const mayShare = sharer(input, parameters['share-with-requester'])
    return holders.every(mayShare) ? [] : [{ message: 'shared', ...where }]
  },
  examples: { good: ownCategoriesGood, bad: ownCategoriesBad },
})

/** The level that counts where categories are compared, the higher one; undefined where it has no category. */
const levelOf = (input: RuleInput): string | undefined => {
  const label = knownLabel(processLabelOf(input), input.facts)
  const high = label.ok ? label.value.range?.high : undefined
  return high === undefined || categoryCount(high) === 0 ? undefined : formatLevel(high)
}

/** Containers of one pod are one by design (Kubernetes, Pod securityContext). */
const sharer =
  ({ identity, requester }: RuleInput, withRequester: boolean) =>
  ({ pod, requester: user }: LevelClaim): boolean => {
    const samePod = identity.proven && pod !== '' && pod === identity.sandboxId
    return samePod || (withRequester && user !== '' && user === requester?.user)
  }
