/** Lets only those into a container whose clearance dominates its level. */
import { defineRule } from '../../core/rule.ts'
import { parseLabel } from '../../selinux/label.ts'
import { dominates, formatRange } from '../../selinux/range.ts'
import { execClearanceBad, execClearanceGood } from '../support/clearance-examples.ts'

export const execClearance = defineRule({
  id: 'exec-clearance',
  title: 'Ensure that commands in a container are asked for by those cleared for its level only',
  severity: 'critical',
  category: 'process',
  references: [{ url: 'https://github.com/SELinuxProject/selinux-notebook/blob/main/src/mls_mcs.md' }],
  rationale:
    'An exec reads what its container reads, and hands it out over the engine’s connection, where no label follows.',
  appliesTo: ['exec'],
  parameters: {},
  messages: {
    below: {
      what: 'the container’s level is above the clearance of who asks: {actual}; the clearance is {expected}',
      why: 'The command would show what its requester may not see.',
      remedy: { default: 'have somebody who is cleared for the container do it' },
    },
    unlabelled: {
      what: 'the container has no level that could be held against a clearance',
      why: 'What a command in it would show is not known.',
      remedy: { default: 'create the container anew, with a label' },
    },
  },
  check: ({ config, requester }) => {
    // Of an unproven one nothing is known: that is for the rule `exec-requester`.
    if (requester?.user === undefined) return []
    const label = parseLabel(config?.process?.selinuxLabel ?? '')
    const range = label.ok ? label.value.range : undefined
    const { clearance, user } = requester
    const expected = clearance === undefined ? 'none' : formatRange(clearance)
    if (range === undefined) return [{ message: 'unlabelled', pointer: '', actual: 'no level', expected }]
    if (clearance !== undefined && dominates(clearance.high, range.high)) return []
    return [{ message: 'below', pointer: '', actual: `${formatRange(range)} for ${user}`, expected }]
  },
  examples: { good: execClearanceGood, bad: execClearanceBad },
})
