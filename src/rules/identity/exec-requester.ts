/** Requires that somebody is proven to ask for a command in a container; what happens otherwise is the action. */
import { defineRule, type RuleInput } from '../../core/rule.ts'
import { execRequesterBad, execRequesterGood } from '../support/exec-requester-examples.ts'

export const execRequester = defineRule({
  id: 'exec-requester',
  title: 'Ensure that whoever asks for a command in a container is proven',
  severity: 'high',
  category: 'integrity',
  references: [{ url: 'https://www.rfc-editor.org/rfc/rfc7519' }],
  rationale:
    'Engines do not tell the runtime who wants an exec. A caller that is not root is known to the kernel (rootless Podman, runc by hand); everybody else can bring a token for exec in the environment of the command, which lintel takes out again. The token of create does not count: whoever may look at the container can read it.',
  appliesTo: ['exec'],
  parameters: {},
  messages: {
    unproven: {
      what: 'nobody is proven to ask for this command: {actual}',
      why: 'Whoever reaches the engine would get into the container.',
      remedy: {
        docker: 'add -e LINTEL_TOKEN=TOKEN to docker exec, with a token for exec',
        podman: 'add -e LINTEL_TOKEN=TOKEN to podman exec, with a token for exec',
        kubernetes: 'have the administrator exempt the namespace: kubectl exec and probes bring no token',
        default: 'give the process LINTEL_TOKEN in its environment, by --process',
      },
    },
    unconfigured: {
      what: 'the policy does not say how requesters prove who they are',
      why: 'The rule is on, and nobody could ever pass it.',
      remedy: { default: 'ask the administrator for [identity] in /etc/lintel/policy.toml' },
    },
  },
  check: (input) => {
    const { requester, facts } = input
    if (isHealthCheck(input)) return []
    const base = { pointer: '', expected: 'a proven requester' }
    if (requester === undefined)
      return facts.onHost ? [{ ...base, message: 'unconfigured', actual: 'no [identity]' }] : []
    return requester.problems.map(({ detail }) => ({ ...base, message: 'unproven', actual: detail }))
  },
  examples: { good: execRequesterGood, bad: execRequesterBad },
})

/** dockerd's own checks ask for nothing but what the container was created with (moby daemon/health.go). */
const isHealthCheck = ({ engine, identity, process }: RuleInput): boolean => {
  if (!identity.proven || identity.engine !== 'docker' || engine.healthCheck.status !== 'known') return false
  const [kind, ...command] = engine.healthCheck.value
  const args = process?.args ?? []
  if (kind === 'CMD') return command.length > 0 && sameWords(args, command)
  // The shell is the image's, or /bin/sh -c.
  return (
    kind === 'CMD-SHELL' &&
    sameWords(args.slice(-1), command) &&
    sameWords(args.slice(0, -1), ['/bin/sh', '-c'])
  )
}

const sameWords = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((word, index) => word === other[index])
