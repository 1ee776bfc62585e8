/** Forbids the engine's default bridge, where every container sees every other. */
import { inapplicable, known, unknown } from '../../core/engine-context.ts'
import { defineRule } from '../../core/rule.ts'
import { untold, untoldMessage } from '../../core/untold.ts'

export const defaultBridge = defineRule({
  id: 'default-bridge',
  title: "Ensure that Docker's default bridge 'docker0' is not used",
  severity: 'low',
  category: 'engine',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.29' },
    { benchmark: 'cis-docker-1.7.0', item: '5.30' },
    { url: 'https://docs.docker.com/engine/network/drivers/bridge/' },
  ],
  rationale:
    'Containers without a network of their own all meet on one bridge that filters nothing between them: each can reach, and by ARP spoofing listen to, all the others.',
  appliesTo: ['create', 'run', 'restore'],
  context: ['networks'],
  parameters: {},
  messages: {
    shared: {
      what: 'the container would be on the default bridge',
      why: 'It meets every container that was given no network there.',
      remedy: {
        docker: 'add --network with a network of its own (docker network create)',
        default: 'attach it to a network of its own',
      },
    },
    untold: untoldMessage('which networks the container is on'),
  },
  check: ({ engine: { networks } }) => {
    if (networks.status !== 'known') return untold(networks)
    if (!networks.value.includes('bridge')) return []
    return [{ message: 'shared', pointer: '', actual: 'bridge', expected: 'a network of its own' }]
  },
  examples: {
    good: [
      { name: 'a network of its own' },
      { name: 'no network', engine: { networks: known(['none']) } },
      { name: "another container's network", engine: { networks: known([`container:${'0a'.repeat(32)}`]) } },
      { name: 'a network whose name only begins alike', engine: { networks: known(['bridge-shop']) } },
      { name: 'a pod', engine: { networks: inapplicable('Docker’s bridge is not there') } },
    ],
    bad: [
      { name: 'no network was chosen', engine: { networks: known(['bridge']) }, message: 'shared' },
      {
        name: 'the bridge besides another network',
        engine: { networks: known(['shop', 'bridge']) },
        message: 'shared',
      },
      {
        name: 'an engine that does not tell',
        engine: { networks: unknown('nerdctl names no networks') },
        message: 'untold',
      },
    ],
  },
})
