/** The examples of `health-check`: checks, and what only looks like one. */
import { inapplicable, known, unknown } from '../../core/engine-context.ts'
import type { BadExample, Example } from '../../core/rule.ts'

const checked = (...test: readonly string[]): Pick<Example, 'engine'> => ({
  engine: { healthCheck: known(test) },
})

export const goodChecks: readonly Example[] = [
  { name: 'a program', ...checked('CMD', 'pg_isready', '-U', 'postgres') },
  { name: 'a shell command', ...checked('CMD-SHELL', 'curl -f http://localhost/ || exit 1') },
  {
    name: 'one that fails unless',
    ...checked('CMD-SHELL', 'curl -f http://localhost/ && exit 0; exit 1'),
  },
  { name: 'true as a word only', ...checked('CMD', 'grep', '-q', 'true', '/run/ready') },
  { name: 'a pod', engine: { healthCheck: inapplicable('kubelet decides that, from outside') } },
]

export const badChecks: readonly BadExample<'missing' | 'empty' | 'untold'>[] = [
  { name: 'none', ...checked(), message: 'missing' },
  { name: "the image's own is switched off", ...checked('NONE'), message: 'missing' },
  { name: 'a kind that dockerd does not know', ...checked('cmd', 'check'), message: 'missing' },
  { name: 'a program that always succeeds', ...checked('CMD', '/bin/true'), message: 'empty' },
  { name: 'no program', ...checked('CMD'), message: 'empty' },
  { name: 'exit 0', ...checked('CMD-SHELL', 'exit 0'), message: 'empty' },
  { name: 'nothing to do', ...checked('CMD-SHELL', ':'), message: 'empty' },
  { name: 'an empty text', ...checked('CMD-SHELL', ''), message: 'empty' },
  {
    name: 'a check whose failure is thrown away',
    ...checked('CMD-SHELL', 'curl -f http://localhost/ || true'),
    message: 'empty',
  },
  {
    name: 'a check followed by something that succeeds',
    ...checked('CMD-SHELL', 'curl -f http://localhost/; exit 0'),
    message: 'empty',
  },
  { name: 'a shell as the program', ...checked('CMD', 'sh', '-c', 'true'), message: 'empty' },
  {
    name: 'an engine that keeps it to itself',
    engine: { healthCheck: unknown('Podman keeps it in its database') },
    message: 'untold',
  },
]
