/** Forbids clocks that run apart from the host's. */
import type { PatchOperation } from '../../core/patch.ts'
import { defineRule } from '../../core/rule.ts'

export const timeOffsets = defineRule({
  id: 'time-offsets',
  title: 'Ensure that the clocks of the container are those of the host',
  severity: 'low',
  category: 'namespaces',
  references: [
    { url: 'https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#time-offset' },
    { url: 'https://man7.org/linux/man-pages/man7/time_namespaces.7.html' },
  ],
  rationale:
    "Shifted clocks make logs disagree with the host's and outwait timeouts and limits that programs measure by them.",
  // A restored container needs its offsets: its clocks go on where they stopped.
  appliesTo: ['create', 'run'],
  parameters: {},
  messages: {
    shifted: {
      what: 'the clocks of the container would be shifted ({actual})',
      why: "Its logs disagree with the host's, and what is measured in time since the start lies.",
      remedy: { default: 'remove linux.timeOffsets' },
    },
  },
  check: ({ config }) => {
    const shifted = Object.entries(config?.linux?.timeOffsets ?? {}).filter(
      ([, { secs = 0, nanosecs = 0 }]) => secs !== 0 || nanosecs !== 0,
    )
    if (shifted.length === 0) return []
    const clocks = shifted.map(([clock, { secs = 0 }]) => `${clock.slice(0, 16)} by ${secs} s`)
    return [
      {
        message: 'shifted',
        pointer: '/linux/timeOffsets',
        actual: clocks.join(', '),
        expected: 'no offsets',
      },
    ]
  },
  fix: (observations) => observations.map(({ pointer: path }): PatchOperation => ({ op: 'remove', path })),
  examples: {
    good: [
      { name: 'a time namespace without offsets', config: { linux: { namespaces: [{ type: 'time' }] } } },
      {
        name: 'offsets of nothing',
        config: { linux: { timeOffsets: { boottime: { secs: 0, nanosecs: 0 } } } },
      },
      {
        name: 'a restored container goes on with its clocks',
        operation: 'restore',
        config: { linux: { timeOffsets: { monotonic: { secs: 86400 } } } },
      },
    ],
    bad: [
      {
        name: 'a clock that is a day ahead',
        config: { linux: { timeOffsets: { monotonic: { secs: 86400, nanosecs: 0 }, boottime: {} } } },
        message: 'shifted',
      },
      {
        name: 'a part of a second behind',
        config: { linux: { timeOffsets: { boottime: { nanosecs: -5 } } } },
        message: 'shifted',
      },
    ],
  },
})
