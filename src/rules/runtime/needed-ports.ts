/** Forbids publishing ports the site has no use for: all exposed ones at once, and those outside its list. */
import { isListed, shownPort } from '../../core/published-ports.ts'
import { defineRule, type Observation, type RuleInput } from '../../core/rule.ts'
import { untold, untoldMessage } from '../../core/untold.ts'
import { badNeededPorts, goodNeededPorts } from '../support/port-examples.ts'

export const neededPorts = defineRule({
  id: 'needed-ports',
  title: 'Ensure that only needed ports are open on the container',
  severity: 'low',
  category: 'engine',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.8' },
    { benchmark: 'cis-docker-1.7.0', item: '5.9' },
    { benchmark: 'pss-baseline', item: 'hostPorts' },
    { benchmark: 'stig-docker-enterprise-2', item: 'DKER-EE-001990' },
  ],
  rationale:
    'Each open port is a way in. Publishing every port that an image exposes leaves the choice to whoever built the image.',
  appliesTo: ['create', 'run', 'restore'],
  // By default every port may be published one by one: only a list of the site's makes `ports` asked for too.
  context: ['publishesAll'],
  parameters: {
    allow: {
      type: 'array',
      items: { type: 'string' },
      description:
        "The container's ports that may be published: `443/tcp`, `8000-8010` (any protocol) or `*` (any port). Which image needs which is said by overrides.",
      default: ['*'],
    },
    'publish-all': {
      type: 'boolean',
      description: 'Whether all exposed ports may be published at once.',
      default: false,
    },
  },
  messages: {
    all: {
      what: 'every port the image exposes is published',
      why: 'The image decides what is open, now and with its next version.',
      remedy: {
        docker: 'replace -P/--publish-all by -p for each port that is needed',
        podman: 'replace -P/--publish-all by -p for each port that is needed',
        default: 'publish each port that is needed by itself',
      },
    },
    unneeded: {
      what: 'the port {actual} is published and not on the list of needed ones',
      why: 'A port nobody needs is a way in nobody watches.',
      remedy: {
        docker: 'leave out that -p/--publish',
        podman: 'leave out that -p/--publish',
        kubernetes: 'leave out that hostPort',
        default: 'do not publish it',
      },
    },
    untold: untoldMessage('which ports are published'),
  },
  check: ({ engine }, { allow, 'publish-all': publishAll }) => [
    ...(publishAll ? [] : judgeAll(engine)),
    ...(allow.includes('*') ? [] : judgeEach(engine, allow)),
  ],
  examples: { good: goodNeededPorts, bad: badNeededPorts },
})

const judgeAll = ({ publishesAll }: RuleInput['engine']): readonly Observation<'all' | 'untold'>[] => {
  if (publishesAll.status !== 'known') return untold(publishesAll)
  if (!publishesAll.value) return []
  return [{ message: 'all', pointer: '', actual: 'all exposed ports', expected: 'ports by number' }]
}

const judgeEach = (
  { ports }: RuleInput['engine'],
  allow: readonly string[],
): readonly Observation<'unneeded' | 'untold'>[] => {
  if (ports.status !== 'known') return untold(ports)
  return ports.value
    .filter(({ container }) => !isListed(container, allow))
    .map((port) => ({
      message: 'unneeded',
      pointer: '',
      actual: shownPort(port),
      expected: allow.join(', ') || 'no port',
    }))
}
