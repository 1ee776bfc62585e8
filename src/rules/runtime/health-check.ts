/** Requires a health check that can fail. */
import { cannotFail, textCannotFail } from '../../core/health-command.ts'
import { defineRule } from '../../core/rule.ts'
import { untold, untoldMessage } from '../../core/untold.ts'
import { badChecks, goodChecks } from '../support/health-check-examples.ts'

export const healthCheck = defineRule({
  id: 'health-check',
  title: 'Ensure that container health is checked at runtime',
  severity: 'low',
  category: 'engine',
  references: [
    { benchmark: 'cis-docker-1.13.0', item: '5.26' },
    { benchmark: 'cis-docker-1.7.0', item: '5.27' },
    { url: 'https://docs.docker.com/reference/dockerfile/#healthcheck' },
  ],
  rationale:
    'A process that runs may have stopped to serve. Without a check nobody is told, and nothing replaces it.',
  appliesTo: ['create', 'run', 'restore'],
  context: ['healthCheck'],
  parameters: {},
  messages: {
    missing: {
      what: 'the container has no health check ({actual})',
      why: 'When it stops to serve while it runs, nobody is told.',
      remedy: {
        docker: 'add --health-cmd, or a HEALTHCHECK to the image',
        podman: 'add --health-cmd, or a HEALTHCHECK to the image',
        default: 'give the container a health check',
      },
    },
    empty: {
      what: 'the health check of the container cannot fail',
      why: 'It reports a healthy container whatever happens.',
      remedy: {
        docker: 'make --health-cmd ask the service itself, without || true or exit 0 at the end',
        podman: 'make --health-cmd ask the service itself, without || true or exit 0 at the end',
        default: 'make the health check ask the service itself',
      },
    },
    untold: untoldMessage('whether the container has a health check'),
  },
  check: ({ engine: { healthCheck: fact } }) => {
    if (fact.status !== 'known') return untold(fact)
    const [kind = '', ...command] = fact.value
    const at = { pointer: '', expected: 'a check that can fail' }
    // Anything else is no check to dockerd either (moby daemon/health.go, getProbe).
    if (kind !== 'CMD' && kind !== 'CMD-SHELL') {
      return [{ message: 'missing', actual: kind === 'NONE' ? 'switched off' : 'none', ...at }]
    }
    const idle = kind === 'CMD' ? cannotFail(command) : textCannotFail(command[0] ?? '')
    // Not what it is: a check's command line may hold a password.
    return idle ? [{ message: 'empty', actual: 'always healthy', ...at }] : []
  },
  examples: { good: goodChecks, bad: badChecks },
})
