/** Keeps the level of a container within what its requester is cleared for. */
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { parseLabel } from '../../selinux/label.ts'
import { contains, formatRange } from '../../selinux/range.ts'
import { clearanceBad, clearanceGood } from '../support/clearance-examples.ts'

export const clearance = defineRule({
  id: 'clearance',
  title: 'Ensure that a container’s level is within the clearance of whoever asks for it',
  severity: 'critical',
  // After the rules that may still repair the label.
  category: 'process',
  references: [
    { url: 'https://github.com/SELinuxProject/selinux-notebook/blob/main/src/mls_mcs.md' },
    { url: 'https://csrc.nist.gov/pubs/sp/800/53/r5/upd1/final' },
  ],
  rationale:
    'The kernel holds a running container to its level, but whoever starts it chooses the level. Without a check of the chooser’s own clearance anybody who may start containers may read everything.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {},
  messages: {
    beyond: {
      what: 'the level is beyond the clearance of its requester: {actual}; the clearance is {expected}',
      why: 'The container would read what its requester may not see, or write down what they may.',
      remedy: {
        docker: 'choose a level within it: --security-opt label=level:',
        podman: 'choose a level within it: --security-opt label=level:',
        kubernetes: 'choose a level within it in securityContext.seLinuxOptions.level',
        default: 'choose a level within it',
      },
    },
    uncleared: {
      what: '{actual} is cleared for nothing on this host',
      why: 'The policy names neither the user nor a group of theirs, or what it gives to the groups has nothing in common.',
      remedy: { default: 'ask the administrator for an entry in [[clearances]]' },
    },
    unlabelled: {
      what: 'the container has no level that could be held against a clearance: {actual}',
      why: 'Without a label nothing keeps it from what its requester may not see.',
      remedy: {
        docker: 'leave out label=disable and --privileged; dockerd needs "selinux-enabled": true',
        podman: 'leave out label=disable and --privileged',
        default: 'set process.selinuxLabel, with a level',
      },
    },
  },
  check: (input) => {
    const { requester, identity } = input
    // Of an unproven one nothing is known: that is for the rule `requester`.
    if (requester?.user === undefined || identity.sandbox) return []
    const { user } = requester
    if (requester.clearance === undefined)
      return [{ message: 'uncleared', pointer: at, actual: user, expected: 'a clearance' }]
    return judge(input, user, requester.clearance)
  },
  examples: { good: clearanceGood, bad: clearanceBad },
})

const at = '/process/selinuxLabel'

const judge = (
  { process, call }: RuleInput,
  user: string,
  cleared: Parameters<typeof contains>[0],
): readonly Observation<'beyond' | 'unlabelled'>[] => {
  const text = call.lsmProfile.startsWith('selinux:')
    ? call.lsmProfile.slice('selinux:'.length)
    : (process?.selinuxLabel ?? '')
  const label = parseLabel(text)
  const range = label.ok ? label.value.range : undefined
  const expected = formatRange(cleared)
  if (range === undefined) {
    const actual = text === '' ? 'no label' : label.ok ? 'its label has none' : label.error
    return [{ message: 'unlabelled', pointer: at, actual, expected }]
  }
  if (contains(cleared, range)) return []
  return [{ message: 'beyond', pointer: at, actual: `${formatRange(range)} for ${user}`, expected }]
}
