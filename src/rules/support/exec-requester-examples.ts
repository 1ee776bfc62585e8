/** Examples of the rule about who asks for a command in a container. */
import { known } from '../../core/engine-context.ts'
import type { BadExample, Example } from '../../core/rule.ts'
import { nobody, proven } from './requester-examples.ts'

const absent = nobody(
  'absent',
  'the command brings no token (LINTEL_TOKEN), and the engine calls as root, for everybody',
)

const ofDocker = { engine: 'docker', proven: true } as const

const byDockerd = (command: readonly string[], args: readonly string[]): Omit<Example, 'name'> => ({
  operation: 'exec',
  requester: absent,
  identity: ofDocker,
  engine: { healthCheck: known(command) },
  process: { args },
})

export const execRequesterGood: readonly Example[] = [
  { name: 'a token proves who asks', operation: 'exec', requester: proven('alice', 's0') },
  {
    name: 'a user of the host calls',
    operation: 'exec',
    requester: { ...proven('alice', 's0'), proof: 'caller' },
  },
  { name: 'the health check of the container', ...byDockerd(['CMD', '/check'], ['/check']) },
  {
    name: 'the health check of the container, by a shell',
    ...byDockerd(['CMD-SHELL', 'curl -f localhost'], ['/bin/sh', '-c', 'curl -f localhost']),
  },
]

export const execRequesterBad: readonly BadExample<'unproven' | 'unconfigured'>[] = [
  { name: 'no token', operation: 'exec', message: 'unproven', requester: absent },
  { name: 'a token of create', operation: 'exec', message: 'unproven', requester: nobody('other-container') },
  {
    name: 'more than the health check',
    message: 'unproven',
    ...byDockerd(['CMD', '/check'], ['/check', '-v']),
  },
  {
    name: 'a health check of no words',
    message: 'unproven',
    ...byDockerd(['CMD'], []),
  },
  {
    name: 'another command by the shell of the health check',
    message: 'unproven',
    ...byDockerd(['CMD-SHELL', 'true'], ['/bin/sh', '-c', 'id']),
  },
  {
    name: 'the command of the health check, by another program',
    message: 'unproven',
    ...byDockerd(['CMD-SHELL', 'id'], ['/bin/su', '-c', 'id']),
  },
  {
    name: 'a shell where the health check is switched off',
    message: 'unproven',
    ...byDockerd(['NONE', 'id'], ['/bin/sh', '-c', 'id']),
  },
  { name: 'a shell where there is no health check', message: 'unproven', ...byDockerd([], []) },
  {
    name: 'the health check, by another engine',
    message: 'unproven',
    ...byDockerd(['CMD', '/check'], ['/check']),
    identity: { engine: 'podman', proven: true },
  },
  {
    name: 'a policy that asks and does not say how',
    operation: 'exec',
    message: 'unconfigured',
    facts: { onHost: true },
  },
]
